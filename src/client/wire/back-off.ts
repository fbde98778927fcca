import type { Time } from './time';

/** The first attempt to come back is within this, where the registry has named no other time. */
const SPREAD_DEFAULT_MS = 1_000;

/** The longest pause between two attempts. */
const PAUSE_MAX_MS = 10_000;

/**
 * When to try again: at a random moment within a time that doubles with each failure, so that many who were cut off
 * together do not come back together. Source: "full jitter" in AWS's article on exponential back-off.
 */
export class BackOff {
  /** Come back within this at first; the registry names it by how many would come. */
  spreadMs: number = SPREAD_DEFAULT_MS;
  /** No pause is longer, unless the registry named a longer time. */
  mostMs: number = PAUSE_MAX_MS;
  readonly #time: Time;
  #failures = 0;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    const withinMs = Math.min(this.spreadMs * 2 ** this.#failures, Math.max(this.spreadMs, this.mostMs));
    this.#failures += 1;
    return this.#time.random() * withinMs;
  }

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#failures = 0;
  }
}

/**
 * Returns enough letters to tell one process, and one of its runs, from another. No secret. It is in this file because
 * the parts of the client that are loaded with it are: a file of its own would cost the first load a chunk.
 */
export function randomText(time: Time): string {
  const part = () => time.random().toString(36).slice(2, 10);
  return `${part()}${part()}`.padEnd(8, '0');
}
