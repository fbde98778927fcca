/**
 * Runs a TypeScript program under Node: bundles it with esbuild, then imports the bundle.
 *
 *     node scripts/run-typescript.js bench/main.ts -- --only heartbeat
 *
 * The program sees its arguments in `process.argv.slice(2)`, with or without the `--` before them. Packages stay
 * outside the bundle. Paths are relative to the project's folder, in which npm scripts run.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) {
  console.error('usage: node scripts/run-typescript.js <program.ts> [-- arguments]');
  process.exit(2);
}

// Inside node_modules, so that the bundle finds its packages. Each process writes a separate file.
const folder = resolve('node_modules/.cache/run-typescript');
mkdirSync(folder, { recursive: true });
const bundle = join(folder, `${basename(entry, '.ts')}-${process.pid}.mjs`);
process.on('exit', () => rmSync(bundle, { force: true }));

await build({
  entryPoints: [entry],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});

process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], resolve(entry), ...(rest[0] === '--' ? rest.slice(1) : rest)];
await import(pathToFileURL(bundle).href);
