import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtResident } from './built-programs';

/** Returns a changed text of the resident process's program, such as one with a defect. */
export type Change = (resident: string) => string;

/**
 * Builds the resident process's program with a change, and the files that it loads.
 *
 * @param folder Folder for the files.
 * @returns Path of the program.
 */
export async function changedResident(folder: string, change: Change): Promise<string> {
  const built = await builtResident();
  const path = join(folder, 'resident.js');
  writeFileSync(path, change(readFileSync(built, 'utf8')));
  copyFileSync(join(dirname(built), 'checkpoint-worker.js'), join(folder, 'checkpoint-worker.js'));
  return path;
}

/**
 * Replaces the only occurrence of a text or pattern. `$1` stands for the first group of a pattern.
 *
 * @throws {Error} if there is not exactly one occurrence: the code has changed, and the caller's list must follow.
 */
export function replaceOnce(text: string, place: string | RegExp, instead: string): string {
  const places =
    typeof place === 'string' ? text.split(place).length - 1 : [...text.matchAll(new RegExp(place, 'g'))].length;
  if (places !== 1) throw new Error(`the bundle contains ${place} ${places} times instead of once`);
  return typeof place === 'string' ? text.replace(place, () => instead) : text.replace(place, instead);
}
