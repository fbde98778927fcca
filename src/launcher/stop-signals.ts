/** From a terminal, npm passes on the Ctrl-C that its child got already: two signals this close are one. */
const SAME_SIGNAL_WITHIN_MS = 500;

/** Exit code of a process that Ctrl-C ended, by the custom of shells. */
const INTERRUPTED = 130;

/**
 * Calls `stop` once, on the first stop signal. A second Ctrl-C ends this process at once.
 *
 * @returns A function to hand in a stop signal that came in another way.
 */
export function onStopSignal(stop: () => void): (signal: NodeJS.Signals) => void {
  let stoppedAt: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stop();
    } else if (signal === 'SIGINT' && performance.now() - stoppedAt > SAME_SIGNAL_WITHIN_MS) {
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  return handle;
}
