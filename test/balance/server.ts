import type { SeededRandom } from '../simulation/seeded-random';
import type { EventQueue } from './event-queue';

/** Behavior of an instance. */
export interface Character {
  /** Factor by which its calls take longer. */
  slowness: number;
  /** Share of calls that fail. */
  failing: number;
  /** If true, it fails at once, like a process that is gone; if false, after the work, like a process with a bug. */
  refuses: boolean;
}

export const HEALTHY: Character = { slowness: 1, failing: 0, refuses: false };

/** Calls that an instance handles concurrently; others queue. */
const WORKERS = 4;

/** Median duration of a call. The spread of its logarithm makes the slowest in a thousand take five times as long. */
const MEDIAN_MS = 10;
const SPREAD = 0.5;

/** Network round trip. */
const NETWORK_MS = 1;

/** An instance in virtual time: some workers, and a queue. */
export class Server {
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #character: Character;
  readonly #line: (() => void)[] = [];
  #busy = 0;

  constructor(queue: EventQueue, random: SeededRandom, character: Character) {
    this.#queue = queue;
    this.#random = random;
    this.#character = character;
  }

  /** Accepts a call, and answers when its work is done. */
  call(answer: (failed: boolean) => void): void {
    const fails = this.#random.chance(this.#character.failing);
    if (fails && this.#character.refuses) {
      this.#queue.after(NETWORK_MS, () => answer(true));
      return;
    }
    const work = () => {
      this.#busy += 1;
      this.#queue.after(this.#workMs(), () => {
        this.#busy -= 1;
        this.#queue.after(NETWORK_MS, () => answer(fails));
        this.#line.shift()?.();
      });
    };
    if (this.#busy < WORKERS) work();
    else this.#line.push(work);
  }

  /** Returns a log-normal duration, by the Box-Muller method. */
  #workMs(): number {
    const normal =
      Math.sqrt(-2 * Math.log(1 - this.#random.fraction())) * Math.cos(2 * Math.PI * this.#random.fraction());
    return MEDIAN_MS * this.#character.slowness * Math.exp(SPREAD * normal);
  }
}
