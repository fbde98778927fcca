import type { Time } from './time';

/** Upper bound of the first pause, unless the registry has sent another. */
const SPREAD_DEFAULT_MS = 1_000;

/** Longest pause between two attempts. */
const PAUSE_MAX_MS = 10_000;

/**
 * Exponential back-off with jitter: a random pause below a bound that doubles with each failure, so that clients that
 * were disconnected together do not reconnect together. Source: "full jitter" in AWS's article on exponential back-off.
 */
export class BackOff {
  /** Upper bound of the first pause; the registry sets it by the number of its clients. */
  spreadMs: number = SPREAD_DEFAULT_MS;
  /** Longest pause, unless the registry has sent a longer one. */
  mostMs: number = PAUSE_MAX_MS;
  readonly #time: Time;
  #failures = 0;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Returns the pause until the next attempt, in milliseconds. */
  next(): number {
    const withinMs = Math.min(this.spreadMs * 2 ** this.#failures, Math.max(this.spreadMs, this.mostMs));
    this.#failures += 1;
    return this.#time.random() * withinMs;
  }

  /** Resets the pause after a success. */
  reset(): void {
    this.#failures = 0;
  }
}

/**
 * Returns a random text that identifies a process and its run. It is not a secret. It is in this file because its
 * callers load this file anyway: its own file would add a chunk to the first load.
 */
export function randomText(time: Time): string {
  const part = () => time.random().toString(36).slice(2, 10);
  return `${part()}${part()}`.padEnd(8, '0');
}
