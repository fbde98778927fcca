import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Returns the `PATH` without a project's own programs, which npm puts first. Its Node is the one that users start the
 * registry with, and may be older than the one that runs npm scripts.
 */
export function systemPath(): string {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
    .join(delimiter);
}

/** Returns the path of that Node; if there is none, of the one that runs this test. */
export function systemNode(): string {
  const candidates = systemPath()
    .split(delimiter)
    .map((folder) => join(folder, 'node'));
  return candidates.find(isExecutable) ?? process.execPath;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
