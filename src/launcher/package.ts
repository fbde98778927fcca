import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, found from here: the launcher runs from `src/launcher/` as well as from `dist/`. */
function findRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start, parent = dirname(folder); ; [folder, parent] = [parent, dirname(parent)]) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    // An installation that was removed while it starts would else be looked for at the top for ever.
    if (parent === folder) throw new Error(`there is no package.json in ${start}, nor above it: install it again`);
  }
}

/** Absolute path of the package's folder: a checkout, or what npm installed. */
export const PACKAGE_ROOT = findRoot();

/** The version in package.json. */
export function packageVersion(): string {
  // Our own file: that its version is a string is npm's rule, and `npm pack` refuses it otherwise.
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** Where a package says what it was made from. */
const COMMIT_FILE = join(PACKAGE_ROOT, 'dist', 'commit');

/** The commit that a checkout is at; undefined where there is no git, or this is no checkout. */
export function checkoutCommit(): string | undefined {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return undefined;
  try {
    const options = { cwd: PACKAGE_ROOT, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('git', ['rev-parse', 'HEAD'], options).trim();
  } catch {
    return undefined;
  }
}

/** What runs: as the variable `ROLLCALL_COMMIT` says, a packed package, or the checkout; undefined where nobody knows. */
export function packageCommit(): string | undefined {
  const given = process.env.ROLLCALL_COMMIT;
  if (given !== undefined && given !== '') return given;
  if (existsSync(join(PACKAGE_ROOT, 'src'))) return checkoutCommit();
  return existsSync(COMMIT_FILE) ? readFileSync(COMMIT_FILE, 'utf8').trim() || undefined : undefined;
}
