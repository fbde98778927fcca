/** Signals this close together count as one: on Ctrl-C, npm forwards a signal that its child has already received. */
const SAME_SIGNAL_WITHIN_MS = 500;

/** Exit code that shells use for a process ended by Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Calls `stop` once, on the first stop signal. A second Ctrl-C exits at once.
 *
 * @returns A function that handles a stop signal received in another way.
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
