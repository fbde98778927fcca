import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { CLIENT_PACKAGES } from '../docs/js-guide';
import { PROJECT_ROOT } from '../house/source-tree';
import { COMPATIBILITY_DATE } from '../workerd/workerd-config';
import { startPlainWorkerd } from './plain-workerd';
import type { RunningRegistry } from './registry';
import { temporaryFolder } from './temporary-folder';

/** A Worker that runs on plain workerd. */
export interface BoundWorker {
  /** Sends a request to it. @param cf The platform's properties of the caller. */
  ask(path: string, cf?: object, signal?: AbortSignal): Promise<Response>;
  /** Lines that workerd has printed. */
  printed: string[];
}

/** Extras of a Worker beside its registry. */
interface Extras {
  /** Further text bindings. */
  variables?: Record<string, string>;
  /** Its Durable Object classes; that of `Room` is bound as `ROOMS`. */
  objects?: string[];
}

/**
 * Runs a Worker beside a registry until the test ends, with the bindings `ROLLCALL`, the registry as a service, and
 * `ROLLCALL_TOKEN`.
 *
 * @param entry Path of its module, which imports the client as if the package were installed.
 */
export async function startBoundWorker(
  entry: string,
  registry: Pick<RunningRegistry, 'url' | 'rootToken'>,
  { variables = {}, objects = [] }: Extras = {},
): Promise<BoundWorker> {
  const folder = temporaryFolder();
  const modulePath = join(folder, 'worker.js');
  await build({
    entryPoints: [entry],
    outfile: modulePath,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    external: ['cloudflare:*'],
    logLevel: 'silent',
    alias: Object.fromEntries(Object.entries(CLIENT_PACKAGES).map(([name, path]) => [name, join(PROJECT_ROOT, path)])),
  });
  const texts = Object.entries({ ROLLCALL_TOKEN: registry.rootToken, ...variables });
  const worker = `
    modules = [(name = "worker.js", esModule = embed "${modulePath}")],
    compatibilityDate = "${COMPATIBILITY_DATE}",
    bindings = [
      (name = "ROLLCALL", service = "registry"),
      ${texts.map(([name, text]) => `(name = "${name}", text = "${text}"),`).join(' ')}
      ${objects.map((name) => `(name = "${name.toUpperCase()}S", durableObjectNamespace = "${name}"),`).join(' ')}
    ],
    durableObjectNamespaces = [${objects.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`).join(', ')}],
    durableObjectStorage = (localDisk = "storage"),
  `;
  const http = '(cfBlobHeader = "Cf-Facts")';
  const { workerd, printed } = await startPlainWorkerd({ worker, registry: registry.url, folder, http });
  onTestFinished(async () => {
    workerd.kill('SIGKILL');
    await workerd.ended;
  });
  const ask = (path: string, cf: object = {}, signal: AbortSignal | null = null) =>
    fetch(`http://127.0.0.1:${workerd.port}${path}`, { headers: { 'Cf-Facts': JSON.stringify(cf) }, signal });
  return { ask, printed };
}
