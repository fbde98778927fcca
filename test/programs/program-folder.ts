import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedProgram } from './packed-program';
import { systemNode } from './system-node';

/** The program as a user has installed it. */
export interface InstalledProgram {
  /** Path of `rollcall.js`, for Node. */
  program: string;
  /** A folder for `PATH` that contains `rollcall`. */
  bin: string;
}

/** Installs the program in a folder. */
export async function installProgram(folder: string, node = systemNode()): Promise<InstalledProgram> {
  // Packed, because a checkout would bundle the program again for each command.
  const packed = join(folder, 'packed');
  const bin = join(folder, 'bin');
  for (const path of [packed, bin]) mkdirSync(path);
  const program = await packedProgram(packed, (worker) => worker);
  writeFileSync(join(bin, 'rollcall'), `#!/bin/sh\nexec '${node}' '${program}' "$@"\n`, { mode: 0o755 });
  return { program, bin };
}
