import { createHash, randomBytes } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers';
import type { Platform } from '../../core/platform/platform';
import { TURNS_WITHOUT_SOCKETS_MAX_MS } from '../../model/limits';
import { DEFAULT_LOG_THRESHOLD, isLogged, logLine, logThreshold } from '../../model/log';

/** Writes one line of the log. */
export type WriteLine = (line: string) => void;

/** The parts of a platform that everything in the process shares. */
export type ProcessPlatform = Required<
  Pick<Platform, 'clock' | 'monotonic' | 'random' | 'nextTurn' | 'flushesAside' | 'digest' | 'log'>
>;

/**
 * Returns the parts of a platform that everything in the process shares.
 *
 * @param logLevel The lowest level that is written. Default: `warn`.
 */
export function processPlatform(logLevel: string | undefined, writeLine: WriteLine): ProcessPlatform {
  const threshold = logThreshold(logLevel) ?? DEFAULT_LOG_THRESHOLD;
  const clock = { now: () => Date.now() };
  const monotonic = { now: () => performance.now() };
  return {
    clock,
    monotonic,
    random: {
      fraction: () => Math.random(),
      id: () => randomBytes(16).toString('base64url'), // 128 bits
    },
    flushesAside: true,
    nextTurn: turnsOf(monotonic),
    digest: async (secret) => createHash('sha256').update(secret).digest('hex'),
    log: (level, message, facts) => {
      if (isLogged(level, threshold)) writeLine(logLine(clock.now(), level, message, facts));
    },
  };
}

/**
 * Returns a function that waits for a later turn of the event loop, and regularly lets the loop read its sockets.
 *
 * Deno runs consecutive `setImmediate` callbacks without polling sockets, and polls them only before a timer. A timer takes
 * one to two milliseconds, so one is used only if `TURNS_WITHOUT_SOCKETS_MAX_MS` have passed since the last.
 */
function turnsOf(monotonic: Platform['clock']): () => Promise<void> {
  let polledAt = Number.NEGATIVE_INFINITY;
  return () =>
    new Promise((resolve) => {
      if (monotonic.now() - polledAt < TURNS_WITHOUT_SOCKETS_MAX_MS) {
        setImmediate(resolve);
        return;
      }
      setTimeout(() => {
        polledAt = monotonic.now();
        resolve();
      }, 0);
    });
}
