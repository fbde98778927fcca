/** Levels of log lines: `error` for a fault, `warn` for a refusal or something to check, `info` for the rest. */
export const LOG_LEVELS = ['error', 'warn', 'info'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Log thresholds: lines of that level and of more severe ones are written; with `off`, none. */
export const LOG_THRESHOLDS = ['off', ...LOG_LEVELS] as const;
export type LogThreshold = (typeof LOG_THRESHOLDS)[number];

/** Default threshold. `info` writes a line for each request, which costs a quarter of what a heartbeat costs. */
export const DEFAULT_LOG_THRESHOLD: LogThreshold = 'warn';

/** Parses the name of a threshold. Returns the default for an absent or empty name, undefined for an unknown one. */
export function logThreshold(text: string | null | undefined): LogThreshold | undefined {
  if (text === undefined || text === null || text === '') return DEFAULT_LOG_THRESHOLD;
  return LOG_THRESHOLDS.find((each) => each === text);
}

/** Reports whether lines of a level are written. */
export function isLogged(level: LogLevel, threshold: LogThreshold): boolean {
  return LOG_THRESHOLDS.indexOf(level) <= LOG_THRESHOLDS.indexOf(threshold);
}

/**
 * Formats a log line as a JSON object. Line breaks are escaped, so that no value can forge a line. The caller must not
 * pass a secret in `facts`.
 *
 * @param at Milliseconds since the epoch.
 * @param facts Further members beside time, level and message; undefined ones are omitted.
 */
export function logLine(at: number, level: LogLevel, message: string, facts: Record<string, unknown> = {}): string {
  return JSON.stringify({ time: new Date(at).toISOString(), level, message, ...facts });
}

/**
 * Limits log lines to a number per second and counts the suppressed ones, so that a flood of refused requests can't fill
 * the disk.
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
   * Admits a line if the rate allows it, and returns how many were suppressed since the last admitted one.
   *
   * @param now Milliseconds since the epoch.
   * @returns undefined if the line must not be written.
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
