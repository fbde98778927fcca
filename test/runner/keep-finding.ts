import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FINDINGS_FOLDER = join(tmpdir(), 'rollcall-findings');

/** Saves the failure of a run by command, with its trace. Returns the path of the file. */
export function keepFinding(proof: string, seed: number, text: string, folder = FINDINGS_FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${proof}-${seed}.txt`);
  writeFileSync(path, `${text.trimEnd()}\n`);
  return path;
}
