import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from './package';

/** Bundles a Worker into one ES module, as text, the way wrangler does it for Cloudflare. Also for the bench's Workers. */
export async function bundleWorker(entry: string): Promise<string> {
  // Not imported at the top: an installed package ships its bundle, and never bundles.
  const esbuild = await import('esbuild');
  // The synchronous call leaves no process of esbuild's behind, beside a registry that runs for months.
  const { outputFiles } = esbuild.buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    loader: { '.html': 'text', '.txt': 'text', '.sql': 'text' },
  });
  return outputFiles.map((file) => file.text).join('');
}

/** Replaces a file in one step, so that a workerd that starts meanwhile reads the old one or the new one. */
function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/**
 * The bundled Worker of the registry: made from the sources in a checkout, as it came in an installed package.
 *
 * Bundling takes 50 ms, so a checkout does it at each start and never runs an old one. A bundle that is up to date is
 * not written, which lets a checkout be read-only.
 *
 * @returns Absolute path of the module.
 */
export async function workerBundle(): Promise<string> {
  const source = join(PACKAGE_ROOT, 'src', 'worker.ts');
  const path = join(PACKAGE_ROOT, 'dist', 'worker.js');
  if (!existsSync(source)) return path;
  const text = await bundleWorker(source);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) replaceFile(path, text);
  return path;
}
