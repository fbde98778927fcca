import type { HistoryPage } from '../model/history';
import { jsonText } from '../model/json-text';
import type { Answer, HistoryCommand } from '../model/namespace-api';
import { momentOf, revisionBy } from './moment';
import { decodePlace, historyPage } from './queries/history-page';
import { newestPlace, serviceOf, walkBack } from './queries/journal-walk';
import type { NamespaceState } from './state';
import { turn } from './turn';

/**
 * Reads a page of the past. It begins as any call does, and notes where the past ends then; once that is durable it
 * reads the journal, which up to there changes no more.
 */
export async function readHistory(state: NamespaceState, command: HistoryCommand): Promise<Answer<HistoryPage>> {
  const { journal } = state;
  const { cursor, revision, newest, now } = await turn(state, serviceOf(command), () => ({
    cursor: journal.cursor,
    revision: journal.revision,
    newest: newestPlace(state, command),
    now: state.time.stamp(),
  }));
  const { since, until, cause, limit } = command;
  const sinceRevision = since === undefined ? undefined : revisionBefore(since);
  const untilRevision = until === undefined ? revision : momentOf(journal, until, revision, now).revision;
  const asked = command.after === undefined ? newest : decodePlace(command.after, newest.length);
  // Nobody goes on from where the past has not come to yet, or may not be durable.
  const last = serviceOf(command) === undefined ? untilRevision : revision;
  const from = asked.map((each) => Math.min(each, last));
  const page = historyPage(journal, walkBack(journal, command, from, cause), from, {
    cause,
    sinceRevision,
    untilRevision,
    limit,
  });
  return { cursor, body: jsonText(page) };

  /** A time may be long before all that is kept: then everything kept came after it. */
  function revisionBefore(point: string): number {
    if (point.startsWith('c')) return momentOf(journal, point, revision, now).revision;
    return revisionBy(journal, Date.parse(point) - 1, revision) ?? 0;
  }
}
