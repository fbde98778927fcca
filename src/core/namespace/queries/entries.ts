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
  const { interval, limit = Number.POSITIVE_INFINITY, keysOnly, countOnly } = selection;
  const count = source.countIn(interval);
  if (countOnly === true) return jsonText({ entries: [], count, more: false });
  const texts: string[] = [];
  let last: EntryView | undefined;
  const entries = selected(source, selection, room.isFull ? 0 : Math.min(limit, count));
  for (const view of keysOnly === true ? withoutValues(entries) : withValues(source, entries)) {
    const text = JSON.stringify(view);
    if (!room.take(text.length)) break;
    texts.push(text);
    last = view;
  }
  const more = texts.length < count;
  // Only the order of keys stays the same from one page to the next.
  const next =
    more && last !== undefined && (selection.order ?? 'key') === 'key' ? base64urlKey(keyOf(last)) : undefined;
  const rest = JSON.stringify({ count, more, next }).slice(1);
  // `as`: the members of an EntryRange, the entries encoded already.
  return `{"entries":[${texts.join(',')}],${rest}` as JsonText<EntryRange>;
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
