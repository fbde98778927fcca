/** A priority queue, highest priority first, as a binary heap. */
export class Heap<Item> {
  readonly #entries: { item: Item; priority: number }[] = [];

  push(item: Item, priority: number): void {
    let at = this.#entries.push({ item, priority }) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#priority(above) >= priority) break;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): Item | undefined {
    this.#swap(0, this.#entries.length - 1);
    const best = this.#entries.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const below = this.#priority(right) > this.#priority(left) ? right : left;
      if (this.#priority(below) <= this.#priority(at)) return best?.item;
      this.#swap(at, below);
      at = below;
    }
  }

  #priority(at: number): number {
    return this.#entries[at]?.priority ?? Number.NEGATIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#entries[a], this.#entries[b]];
    if (first === undefined || second === undefined) return;
    this.#entries[a] = second;
    this.#entries[b] = first;
  }
}
