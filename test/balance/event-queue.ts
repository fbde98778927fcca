interface Event {
  at: number;
  act: () => void;
}

/** Queue of events in virtual time: a binary heap. Events due at the same time run in an arbitrary but fixed order. */
export class EventQueue {
  #now = 0;
  readonly #heap: Event[] = [];

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): void {
    const heap = this.#heap;
    const event = { at: this.#now + ms, act };
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= event.at) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  /** Runs all events due by `end`. */
  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#takeFirst();
      this.#now = next.at;
      next.act();
    }
    this.#now = end;
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = (heap[right]?.at ?? Number.POSITIVE_INFINITY) < (heap[left]?.at ?? 0) ? right : left;
      const below = heap[child];
      if (below === undefined || below.at >= last.at) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}
