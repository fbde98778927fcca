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
export function onStopSignal(stop: () => void): void {
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
