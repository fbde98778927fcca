import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FINDINGS_FOLDER = join(tmpdir(), 'rollcall-findings');

/** Keeps what a run by command has found, with all that led to it. Returns the path of the file. */
export function keepFinding(proof: string, seed: number, text: string, folder = FINDINGS_FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${proof}-${seed}.txt`);
  writeFileSync(path, `${text.trimEnd()}\n`);
  return path;
}
