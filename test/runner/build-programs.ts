import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILT_VARIABLE, builtWorker } from '../programs/built-programs';
import { packedProgram } from '../programs/packed-program';

/**
 * Builds all programs, which contain the console, once for all proofs: they start them hundreds of times, and to bundle
 * one takes longer than to start it.
 */
export async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall built-'));
  await packedProgram(folder, (resident) => resident);
  copyFileSync(await builtWorker(), join(folder, 'dist/worker.js'));
  // Inherited by the processes that run test files.
  process.env[BUILT_VARIABLE] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
