/**
 * Builds the client into dist/client/: plain ES modules for any runtime, and their types.
 *
 *     npm run build:client
 *
 * Parts that are loaded on demand (registering, event streams, polls) are separate files. Nothing is minified, which is
 * left to the bundler of an application.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/client');
/** Build folder. Its files are moved to the target one by one, so that concurrent readers find all files. */
const folder = `${target}.${process.pid}`;
/** Declarations of the client and of the registry's shared types, which the client's must not name. */
const types = `${folder}.types`;

/** Entry points, as package.json exports them. */
const ENTRIES = ['index.ts', 'admin.ts', 'edge.ts', 'kv.ts', 'locks.ts', 'resolver.ts', 'selectors.ts'];

/** A relative import in a declaration. TypeScript leaves it unchanged, but Node requires the complete file name. */
const RELATIVE = /((?:from|import\()\s*['"]\.\.?\/[^'"]*?)(['"])/g;

buildSync({
  entryPoints: ENTRIES.map((entry) => join(root, 'src/client', entry)),
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
});
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.client.json'), '--outDir', types],
  {
    stdio: 'inherit',
  },
);
cpSync(join(types, 'client'), folder, { recursive: true });
rmSync(types, { recursive: true, force: true });
/** Returns the paths of all files below a folder. */
const filesBelow = (path) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)));

const built = filesBelow(folder);
for (const name of built) {
  const path = join(folder, name);
  if (name.endsWith('.d.ts')) {
    const text = readFileSync(path, 'utf8');
    if (/['"](?:\.\.\/)+model\//.test(text))
      throw new Error(`${name} names a type of src/model, which is not published`);
    writeFileSync(path, text.replace(RELATIVE, '$1.js$2'));
  }
  mkdirSync(dirname(join(target, name)), { recursive: true });
  renameSync(path, join(target, name));
}
for (const name of filesBelow(target)) if (!built.includes(name)) rmSync(join(target, name), { force: true });
rmSync(folder, { recursive: true, force: true });
