/** What a line of the log is about: something broke, somebody was turned away or something needs a look, all else. */
export const LOG_LEVELS = ['error', 'warn', 'info'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Which lines are written: those of this level and of the graver ones; `off`: none. */
export const LOG_THRESHOLDS = ['off', ...LOG_LEVELS] as const;
export type LogThreshold = (typeof LOG_THRESHOLDS)[number];

/** Where nobody says otherwise. A line for each request costs a quarter of what a heartbeat costs. */
export const DEFAULT_LOG_THRESHOLD: LogThreshold = 'warn';

/** The threshold by its name; the default where none is given, undefined where there is no such. */
export function logThreshold(text: string | null | undefined): LogThreshold | undefined {
  if (text === undefined || text === null || text === '') return DEFAULT_LOG_THRESHOLD;
  return LOG_THRESHOLDS.find((each) => each === text);
}

/** Whether lines of a level are written. */
export function isLogged(level: LogLevel, threshold: LogThreshold): boolean {
  return LOG_THRESHOLDS.indexOf(level) <= LOG_THRESHOLDS.indexOf(threshold);
}

/**
 * One line of the log: a JSON object, in which every line break is escaped, so that nothing in it can pass for a line of
 * its own. Whoever calls sees to it that no fact is a secret.
 *
 * @param at Milliseconds since the epoch.
 * @param facts Members beside time, level and message; undefined ones are left out.
 */
export function logLine(at: number, level: LogLevel, message: string, facts: Record<string, unknown> = {}): string {
  return JSON.stringify({ time: new Date(at).toISOString(), level, message, ...facts });
}

/**
 * Lets a number of lines through in each second, and counts the others: strangers who are refused by the thousand must
 * not be able to fill a disk.
 */
export class LogGate {
  readonly #perSecond: number;
  #second = Number.NaN;
  #written = 0;
  #leftOut = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * Whether a line may be written now; then, how many were left out since the last one.
   *
   * @param now Milliseconds since the epoch.
   * @returns undefined where it may not.
   */
  admit(now: number): number | undefined {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written >= this.#perSecond) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
