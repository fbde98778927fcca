import { bytesOf } from '../../../model/bytes';
import { quoteKey, shownKey } from '../../../model/entry';
import type { ImportedEntry } from '../../../model/export-line';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES,
  IMPORT_ENTRY_SLICE_MAX_BYTES,
  IMPORT_SCAN_MAX_COUNT,
  IMPORT_SLICE_MAX_COUNT,
} from '../../../model/limits';
import type { ImportDifference, ImportPlan } from '../../../model/transfer';
import type { Draft } from '../commit/draft';
import { type Entry, isHeld, isSynthetic, lockHolder, standsAlone } from '../entries/entry';
import type { EntryStore } from '../entries/entry-store';
import type { EntryPlace, ImportState, PlanFacts } from './imports';
import type { StagedChange } from './staged-change';
import type { EntryTally, StagedEntry } from './staged-entries';

/**
 * Entries of an import. The file has none that a lease holds: those end with their lease, which a file does not have. For
 * the same reason a replace keeps them, unless the file has the key. Locked entries are in the file without their lock. A
 * replace keeps those, too, and a put of an import leaves the lock as it is.
 */

/**
 * Returns entries of a file in their staged form, and adds them to a tally.
 *
 * @param known Returns the line of a key that is staged already.
 * @param refuse Makes the error for a line.
 */
export function stagedEntries(
  entries: readonly (ImportedEntry & { line: number })[],
  tally: EntryTally,
  known: (key: string) => number | undefined,
  refuse: (line: number, problem: string) => Error,
): StagedEntry[] {
  const lines = new Map<string, number>();
  return entries.map(({ key, value, contentType, flags, line }) => {
    const twin = lines.get(key) ?? known(key);
    if (twin !== undefined) throw refuse(line, `the entry ${quoteKey(key)} is already in line ${twin}`);
    lines.set(key, line);
    tally.entries += 1;
    tally.keyBytes += key.length;
    tally.entryBytes += key.length + value.length;
    return { key, line, contentType, flags, value: bytesOf(value) };
  });
}

/** Returns the first limit of a namespace that amounts of entries exceed, in words; undefined if they fit. */
export function entryLimitBelow({ entries, keyBytes, entryBytes }: EntryTally): string | undefined {
  if (entries > ENTRIES_PER_NAMESPACE_MAX_COUNT) return `${ENTRIES_PER_NAMESPACE_MAX_COUNT} entries`;
  if (keyBytes > ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES) return `${ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES} bytes of keys`;
  return entryBytes > ENTRIES_PER_NAMESPACE_MAX_BYTES
    ? `${ENTRIES_PER_NAMESPACE_MAX_BYTES} bytes of entries`
    : undefined;
}

/** Returns the amounts that a namespace would have after an import. */
export function amountsAfter({ entries, imports }: ImportState, isMerge: boolean, facts?: PlanFacts): EntryTally {
  const { tally } = imports;
  const added = (isMerge ? facts?.addedEntries : undefined) ?? tally;
  const kept = isMerge ? amountsOf(entries) : heldAmounts({ entries, imports });
  return {
    entries: kept.entries + added.entries,
    keyBytes: kept.keyBytes + added.keyBytes,
    entryBytes: kept.entryBytes + added.entryBytes,
  };
}

const amountsOf = ({ count, keyBytes, valueBytes }: EntryStore): EntryTally => {
  return { entries: count, keyBytes, entryBytes: keyBytes + valueBytes };
};

/** Counts the entries that leases hold or have locked, which a replace keeps. Locked ones may be in the file, and count there. */
function heldAmounts({ entries, imports }: Pick<ImportState, 'entries' | 'imports'>): EntryTally {
  const held: EntryTally = { entries: 0, keyBytes: 0, entryBytes: 0 };
  for (const entry of entries.within({ from: '' })) {
    if (!isHeld(entry) || (entry.lease === null && imports.lineOfEntry(entry.key) !== undefined)) continue;
    const { key, size } = entry;
    held.entries += 1;
    held.keyBytes += key.length;
    held.entryBytes += key.length + size;
  }
  return held;
}

/** Returns the effect of an entry of a file on the existing one. */
function changeBy(store: EntryStore, { key, contentType, flags, value }: StagedEntry): StagedChange {
  const present = store.get(key);
  if (present === undefined || isSynthetic(present)) return 'added';
  const { lease, facts, size } = present;
  const isLike =
    lease === null && facts?.contentType === contentType && facts?.flags === flags && size === value.length;
  return isLike && isEqual(store.valueOf(present), value) ? 'unchanged' : 'changed';
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return one.length === other.length;
}

