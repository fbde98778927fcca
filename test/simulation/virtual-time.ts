import { nextTick } from 'node:process';

/** A scheduled event, which can be cancelled. */
export interface Happening {
  cancel(): void;
}

interface Entry extends Happening {
  at: number;
  order: number;
  work: (() => void) | undefined;
}

/**
 * The time of a simulated world: a queue of events, each at its millisecond, in one fixed order. Nothing waits for real
 * time, and between two events all promises that can settle have settled.
 */
export class VirtualTime {
  readonly #queue: Entry[] = [];
  #now = 0;
  #order = 0;

  /** Milliseconds since the start of the world. */
  get now(): number {
    return this.#now;
  }

  /** Schedules an event after a delay in milliseconds, and after all earlier events of that moment. */
  after(delayMs: number, work: () => void): Happening {
    const entry: Entry = {
      at: this.#now + Math.max(0, Math.round(delayMs)),
      order: this.#order++,
      work,
      cancel: () => {
        entry.work = undefined;
      },
    };
    this.#push(entry);
    return entry;
  }

  /** Runs the events until `end`, or until `stopped` returns true. The time is then `end`, or the moment of the stop. */
  async runUntil(end: number, stopped: () => boolean = () => false): Promise<void> {
    await settle();
    for (let next = this.#queue[0]; next !== undefined && next.at <= end; next = this.#queue[0]) {
      this.#pop();
      if (next.work === undefined) continue;
      this.#now = next.at;
      next.work();
      await settle();
      if (stopped()) return;
    }
    this.#now = end;
  }

  #push(entry: Entry): void {
    const queue = this.#queue;
    let index = queue.length;
    queue.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = queue[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      queue[index] = parent;
      index = parentIndex;
    }
    queue[index] = entry;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = queue[childIndex];
      if (child === undefined) break;
      const right = queue[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        childIndex += 1;
        child = right;
      }
      if (isBefore(last, child)) break;
      queue[index] = child;
      index = childIndex;
    }
    queue[index] = last;
  }
}

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Resolves when every promise that can settle without outside help has: Node runs ticks only after all microtasks. */
export const settle = () => new Promise<void>((resolve) => nextTick(resolve));
