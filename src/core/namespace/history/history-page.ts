import { shownKey } from '../../../model/entry';
import { RegistryError } from '../../../model/errors';
import type {
  Cause,
  HistoryChange,
  HistoryEntry,
  HistoryPage,
  RegisteredInstance,
  Renewals,
} from '../../../model/history';
import { isWithin, type KeyInterval } from '../../../model/key-interval';
import { LIST_TEXT_MAX_BYTES, PAST_SLICE_MAX_BYTES, PAST_SLICE_MAX_COUNT } from '../../../model/limits';
import { timestamp } from '../../../model/timestamp';
import { entryFloor } from '../commit/entry-floor';
import type { Journal, JournalEntry } from '../commit/journal';
import type { JournaledChange } from '../commit/journal-format';
import { entryContent, type WholeEntry } from '../entries/entry';
import { changeHeads, decodeEntryChanges, type JournaledEntry } from '../entries/entry-changes';
import type { JournaledRenewals } from '../records/record-kind';
import { decodeInstance, decodeOverride } from '../records/records';
import { instanceView, overrideView, watchedService } from '../records/view';
import type { WalkPlace, WalkStep } from './journal-walk';

/** Bounds of a page. */
export interface PageBounds {
  cause?: Cause | undefined;
  /** Only revisions after this one are included; undefined for all that are retained. */
  sinceRevision?: number | undefined;
  untilRevision: number;
  limit?: number | undefined;
  /** Entries whose changes are included; undefined for none. */
  keys?: KeyInterval | undefined;
}

/** Changes of entries in a revision. */
interface EntryChanges {
  listed: HistoryChange[];
  /** Number of those that are left out; at least that many in a very large revision. */
  omitted: number;
  /** Bytes that were read. */
  size: number;
}

const NO_ENTRIES: EntryChanges = { listed: [], omitted: 0, size: 0 };

/**
 * Returns a page of history. The work for a page is bounded by rows and by text, not by time: the platform's clock stands
 * still while an object computes.
 *
 * @param from Place at which the walk begins.
 */
export function historyPage(
  journal: Journal,
  walk: Iterable<WalkStep>,
  from: WalkPlace,
  { cause, sinceRevision = 0, untilRevision, limit = PAST_SLICE_MAX_COUNT, keys }: PageBounds,
): HistoryPage {
  const entries: HistoryEntry[] = [];
  let place = from;
  let rows = 0;
  let size = 0;
  for (const { entry, changes, rest } of walk) {
    if (entry.revision <= sinceRevision) return { entries, compacted: false };
    if (entries.length >= limit || rows >= PAST_SLICE_MAX_COUNT || size >= PAST_SLICE_MAX_BYTES) {
      return { entries, next: encodePlace(place), compacted: false };
    }
    place = rest;
    rows += entry.parts.length;
    for (const part of entry.parts) size += part.length;
    if (entry.revision > untilRevision) continue;
    const sought = cause === undefined ? changes : changes.filter((change) => change.cause === cause);
    const ofEntries =
      keys === undefined || entry.entryBytes === 0 ? NO_ENTRIES : entryChanges(journal, entry, keys, cause);
    size += ofEntries.size;
    if (sought.length + ofEntries.listed.length > 0) entries.push(historyEntry(entry, sought, ofEntries));
  }
  const compacted = keys === undefined ? journal.compactedRevision : entryFloor(journal).changesAfter;
  return { entries, compacted: compacted > sinceRevision };
}

/** Reads the changes of entries in a revision, as many as an answer may have. */
function entryChanges(
  journal: Journal,
  { revision }: JournalEntry,
  keys: KeyInterval,
  cause: Cause | undefined,
): EntryChanges {
  const found: EntryChanges = { listed: [], omitted: 0, size: 0 };
  if (revision <= entryFloor(journal).changesAfter) return found;
  const isSought = (change: Pick<JournaledEntry, 'key' | 'cause'>) =>
    isWithin(change.key, keys) && (cause === undefined || change.cause === cause);
  for (const { part } of journal.entries.placedParts(revision)) {
    const sought = changeHeads(part).filter(isSought).length;
    // The first part of a revision with a match is always listed.
    const isFull = found.size >= PAST_SLICE_MAX_BYTES && found.listed.length > 0;
    found.size += part.byteLength;
    if (isFull) found.omitted += sought;
    else if (sought > 0) {
      found.listed.push(...decodeEntryChanges(part, revision, isSought).map(entryChange));
    }
    if (found.size >= LIST_TEXT_MAX_BYTES) break;
  }
  return found;
}

