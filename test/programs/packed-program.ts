import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../house/source-tree';
import { builtCommandLine } from './built-programs';
import { type Change, changedResident } from './changed-resident';

/**
 * Lays out the program as in a package, without sources, so that it runs the given built registry.
 *
 * @param folder An empty folder for the package.
 * @param change Changes the text of the resident process's program.
 * @returns Path of `rollcall.js`.
 */
export async function packedProgram(folder: string, change: Change): Promise<string> {
  const commandLine = await builtCommandLine();
  for (const name of ['bin', 'dist']) mkdirSync(join(folder, name));
  for (const path of ['package.json', 'bin/rollcall.js']) copyFileSync(join(PROJECT_ROOT, path), join(folder, path));
  copyFileSync(commandLine, join(folder, 'dist/rollcall.js'));
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(folder, 'node_modules'));
  await changedResident(join(folder, 'dist'), change);
  return join(folder, 'bin/rollcall.js');
}
