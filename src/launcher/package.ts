import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Finds the package's folder above this file, which runs from `src/launcher/` as well as from `dist/`. */
function findRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start, parent = dirname(folder); ; [folder, parent] = [parent, dirname(parent)]) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    // Reached if the installation was removed while it starts.
    if (parent === folder) throw new Error(`there is no package.json in or above ${start}: install the package again`);
  }
}

/** Absolute path of the package's folder: a checkout or an installation. */
export const PACKAGE_ROOT = findRoot();

/** Returns the version in package.json. */
export function packageVersion(): string {
  // `as`: `npm pack` refuses a package whose version is not a string.
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** File with the commit that a package was built from. */
const COMMIT_FILE = join(PACKAGE_ROOT, 'dist', 'commit');

/** Returns the commit of a checkout; undefined if this is not a checkout or git is missing. */
export function checkoutCommit(): string | undefined {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return undefined;
  try {
    const options = { cwd: PACKAGE_ROOT, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('git', ['rev-parse', 'HEAD'], options).trim();
  } catch {
    return undefined;
  }
}

/** Returns the commit of the running code, from `ROLLCALL_COMMIT`, the checkout or the package; undefined if it is unknown. */
export function packageCommit(): string | undefined {
  const given = process.env.ROLLCALL_COMMIT;
  if (given !== undefined && given !== '') return given;
  if (existsSync(join(PACKAGE_ROOT, 'src'))) return checkoutCommit();
  return existsSync(COMMIT_FILE) ? readFileSync(COMMIT_FILE, 'utf8').trim() || undefined : undefined;
}
