import { greeting } from './greeting';
import { packageVersion } from './package';
import { parseServeOptions, SERVE_HELP } from './serve-options';
import { startRegistry } from './start-registry';

/** From a terminal, npm passes on the Ctrl-C that its child got already: two signals this close are one. */
const SAME_SIGNAL_WITHIN_MS = 500;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Exit code of a process that Ctrl-C ended, by the custom of shells. */
const INTERRUPTED = 130;

/**
 * Calls `stop` on the first stop signal. A second Ctrl-C ends this process at once, and workerd with it.
 *
 * @returns What takes the handlers away again.
 */
function onStopSignal(stop: () => void): () => void {
  let firstAt: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      stop();
    } else if (signal === 'SIGINT' && performance.now() - firstAt > SAME_SIGNAL_WITHIN_MS) {
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, handle);
  };
}

/**
 * `rollcall serve`: runs the registry until a signal stops it.
 *
 * @throws {LaunchError} if it can't be started, or kept running.
 */
export async function serve(words: string[]): Promise<void> {
  const options = parseServeOptions(words, process.env);
  if (options.help) {
    process.stdout.write(SERVE_HELP);
    return;
  }
  // Before the registry answers there is nothing to end well: leaving kills workerd and gives the data folder free.
  const forgetStart = onStopSignal(() => process.exit(0));
  const registry = await startRegistry({ ...options, output: (line) => process.stderr.write(`${line}\n`) });
  forgetStart();
  const forgetRun = onStopSignal(() => {
    process.stderr.write('Stopping.\n');
    void registry.stop();
  });
  process.stdout.write(`${greeting(packageVersion(), registry, options)}\n`);
  try {
    await registry.ended;
  } finally {
    await registry.stop();
    forgetRun();
  }
}
