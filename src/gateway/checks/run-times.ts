/** Width of a slot. Consul's shortest interval is ten times as long. */
const SLOT_MS = 100;

/**
 * Orders items by the time at which they are due, in slots of a tenth of a second. One timer takes all that are due, so that
 * a thousand checks need no thousand timers.
 */
export class CheckWheel<Item> {
  readonly #slots = new Map<number, Set<Item>>();
  readonly #slotOf = new Map<Item, number>();
  /** The first slot that may have items. */
  #first = Number.POSITIVE_INFINITY;

  /** Sets the time of an item, which replaces an earlier one. */
  set(item: Item, dueAt: number): void {
    this.delete(item);
    const number = Math.ceil(dueAt / SLOT_MS);
    const slot = this.#slots.get(number) ?? new Set();
    slot.add(item);
    this.#slots.set(number, slot);
    this.#slotOf.set(item, number);
    this.#first = Math.min(this.#first, number);
  }

  delete(item: Item): void {
    const number = this.#slotOf.get(item);
    if (number === undefined) return;
    this.#slotOf.delete(item);
    const slot = this.#slots.get(number);
    slot?.delete(item);
    if (slot?.size === 0) this.#slots.delete(number);
  }

  /** Removes and returns all items that are due. */
  take(now: number): Item[] {
    const last = Math.floor(now / SLOT_MS);
    if (this.#first > last) return [];
    // After a gap there may be many slots between the first and the last, but no more slots with items than items.
    const due = [...this.#slots.keys()].filter((number) => number <= last).sort((one, other) => one - other);
    const items = due.flatMap((number) => [...(this.#slots.get(number) ?? [])]);
    for (const item of items) this.delete(item);
    this.#first = this.#slots.size === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#slots.keys());
    return items;
  }
}

/** Time between two passes above which the process did not run in between: it was frozen, or its machine slept. */
const GAP_MS = 1_000;

/** Clocks of a process, in milliseconds. */
export interface Clocks {
  /** Never goes back. */
  monotonic(): number;
  wall(): number;
}

export const PROCESS_CLOCKS: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() };

/**
 * Detects gaps in the attention of this process. What began before a gap may have failed only because of it: an answer that
 * was not read in time looks like one that was not sent.
 */
export class Gaps {
  readonly #clocks: Clocks;
  #monotonic: number;
  #wall: number;
  #count = 0;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#monotonic = clocks.monotonic();
    this.#wall = clocks.wall();
  }

  /** Number of gaps so far. */
  get count(): number {
    return this.#count;
  }

  /** Notes that the process runs. Called by a timer, and before anything is concluded from an answer or its absence. */
  pass(): void {
    const [monotonic, wall] = [this.#clocks.monotonic(), this.#clocks.wall()];
    // Some systems stop the monotonic clock while they sleep.
    const isGap = monotonic - this.#monotonic >= GAP_MS || wall - this.#wall >= GAP_MS;
    this.#monotonic = monotonic;
    this.#wall = wall;
    if (isGap) this.#count += 1;
  }
}
