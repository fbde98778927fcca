import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, found from here: the launcher runs from `src/launcher/` as well as from `dist/`. */
function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Absolute path of the package's folder: a checkout, or what npm installed. */
export const PACKAGE_ROOT = findRoot();

/** The version in package.json. */
export function packageVersion(): string {
  // Our own file: that its version is a string is npm's rule, and `npm pack` refuses it otherwise.
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
