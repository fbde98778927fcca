import type { EntryRange, EntryView } from '../../../model/entry';
import type { EntryHistoryCommand } from '../../../model/entry-past';
import type { EntryChange, EntryHistory } from '../../../model/history';
import { jsonText } from '../../../model/json';
import { intervalOf, splitAt } from '../../../model/key-interval';
import {
  PAST_ENTRIES_VISITED_MAX_COUNT,
  PAST_RANGE_STEPS_MAX_COUNT,
  PAST_SLICE_MAX_BYTES,
  PAST_SLICE_MAX_COUNT,
} from '../../../model/limits';
import type { Answer, EntryRangeCommand, ReadAnswer, ReadOptions } from '../../../model/namespace-api';
import type { PointInTime } from '../../../model/query-values';
import { timestamp } from '../../../model/timestamp';
import { entryFloor } from '../commit/entry-floor';
import type { Journal, JournalEntry } from '../commit/journal';
import { entryContent, entryView, type WholeEntry } from '../entries/entry';
import type { JournaledEntry } from '../entries/entry-changes';
import { missingEntry, RangeAnswer } from '../queries/entries';
import { turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { ChangesByKey } from './changes-by-key';
import { withEntriesAt } from './entry-past';
import { decodePlace, encodePlace } from './history-page';
import { type Moment, momentOf } from './moment';

/** Reads of the past of entries. Each records the newest revision first, and reads only what is durable. */

async function momentAt(state: TurnState, point: PointInTime, tokenId: string | undefined): Promise<Moment> {
  const { journal, time } = state;
  const here = () => ({ revision: journal.revision, now: time.stamp() });
  const { revision, now } = await turn(state, undefined, here, tokenId);
  return momentOf(journal, point, revision, now);
}

/**
 * Returns a range of entries as it was. The answer's cursor is that of the moment. In the order of keys it is read piece by
 * piece, only as far as needed, and ends early if too many keys have changed since.
 */
export async function rangeEntriesAt(
  state: TurnState,
  command: EntryRangeCommand,
  at: PointInTime,
): Promise<ReadAnswer<EntryRange>> {
  const { revision, cursor } = await momentAt(state, at, command.tokenId);
  // History does not change.
  if (command.ifNoneMatch === cursor) return { cursor, body: null };
  const { order = 'key', countOnly = false, descending } = command;
  const isWhole = order !== 'key' && !countOnly;
  const answer = new RangeAnswer(command);
  const changes = new ChangesByKey(state.journal);
  let { interval } = command;
  for (let steps = 1; ; steps++) {
    const last = isWhole
      ? undefined
      : state.entries.endOfPiece(interval, revision, PAST_ENTRIES_VISITED_MAX_COUNT, descending);
    const { piece, rest } = last === undefined ? { piece: interval } : splitAt(interval, last, descending);
    await withEntriesAt(state, piece, revision, (source) => answer.add(source, piece), changes);
    const isEnough = answer.isFull || (steps >= PAST_RANGE_STEPS_MAX_COUNT && !countOnly);
    if (rest === undefined || isEnough) return { cursor, body: answer.text(last) };
    interval = rest;
  }
}

/** Returns an entry as it was. The answer's cursor is that of the moment. */
export async function readEntryAt(
  state: TurnState,
  { key, ifNoneMatch, tokenId }: { key: string } & ReadOptions,
  at: PointInTime,
): Promise<ReadAnswer<EntryView>> {
  const { revision, cursor } = await momentAt(state, at, tokenId);
  const interval = intervalOf(key);
  const entry = await withEntriesAt(state, interval, revision, (source) => [
    ...source.whole([...source.within(interval)]),
  ]);
  const [whole] = entry;
  if (whole === undefined) throw missingEntry(key);
  return { cursor, body: ifNoneMatch === cursor ? null : jsonText(entryView(whole, whole.value)) };
}

/** Reads a page of the changes of a key, newest first. */
export async function readEntryHistory(
  state: TurnState,
  { key, limit = PAST_SLICE_MAX_COUNT, after, tokenId }: EntryHistoryCommand,
): Promise<Answer<EntryHistory>> {
  const { journal, entries } = state;
  const here = () => ({ cursor: journal.cursor, newest: entries.changedAt(key) });
  const { cursor, newest } = await turn(state, undefined, here, tokenId);
  const [asked = newest] = after === undefined ? [] : decodePlace(after, 1);
  return { cursor, body: jsonText(historyOf(journal, key, Math.min(asked, newest), limit)) };
}

function historyOf(journal: Journal, key: string, from: number, limit: number): EntryHistory {
  const changes: EntryChange[] = [];
  const { changesAfter } = entryFloor(journal);
  let revision = from;
  let size = 0;
  while (revision > changesAfter) {
    const found = changeOf(journal, key, revision);
    if (found === undefined) break;
    const { entry, change } = found;
    if (changes.length >= Math.min(limit, PAST_SLICE_MAX_COUNT) || size >= PAST_SLICE_MAX_BYTES) {
      return { changes, next: encodePlace([revision]), compacted: false };
    }
    changes.push(changeView(entry, change));
    size += (change.before?.size ?? 0) + (change.after?.size ?? 0);
    revision = change.previous;
  }
  return { changes, compacted: changesAfter > 0 };
}

function changeOf(
  journal: Journal,
  key: string,
  revision: number,
): { entry: JournalEntry; change: JournaledEntry } | undefined {
  const change = journal.entries.changeAt(revision, key);
  const entry = change && journal.entryAt(revision);
  return entry && { entry, change };
}

function changeView({ revision, cursor, at, actor }: JournalEntry, change: JournaledEntry): EntryChange {
  const shown = (entry: WholeEntry | null) => entry && entryContent(entry, entry.value);
  const { cause, before, after } = change;
  return { revision, cursor, at: timestamp(at), cause, actor, before: shown(before), after: shown(after) };
}
