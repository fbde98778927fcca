import { base64urlKey, type EntryRange, type EntryView, keyOf, quoteKey } from '../../../model/entry';
import { RegistryError } from '../../../model/errors';
import { type JsonText, jsonText } from '../../../model/json';
import type { KeyInterval } from '../../../model/key-interval';
import { LIST_TEXT_MAX_BYTES } from '../../../model/limits';
import type { EntryOrder, EntryRangeCommand } from '../../../model/namespace-api';
import { type Entry, entryView, type WholeEntry } from '../entries/entry';
import type { EntryStore } from '../entries/entry-store';

/** The entries of a namespace at some moment. */
export interface EntrySource {
  countIn(interval: KeyInterval): number;
  within(interval: KeyInterval, descending?: boolean): Iterable<Entry>;
  /** Yields entries with their values. */
  whole(entries: Iterable<Entry>): Iterable<WholeEntry>;
}

/**
 * Returns a current entry as answers show it.
 *
 * @throws {RegistryError} `ENTRY_NOT_FOUND`.
 */
export function entryText(store: EntryStore, key: string): JsonText<EntryView> {
  const entry = requireEntry(store, key);
  return jsonText(entryView(entry, store.valueOf(entry)));
}

/** @throws {RegistryError} `ENTRY_NOT_FOUND`. */
export function requireEntry(store: EntryStore, key: string): Entry {
  const entry = store.get(key);
  if (entry === undefined) throw missingEntry(key);
  return entry;
}

export function missingEntry(key: string): RegistryError {
  return new RegistryError('ENTRY_NOT_FOUND', `there is no entry ${quoteKey(key)}; check the key, or PUT it`);
}

/** The part of a command that selects and shows entries. */
export type RangeSelection = Pick<
  EntryRangeCommand,
  'interval' | 'limit' | 'order' | 'descending' | 'keysOnly' | 'countOnly'
>;

/** Room for the entries of an answer. The first one has room whatever its size, so that a reader gets on. */
export class AnswerRoom {
  #used = 0;

  /** Takes room for a text, and returns whether there was any. A text without room leaves none for others. */
  take(length: number): boolean {
    const hasRoom = this.#used === 0 || this.#used + length <= LIST_TEXT_MAX_BYTES;
    this.#used = hasRoom ? this.#used + length : LIST_TEXT_MAX_BYTES;
    return hasRoom;
  }

  get isFull(): boolean {
    return this.#used >= LIST_TEXT_MAX_BYTES;
  }
}

/** Returns the entries of a range, as many as the limit and the size of an answer allow. */
export function entryRange(
  source: EntrySource,
  selection: RangeSelection,
  room = new AnswerRoom(),
): JsonText<EntryRange> {
  const answer = new RangeAnswer(selection, room);
  answer.add(source, selection.interval);
  return answer.text();
}

/** The answer to a range that is read in one piece, or in several, one after the other. */
export class RangeAnswer {
  readonly #selection: RangeSelection;
  readonly #room: AnswerRoom;
  readonly #texts: string[] = [];
  #last: EntryView | undefined;
  #count = 0;

  constructor(selection: RangeSelection, room = new AnswerRoom()) {
    this.#selection = selection;
    this.#room = room;
  }

  /** Adds the entries of the next piece, as many as the limit and the size of an answer allow. */
  add(source: EntrySource, interval: KeyInterval): void {
    const { limit = Number.POSITIVE_INFINITY, keysOnly, countOnly } = this.#selection;
    const count = source.countIn(interval);
    this.#count += count;
    if (countOnly === true) return;
    const left = this.#room.isFull ? 0 : Math.min(limit - this.#texts.length, count);
    const entries = selected(source, { ...this.#selection, interval }, left);
    for (const view of keysOnly === true ? withoutValues(entries) : withValues(source, entries)) {
      const text = JSON.stringify(view);
      if (!this.#room.take(text.length)) break;
      this.#texts.push(text);
      this.#last = view;
    }
  }

  /** True if it leaves out an entry of the pieces. */
  get isFull(): boolean {
    return this.#selection.countOnly !== true && this.#texts.length < this.#count;
  }

  /**
   * Encodes the answer.
   *
   * @param reached Last key of the pieces, if the range has more than them.
   */
  text(reached?: string): JsonText<EntryRange> {
    const { countOnly, order = 'key' } = this.#selection;
    const more = this.isFull || reached !== undefined;
    const last = this.isFull ? this.#last && keyOf(this.#last) : reached;
    // Only the order of keys stays the same from one page to the next.
    const next = more && last !== undefined && order === 'key' ? base64urlKey(last) : undefined;
    const count = reached === undefined || countOnly === true ? this.#count : undefined;
    const rest = JSON.stringify({ count, more, next });
    // `as`: the members of an EntryRange, the entries encoded already.
    return `{"entries":[${this.#texts.join(',')}],${rest.slice(1)}` as JsonText<EntryRange>;
  }
}

/** Yields entries in the requested order. */
function* selected(
  source: EntrySource,
  { interval, order = 'key', descending = false }: RangeSelection,
  limit: number,
): Generator<Entry> {
  let left = limit;
  if (left <= 0) return;
  const entries = order === 'key' ? source.within(interval, descending) : ordered(source, interval, order, descending);
  for (const entry of entries) {
    yield entry;
    left -= 1;
    if (left === 0) return;
  }
}

function ordered(
  source: EntrySource,
  interval: KeyInterval,
  by: Exclude<EntryOrder, 'key'>,
  descending: boolean,
): Entry[] {
  const sign = descending ? -1 : 1;
  // The sort is stable, so entries that are equal stay in the order of their keys.
  return [...source.within(interval)].sort((a, b) => sign * (a[by] - b[by]));
}

function* withoutValues(entries: Iterable<Entry>): Generator<EntryView> {
  for (const entry of entries) yield entryView(entry, undefined);
}

function* withValues(source: EntrySource, entries: Iterable<Entry>): Generator<EntryView> {
  for (const entry of source.whole(entries)) yield entryView(entry, entry.value);
}
