import { base64urlKey, shownKey } from '../../../model/entry';
import type { EntryDiff, EntryDiffCommand, EntryDifference } from '../../../model/entry-past';
import { type JsonText, jsonText } from '../../../model/json';
import { type KeyInterval, splitAt } from '../../../model/key-interval';
import type { Answer } from '../../../model/namespace-api';
import { type Entry, entryContent, type WholeEntry } from '../entries/entry';
import { AnswerRoom } from '../queries/entries';
import { turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { EntryPast, type PastEntries } from './entry-past';
import { type Moment, momentOf, momentView } from './moment';

/** The keys of one page: some of an interval, and whether it has more. */
interface PageOfKeys {
  interval: KeyInterval;
  /** Last key of the page; undefined if the interval ends with it. */
  last: string | undefined;
}

/**
 * Compares the entries of an interval at two moments. A page examines a bounded number of the keys that have changed since the
 * earlier moment. An entry that changed and changed back also counts, as its revision differs.
 */
export async function diffEntries(state: TurnState, command: EntryDiffCommand): Promise<Answer<EntryDiff>> {
  const { journal, time } = state;
  const here = () => ({ revision: journal.revision, cursor: journal.cursor, at: time.stamp() });
  const present = await turn(state, undefined, here, command.tokenId);
  const moment = (point: string | undefined): Moment =>
    point === undefined ? present : momentOf(journal, point, present.revision, present.at);
  const [from, to] = [moment(command.from), moment(command.to)];
  const page = pageOfKeys(state, command, Math.min(from.revision, to.revision));
  const pasts = [from, to].map(({ revision }) => new EntryPast(state, page.interval, revision));
  for (;;) {
    const [before, after] = pasts.map((past) => past.now());
    if (before && after) {
      const rest = `"from":${jsonText(momentView(from))},"to":${jsonText(momentView(to))}`;
      const entries = differences(before, after, page.last, command.limit);
      // `as`: the members of an EntryDiff, the entries encoded already.
      return { cursor: present.cursor, body: `{${rest},${entries}}` as JsonText<EntryDiff> };
    }
    for (const past of pasts) await past.find();
  }
}

/** Returns the part of an interval that a page examines, by the keys that have changed since a revision. */
function pageOfKeys({ entries }: TurnState, { interval, after }: EntryDiffCommand, revision: number): PageOfKeys {
  const rest = after === undefined || after < interval.from ? interval : { from: `${after}\u0000`, to: interval.to };
  const last = entries.endOfPiece(rest, revision, Number.POSITIVE_INFINITY);
  return { interval: last === undefined ? rest : splitAt(rest, last).piece, last };
}

/** Returns the members of an {@link EntryDiff} that depend on the entries, as text. */
function differences(before: PastEntries, after: PastEntries, last: string | undefined, limit?: number): string {
  const room = new AnswerRoom();
  const texts: string[] = [];
  let reached: string | undefined;
  // All that have changed since the earlier moment: those that are the same at both are no difference.
  for (const key of [...new Set([...before.changedKeys(), ...after.changedKeys()])].sort()) {
    const [from, to] = [before.get(key), after.get(key)];
    if (from?.revision === to?.revision) continue;
    if (texts.length === limit) return listed(texts, reached);
    const ends = { before: contentOf(before, from), after: contentOf(after, to) };
    const text = JSON.stringify({ ...shownKey(key), ...ends } satisfies EntryDifference);
    if (!room.take(text.length)) return listed(texts, reached);
    texts.push(text);
    reached = key;
  }
  return listed(texts, last);
}

function contentOf(source: PastEntries, entry: Entry | undefined) {
  const whole: Iterable<WholeEntry> = entry === undefined ? [] : source.whole([entry]);
  for (const each of whole) return entryContent(each, each.value);
  return null;
}

/** Encodes a page. @param next Last key of the page; undefined if it is the last one. */
function listed(texts: readonly string[], next: string | undefined): string {
  const members = `"entries":[${texts.join(',')}],"more":${next !== undefined}`;
  return next === undefined ? members : `${members},"next":${jsonText(base64urlKey(next))}`;
}
