import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedProgram } from './packed-program';
import { systemNode } from './system-node';

/** The program as somebody has it who installed it. */
export interface InstalledProgram {
  /** Path of `rollcall.js`, for Node. */
  program: string;
  /** A folder for the path of a shell, in which there is a `rollcall`. */
  bin: string;
}

/** Installs the program below a folder. */
export async function installProgram(folder: string, node = systemNode()): Promise<InstalledProgram> {
  // As it is installed: a checkout would bundle it anew for each command.
  const packed = join(folder, 'packed');
  const bin = join(folder, 'bin');
  for (const path of [packed, bin]) mkdirSync(path);
  const program = await packedProgram(packed, (worker) => worker);
  writeFileSync(join(bin, 'rollcall'), `#!/bin/sh\nexec '${node}' '${program}' "$@"\n`, { mode: 0o755 });
  return { program, bin };
}
