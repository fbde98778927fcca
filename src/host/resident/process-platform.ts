import { createHash, randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers';
import type { Platform } from '../../core/platform/platform';
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
  return {
    clock,
    monotonic: { now: () => performance.now() },
    random: {
      fraction: () => Math.random(),
      id: () => randomBytes(16).toString('base64url'), // 128 bits
    },
    flushesAside: true,
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
    digest: async (secret) => createHash('sha256').update(secret).digest('hex'),
    log: (level, message, facts) => {
      if (isLogged(level, threshold)) writeLine(logLine(clock.now(), level, message, facts));
    },
  };
}
