import { packageVersion } from './package';
import type { ServeOptions } from './serve-options';
import { type RunningRegistry, startRegistry } from './start-registry';

/**
 * `rollcall serve`: runs the registry until a signal stops it.
 *
 * @throws {LaunchError} if it can't be started, or kept running.
 */
export async function serve(options: ServeOptions): Promise<void> {
  // Before the registry answers there is nothing to end well: leaving kills workerd and gives the data folder free.
  let stop: () => void = () => process.exit(0);
  onStopSignal(() => stop());
  const registry = await startRegistry({ ...options, output: (line) => process.stderr.write(`${line}\n`) });
  stop = () => {
    process.stderr.write('Stopping.\n');
    void registry.stop();
  };
  process.stdout.write(`${greeting(packageVersion(), registry, options)}\n`);
  try {
    await registry.ended;
  } finally {
    await registry.stop();
  }
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** Quotes a word for a shell, where it needs that. */
function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What a shell puts the token in place of: the token itself is never shown. */
function tokenExpression(options: ServeOptions): string {
  if (options.rootToken !== undefined) return '$ROLLCALL_ROOT_TOKEN';
  const folder = options.data.endsWith('/') ? options.data : `${options.data}/`;
  return `$(cat ${shellWord(`${folder}root-token`)})`;
}

function whereTokenIs({ tokenPath, tokenMade }: RunningRegistry): string {
  if (tokenPath === null) return 'the one in ROLLCALL_ROOT_TOKEN';
  return tokenMade ? `${tokenPath} (made just now; keep it secret)` : tokenPath;
}

function howManyConnections(limit: number): string {
  return Number.isFinite(limit) ? `at most ${limit} at once, by the descriptor limit` : 'no descriptor limit';
}

/** What `rollcall serve` prints when the registry answers. No secret is in it. */
function greeting(version: string, registry: RunningRegistry, options: ServeOptions): string {
  const lines = [
    `Rollcall ${version} answers on ${registry.url}`,
    '',
    `  data         ${registry.data}`,
    `  root token   ${whereTokenIs(registry)}`,
    `  connections  ${howManyConnections(registry.connectionLimit)}`,
    '',
    'Register an instance:',
    '',
    `  curl -X PUT '${registry.url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/orders-1' \\`,
    `    -H "Authorization: Bearer ${tokenExpression(options)}" -H 'Content-Type: application/json' \\`,
    `    -d '{"address": "10.0.0.7", "port": 8080}'`,
    '',
  ];
  if (!LOOPBACK.test(options.host) && options.tls === undefined) {
    lines.push(
      `Note: ${options.host} can be reached over the network, unencrypted. Put a proxy in front that speaks TLS and`,
      'limits connections.',
      '',
    );
  }
  lines.push('Ctrl-C stops it.');
  return lines.join('\n');
}

/** From a terminal, npm passes on the Ctrl-C that its child got already: two signals this close are one. */
const SAME_SIGNAL_WITHIN_MS = 500;

/** How often to look whether the parent is still there. */
const PARENT_LOOK_MS = 250;

/** Exit code of a process that Ctrl-C ended, by the custom of shells. */
const INTERRUPTED = 130;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `stop` once, on the first stop signal. A second Ctrl-C ends this process at once, and all that ends with it.
 *
 * npm passes a SIGTERM on to the shell that it started us by, and that shell dies of it without a word: under npm,
 * losing the parent is a stop signal too.
 */
function onStopSignal(stop: () => void): void {
  let stoppedAt: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stop();
    } else if (signal === 'SIGINT' && performance.now() - stoppedAt > SAME_SIGNAL_WITHIN_MS) {
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  if (process.env.npm_command === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid !== parent) handle('SIGTERM');
  }, PARENT_LOOK_MS);
  look.unref();
}
