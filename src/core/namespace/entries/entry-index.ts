import type { KeyInterval } from '../../../model/key-interval';

/** Entries of a chunk, from which on it is split. Measured: design/decisions/0041-entries.md. */
const CHUNK_FULL = 256;

/** Anything with a key of one character a byte. */
interface Keyed {
  readonly key: string;
}

/**
 * Entries in the order of their keys: a sorted array, in chunks so that an insertion moves few entries. Chunks are never
 * empty.
 */
export class EntryIndex<Entry extends Keyed> {
  readonly #chunks: Entry[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Entry | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    const entry = chunk?.[firstFrom(chunk, key)];
    return entry?.key === key ? entry : undefined;
  }

  /** Adds an entry, or replaces the one with its key. Returns the replaced one. */
  put(entry: Entry): Entry | undefined {
    const index = this.#chunkOf(entry.key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push([entry]);
      this.#size += 1;
      return undefined;
    }
    const at = firstFrom(chunk, entry.key);
    const before = chunk[at];
    if (before?.key === entry.key) {
      chunk[at] = entry;
      return before;
    }
    chunk.splice(at, 0, entry);
    this.#size += 1;
    if (chunk.length >= CHUNK_FULL) {
      // Keys that arrive in order, as in a wake, leave full chunks behind.
      const isLast = index === this.#chunks.length - 1 && at === chunk.length - 1;
      this.#chunks.splice(index + 1, 0, chunk.splice(isLast ? -1 : chunk.length >> 1));
    }
    return undefined;
  }

  /** Removes the entry of a key, and returns it. */
  remove(key: string): Entry | undefined {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    const at = chunk === undefined ? 0 : firstFrom(chunk, key);
    const entry = chunk?.[at];
    if (chunk === undefined || entry?.key !== key) return undefined;
    chunk.splice(at, 1);
    this.#size -= 1;
    this.#shrink(index, chunk);
    return entry;
  }

  /** Removes the entries of many keys in one pass. Returns them. */
  removeAll(keys: ReadonlySet<string>): Entry[] {
    const removed: Entry[] = [];
    const kept: Entry[] = [];
    for (const chunk of this.#chunks) for (const entry of chunk) (keys.has(entry.key) ? removed : kept).push(entry);
    this.#chunks.length = 0;
    for (let at = 0; at < kept.length; at += CHUNK_FULL - 1) this.#chunks.push(kept.slice(at, at + CHUNK_FULL - 1));
    this.#size = kept.length;
    return removed;
  }

  /** Removes a chunk that is empty, or joins it with the next while both are small. */
  #shrink(index: number, chunk: Entry[]): void {
    const next = this.#chunks[index + 1];
    if (chunk.length === 0) this.#chunks.splice(index, 1);
    else if (next !== undefined && chunk.length + next.length <= CHUNK_FULL / 2) {
      chunk.push(...next);
      this.#chunks.splice(index + 1, 1);
    }
  }

  /** Counts the entries of an interval, without visiting them. */
  count({ from, to }: KeyInterval): number {
    return Math.max(0, this.#placeOf(to) - this.#placeOf(from));
  }

  /** Returns how many entries are before a key; all if it is undefined. */
  #placeOf(key: string | undefined): number {
    if (key === undefined) return this.#size;
    const index = this.#chunkOf(key);
    let place = 0;
    for (let before = 0; before < index; before++) place += this.#chunks[before]?.length ?? 0;
    const chunk = this.#chunks[index];
    return chunk === undefined ? place : place + firstFrom(chunk, key);
  }

  /** Yields the entries of an interval in order. The index must not change meanwhile. */
  *within({ from, to }: KeyInterval): Generator<Entry> {
    for (let index = this.#chunkOf(from); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] ?? [];
      for (let at = firstFrom(chunk, from); at < chunk.length; at++) {
        const entry = chunk[at];
        if (entry === undefined || (to !== undefined && entry.key >= to)) return;
        yield entry;
      }
    }
  }

  /** Yields the entries of an interval, the last key first. */
  *backwards({ from, to }: KeyInterval): Generator<Entry> {
    for (let index = to === undefined ? this.#chunks.length - 1 : this.#chunkOf(to); index >= 0; index--) {
      const chunk = this.#chunks[index] ?? [];
      for (let at = (to === undefined ? chunk.length : firstFrom(chunk, to)) - 1; at >= 0; at--) {
        const entry = chunk[at];
        if (entry === undefined || entry.key < from) return;
        yield entry;
      }
    }
  }

  /** Returns the chunk that has a key, or would have it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.[0]?.key ?? '') <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Returns the place of the first entry of a chunk that is not before a key. */
function firstFrom(chunk: readonly Keyed[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
