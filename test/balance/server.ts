import type { SeededRandom } from '../simulation/seeded-random';
import type { EventQueue } from './event-queue';

/** How an instance behaves. */
export interface Character {
  /** Its calls take so many times as long. */
  slowness: number;
  /** Share of calls that fail. */
  failing: number;
  /** True: it fails at once, as a process that is gone; false: after the work, as one with a bug. */
  refuses: boolean;
}

export const HEALTHY: Character = { slowness: 1, failing: 0, refuses: false };

/** Calls that an instance works on at a time; others wait in line. */
const WORKERS = 4;

/** Median of what a call takes, and the spread of its logarithm: the slowest in a thousand take five times as long. */
const MEDIAN_MS = 10;
const SPREAD = 0.5;

/** The way there and back. */
const NETWORK_MS = 1;

/** An instance in virtual time: some workers, and a line. */
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

  /** Takes a call, and answers in its time. */
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

  /** Log-normal, by the method of Box and Muller. */
  #workMs(): number {
    const normal =
      Math.sqrt(-2 * Math.log(1 - this.#random.fraction())) * Math.cos(2 * Math.PI * this.#random.fraction());
    return MEDIAN_MS * this.#character.slowness * Math.exp(SPREAD * normal);
  }
}
