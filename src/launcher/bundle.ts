import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { bundleConsole, consoleModule } from './console-bundle';
import { PACKAGE_ROOT } from './package';

/** Loaders of the text files that the code imports as modules. */
const LOADER = { '.html': 'text', '.txt': 'text', '.sql': 'text' } as const;

// Imported when needed: an installed package ships its bundles, and has no esbuild.
const importEsbuild = () => import('esbuild');

/** Bundles an entry file with all that it imports into one ES module. */
async function bundled(entry: string, options: BuildOptions): Promise<string> {
  const esbuild = await importEsbuild();
  // Programs import it as `#console-files`.
  await builtConsole();
  // The asynchronous call would leave esbuild's own process running beside a registry that runs for months.
  const { outputFiles = [] } = esbuild.buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    // The text names the modules relative to this folder: it must not depend on where a command is run.
    absWorkingDir: PACKAGE_ROOT,
    format: 'esm',
    target: 'es2024',
    loader: LOADER,
    ...options,
  });
  return outputFiles.map((file) => file.text).join('');
}

/** Bundles a Worker as wrangler does it for Cloudflare. Returns its text. */
export function bundleWorker(entry: string): Promise<string> {
  return bundled(entry, {
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
  });
}

/** Bundles a program that runs on Deno and on Node, with all its packages. Returns its text. */
export function bundleResident(entry: string): Promise<string> {
  return bundled(entry, {
    platform: 'node',
    // Packages in CommonJS require modules of Node.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    // ws would look for native packages, which the process has no permission to read, and which we do not ship.
    define: { 'process.env.WS_NO_BUFFER_UTIL': '"true"', 'process.env.WS_NO_UTF_8_VALIDATE': '"true"' },
  });
}

/** Replaces a file atomically, so that a process that starts meanwhile reads either version as a whole. */
function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/**
 * Builds a file from the sources of a checkout. An installed package has no sources and keeps the file it came with.
 *
 * Bundling takes 50 ms, so a checkout does it at each start and never runs an outdated file. If nothing has changed the file
 * is not written, so the checkout may be read-only.
 *
 * @returns Absolute path of the built file.
 */
async function builtFile(name: string, entry: string, bundle: (entry: string) => Promise<string>): Promise<string> {
  const source = join(PACKAGE_ROOT, 'src', entry);
  const path = join(PACKAGE_ROOT, 'dist', name);
  if (!existsSync(source)) return path;
  const text = await bundle(source);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) replaceFile(path, text);
  return path;
}

let consoleBuilding: Promise<string> | undefined;

/** Builds the console, once in a process. Returns the path of the module with its files. */
export function builtConsole(): Promise<string> {
  consoleBuilding ??= builtFile('console-files.js', 'console/main.tsx', async () =>
    consoleModule(bundleConsole(await importEsbuild(), PACKAGE_ROOT)),
  );
  return consoleBuilding;
}

/** Builds the registry's Worker. Returns the path of the file. */
export function workerBundle(): Promise<string> {
  return builtFile('worker.js', 'worker.ts', bundleWorker);
}

/** Builds the program of the resident process, and beside it that of its checkpoint thread. Returns the path of the program. */
export async function residentBundle(): Promise<string> {
  await builtFile('checkpoint-worker.js', 'host/resident/storage/checkpoint-worker.ts', bundleResident);
  return builtFile('resident.js', 'resident.ts', bundleResident);
}