function difference(change: ImportDifference['change'], key: string): ImportDifference {
  return { kind: 'difference', change, record: 'entry', ...shownKey(key) };
}

/** Adds the changes by entries of the file after a key to a page. Returns the key to continue from, if there are more. */
export function planEntriesOfFile(
  { imports, entries }: ImportState,
  after: string,
  plan: ImportPlan,
): string | undefined {
  const { rows, isEnd } = imports.entriesAfter(after, IMPORT_SCAN_MAX_COUNT);
  for (const row of rows) {
    const change = changeBy(entries, row);
    plan[change] += 1;
    if (change !== 'unchanged') plan.differences.push(difference(change, row.key));
    if (imports.plan === undefined) continue;
    const { addedEntries } = imports.plan;
    addedEntries.entryBytes += row.value.length - (entries.get(row.key)?.size ?? 0);
    if (change !== 'added') continue;
    addedEntries.entries += 1;
    addedEntries.keyBytes += row.key.length;
    addedEntries.entryBytes += row.key.length;
  }
  return isEnd ? undefined : rows.at(-1)?.key;
}

/** Adds the entries to a page that are not in the file. Returns the key to continue from, if there are more. */
export function planOtherEntries(
  { imports, entries }: ImportState,
  after: string,
  plan: ImportPlan,
): string | undefined {
  let seen = 0;
  for (const entry of following(entries, after)) {
    seen += 1;
    if (isRemoved(imports, entry)) {
      plan.removed += 1;
      plan.differences.push(difference('removed', entry.key));
    }
    if (seen >= IMPORT_SCAN_MAX_COUNT) return entry.key;
  }
  return undefined;
}

const following = (store: EntryStore, after: string): Generator<Entry> =>
  store.within({ from: after === '' ? '' : `${after}\u0000` });

const isRemoved = (imports: ImportState['imports'], entry: Entry): boolean =>
  standsAlone(entry) && lockHolder(entry) === null && imports.lineOfEntry(entry.key) === undefined;

/**
 * Puts or removes the next slice of entries in a draft. Removals come first only if there would be no room otherwise.
 *
 * @returns Number of entries that are done.
 */
export function applyEntrySlice(state: ImportState, place: EntryPlace, draft: Draft): number {
  const { rows, isEnd } = place.isAllPut
    ? { rows: [], isEnd: true }
    : state.imports.entriesAfter(place.put, IMPORT_SLICE_MAX_COUNT);
  const isPutting = !place.isAllPut && (place.isAllRemoved || fits(state, rows));
  return isPutting ? put(state, place, draft, rows, isEnd) : remove(state, place, draft);
}

function fits({ entries }: ImportState, rows: readonly StagedEntry[]): boolean {
  const amounts = amountsOf(entries);
  for (const { key, value } of rows) {
    amounts.entries += 1;
    amounts.keyBytes += key.length;
    amounts.entryBytes += key.length + value.length;
  }
  return entryLimitBelow(amounts) === undefined;
}

function put(
  { entries, imports }: ImportState,
  place: EntryPlace,
  draft: Draft,
  rows: readonly StagedEntry[],
  isEnd: boolean,
): number {
  const actor = imports.current?.actor ?? '';
  let bytes = 0;
  let done = 0;
  for (const row of rows) {
    // The journal takes the previous value, too.
    bytes += row.value.length + (entries.get(row.key)?.size ?? 0);
    if (done > 0 && bytes > IMPORT_ENTRY_SLICE_MAX_BYTES) return done;
    const { key, value, contentType, flags } = row;
    if (changeBy(entries, row) !== 'unchanged') {
      draft.entries.put(key, { value, lease: null, facts: { actor, contentType, flags } }, 'imported');
    }
    place.put = key;
    done += 1;
  }
  place.isAllPut = isEnd;
  return done;
}

function remove({ entries, imports }: ImportState, place: EntryPlace, draft: Draft): number {
  let bytes = 0;
  let removed = 0;
  let seen = 0;
  for (const entry of following(entries, place.present)) {
    const isGone = isRemoved(imports, entry);
    if (isGone) bytes += entry.size;
    const isFull = seen >= IMPORT_SCAN_MAX_COUNT || removed >= IMPORT_SLICE_MAX_COUNT;
    if (isFull || (removed > 0 && bytes > IMPORT_ENTRY_SLICE_MAX_BYTES)) return seen;
    seen += 1;
    place.present = entry.key;
    if (!isGone) continue;
    draft.entries.delete(entry.key, 'imported');
    removed += 1;
  }
  place.isAllRemoved = true;
  return seen;
}
