import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The Node of this machine, which may be older than the one that npm scripts run on: what people start the registry
 * with. npm puts the folders of a project's own programs first in the path; here they are left out.
 */
export function systemPath(): string {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
    .join(delimiter);
}

/** Path of that Node; the one that runs here where there is no other. */
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
