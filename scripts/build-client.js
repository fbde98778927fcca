/**
 * Builds the client into dist/client/: plain ES modules for any runtime, and their types.
 *
 *     npm run build:client
 *
 * What is loaded on demand (registering, event streams, polls) is a file of its own. Nothing is minified: that is for
 * whoever bundles an application.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'dist/client');

/** Entry points, as package.json exports them. */
const ENTRIES = ['index.ts', 'admin.ts', 'edge.ts', 'resolver.ts', 'selectors.ts'];

/** A relative import in a declaration. TypeScript leaves it as it was written; Node's rules want the file's whole name. */
const RELATIVE = /((?:from|import\()\s*['"]\.\.?\/[^'"]*?)(['"])/g;

rmSync(folder, { recursive: true, force: true });
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
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.client.json')],
  {
    stdio: 'inherit',
  },
);
for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const path = join(folder, name);
  writeFileSync(path, readFileSync(path, 'utf8').replace(RELATIVE, '$1.js$2'));
}
