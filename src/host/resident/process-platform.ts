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
 * Makes the parts of a platform that everything in the process shares.
 *
 * @param logLevel The least grave lines that are written; unset: `warn`.
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
 * Makes what resolves when the event loop has taken in what arrived.
 *
 * Deno runs one `setImmediate` after the other without a look at its sockets: only a timer lets it. A timer takes a
 * millisecond or two, so turns that are short share one.
 */
function turnsOf(monotonic: Platform['clock']): () => Promise<void> {
  let lookedAt = Number.NEGATIVE_INFINITY;
  return () =>
    new Promise((resolve) => {
      if (monotonic.now() - lookedAt < TURNS_WITHOUT_SOCKETS_MAX_MS) {
        setImmediate(resolve);
        return;
      }
      setTimeout(() => {
        lookedAt = monotonic.now();
        resolve();
      }, 0);
    });
}
