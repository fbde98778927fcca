import type { SeededRandom } from './seeded-random';
import type { Happening, VirtualTime } from './virtual-time';

/** Work that waits for a process that is frozen. */
interface Waiting {
  kind: 'inside' | 'message';
  work: () => void;
}

/**
 * Time as a process sees it that may be frozen: by SIGSTOP, a pause of its virtual machine, a garbage collection. Timers
 * and disk writes of its own that end meanwhile, and messages that arrive, wait for the thaw, or get lost.
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

  /** Lets something happen inside of the process after a delay in milliseconds, or at the thaw if that is later. */
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
   * A message has come to the machine.
   *
   * @param lost Called if the process will never see it; absent for what waits in the buffer of a socket, whatever comes.
   */
  arrive(work: () => void, lost?: () => void): void {
    if (this.isFrozen && this.#losesMessages && lost !== undefined) lost();
    else this.#when('message', work);
  }

  /**
   * Freezes the process.
   *
   * @param losesMessages Whether what arrives meanwhile is lost, rather than queued.
   * @param thawed Called as it goes on.
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

  /** The process died: what waited for it comes to nothing. */
  died(): void {
    this.#thaw?.cancel();
    this.#thaw = undefined;
    this.#waiting = [];
  }

  #when(kind: Waiting['kind'], work: () => void): void {
    if (this.isFrozen) this.#waiting.push({ kind, work });
    else work();
  }

  /** Messages keep their order, and so does what happens inside; which of the two comes first is chance. */
  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const first = this.#random.pick<Waiting['kind']>(['inside', 'message']);
    const ordered = [...waiting.filter(({ kind }) => kind === first), ...waiting.filter(({ kind }) => kind !== first)];
    let delayMs = 0;
    for (const { kind, work } of ordered) {
      delayMs += this.#random.chance(0.1) ? 1 : 0;
      // It may be frozen again before all of it has had its turn.
      this.#time.after(delayMs, () => this.#when(kind, work));
    }
  }
}
