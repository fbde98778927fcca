import type { SeededRandom } from './seeded-random';
import type { Happening, VirtualTime } from './virtual-time';

/** Work that waits for a process that is frozen. */
interface Waiting {
  kind: 'inside' | 'message';
  work: () => void;
}

/**
 * Time as seen by a process that may be frozen: by SIGSTOP, a pause of its virtual machine, or a garbage collection. Its
 * timers and disk writes that end meanwhile wait for the thaw, and so do arriving messages, unless they are lost.
 */
export class ProcessTime {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  #waiting: Waiting[] = [];
  #thaw: Happening | undefined;
  #losesMessages = false;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  get now(): number {
    return this.#time.now;
  }

  get isFrozen(): boolean {
    return this.#thaw !== undefined;
  }

  /** Schedules work inside of the process after a delay in milliseconds, or at the thaw if that is later. */
  after(delayMs: number, work: () => void): Happening {
    const happening = { isCancelled: false };
    const once = () => {
      if (!happening.isCancelled) work();
    };
    const planned = this.#time.after(delayMs, () => this.#when('inside', once));
    return {
      cancel: () => {
        happening.isCancelled = true;
        planned.cancel();
      },
    };
  }

  /**
   * A message has reached the machine.
   *
   * @param lost Called if the process will never see it; absent for messages in the buffer of a socket, which are never
   * lost.
   */
  arrive(work: () => void, lost?: () => void): void {
    if (this.isFrozen && this.#losesMessages && lost !== undefined) lost();
    else this.#when('message', work);
  }

  /**
   * Freezes the process.
   *
   * @param losesMessages True to lose arriving messages; false to queue them.
   * @param thawed Called at the thaw.
   */
  freeze(ms: number, losesMessages: boolean, thawed: () => void): void {
    if (this.isFrozen) return;
    this.#losesMessages = losesMessages;
    this.#thaw = this.#time.after(ms, () => {
      this.#thaw = undefined;
      thawed();
      this.#release();
    });
  }

  /** The process died: drops its pending work. */
  died(): void {
    this.#thaw?.cancel();
    this.#thaw = undefined;
    this.#waiting = [];
  }

  #when(kind: Waiting['kind'], work: () => void): void {
    if (this.isFrozen) this.#waiting.push({ kind, work });
    else work();
  }

  /** Runs the pending work. Messages keep their order, and so do internal events; the order between the two is random. */
  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const first = this.#random.pick<Waiting['kind']>(['inside', 'message']);
    const ordered = [...waiting.filter(({ kind }) => kind === first), ...waiting.filter(({ kind }) => kind !== first)];
    let delayMs = 0;
    for (const { kind, work } of ordered) {
      delayMs += this.#random.chance(0.1) ? 1 : 0;
      // It may freeze again before all of this has run.
      this.#time.after(delayMs, () => this.#when(kind, work));
    }
  }
}