function entryChange({ key, cause, before, after }: JournaledEntry): HistoryChange {
  const shown = (entry: WholeEntry | null) => entry && entryContent(entry, entry.value);
  return { kind: 'entry', ...shownKey(key), cause, before: shown(before), after: shown(after) };
}

function historyEntry(
  { revision, cursor, at, cause, actor }: JournalEntry,
  changes: JournaledChange[],
  ofEntries: EntryChanges,
): HistoryEntry {
  const listed: HistoryChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    bytes += (change.before?.length ?? 0) + (change.after?.length ?? 0);
    if (listed.length > 0 && bytes > LIST_TEXT_MAX_BYTES) break;
    listed.push(historyChange(change, revision, at));
  }
  const omitted = changes.length - listed.length + ofEntries.omitted;
  listed.push(...ofEntries.listed);
  return { revision, cursor, at: timestamp(at), cause, actor, changes: listed, ...(omitted > 0 && { omitted }) };
}

function historyChange(change: JournaledChange, revision: number, at: number): HistoryChange {
  const { kind, group, service, id, cause, previous, watchers = 0 } = change;
  /** Shows the record before and after the change; null if there was none. */
  const shown = <View>(show: (text: string, revision: number) => View) => ({
    before: change.before === null ? null : show(change.before, previous),
    after: change.after === null ? null : show(change.after, revision),
  });
  if (kind === 'service') {
    const own = shown((text, madeAt) => watchedService({ group, service }, { text, revision: madeAt }));
    return { kind, group, service, cause, ...own, watchers };
  }
  if (kind === 'override') {
    const said = shown((text, madeAt) => overrideView({ record: decodeOverride(text), revision: madeAt }));
    return { kind, group, service, id, cause, ...said, watchers };
  }
  const key = { group, service, id };
  const itself = shown((text, madeAt) => registered(key, text, madeAt, at));
  // Other changes may come before the last ping of a session is read, so their silence is not known.
  const silentUntil = cause === 'expired' || cause === 'unhealthy' ? at : undefined;
  const renewals = change.renewals && renewalsView(change.renewals, silentUntil);
  return { kind, ...key, cause, ...itself, renewals, watchers };
}

/**
 * Returns renewals with times for people.
 *
 * @param silentUntil Time until which no renewal followed the last one, by the clock; by default its own.
 */
export function renewalsView(
  { lastAt, longestGapMs: longestIntervalMs, gapsSince }: JournaledRenewals,
  silentUntil = lastAt,
): Renewals {
  const longestGapMs = Math.max(longestIntervalMs, silentUntil - lastAt);
  return { lastAt: timestamp(lastAt), longestGapMs, longestIntervalMs, gapsSince: timestamp(gapsSince) };
}

function registered(
  key: { group: string; service: string; id: string },
  text: string,
  revision: number,
  at: number,
): RegisteredInstance {
  const view = instanceView(key, decodeInstance(text), revision, undefined, at);
  const { enabled: _e, quarantined: _q, available: _a, flapping: _f, overridden: _o, ...itself } = view;
  return itself;
}

/** Encodes a place to continue from as opaque text. */
export function encodePlace(place: WalkPlace): string {
  return place.map((revision) => revision.toString(36)).join('.');
}

/**
 * Decodes text of {@link encodePlace}.
 *
 * @param chains Number of chains that the walk follows.
 * @throws {RegistryError} `INVALID_REQUEST` for anything else.
 */
export function decodePlace(text: string, chains: number): WalkPlace {
  const revisions = text.split('.');
  if (revisions.length === chains && revisions.every((each) => /^[0-9a-z]{1,10}$/.test(each))) {
    return revisions.map((each) => Number.parseInt(each, 36));
  }
  const message = 'must be the `next` of the previous page, unchanged';
  throw new RegistryError('INVALID_REQUEST', `after ${message}`, { errors: [{ path: 'after', message }] });
}
