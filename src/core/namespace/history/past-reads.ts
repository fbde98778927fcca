import type { HistoryPage, RollbackReport, ServiceDiff } from '../../../model/history';
import type { DiffCommand, HistoryCommand } from '../../../model/history-commands';
import { jsonText } from '../../../model/json';
import type { Answer, Caller, InstanceListCommand, ReadAnswer, ServiceKey } from '../../../model/namespace-api';
import type { InstanceList } from '../../../model/queries';
import type { PointInTime } from '../../../model/query-values';
import { assertOperates } from '../access/ownership';
import { instancePage } from '../queries/lists';
import { noteOf, withAuditEntry } from '../turn/operator-audit';
import { change, turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { decodePlace, historyPage } from './history-page';
import { keysIn, newestPlace, serviceOf, walkBack } from './journal-walk';
import { momentOf, momentView, revisionBy } from './moment';
import { rollBack } from './rollback';
import { type ServiceMoment, serviceDiff } from './service-diff';
import { serviceAt, viewsAt } from './service-past';

/**
 * Reads of history. Each begins like any other call, and records the newest revision. Once that is durable it reads the
 * journal up to there, which no longer changes.
 */

/** The newest revision at the time of a read; everything up to it is durable. */
interface Present {
  revision: number;
  cursor: string;
  /** Current time for people. */
  now: number;
}

function present(state: TurnState, scope: ServiceKey | undefined, tokenId?: string): Promise<Present> {
  const { journal, time } = state;
  const here = () => ({ revision: journal.revision, cursor: journal.cursor, now: time.stamp() });
  return turn(state, scope, here, tokenId);
}

async function serviceMoment(
  state: TurnState,
  key: ServiceKey,
  point: PointInTime | undefined,
  { revision, cursor, now }: Present,
): Promise<ServiceMoment> {
  const moment = point === undefined ? { revision, cursor, at: now } : momentOf(state.journal, point, revision, now);
  return { moment, records: await serviceAt(state, key, moment.revision) };
}

/** Lists the instances of a service as they were. The answer's cursor is that of the moment. */
export async function listInstancesAt(
  state: TurnState,
  command: InstanceListCommand,
  at: PointInTime,
): Promise<ReadAnswer<InstanceList>> {
  const { moment, records } = await serviceMoment(state, command, at, await present(state, command, command.tokenId));
  const { cursor } = moment;
  // History does not change.
  if (command.ifNoneMatch === cursor) return { cursor, body: null };
  return { cursor, body: instancePage(viewsAt(command, records, moment.at, command.after), command) };
}

/** Compares a service with itself at another moment. */
export async function readDiff(state: TurnState, command: DiffCommand): Promise<Answer<ServiceDiff>> {
  const { group, service, after, limit } = command;
  const key = { group, service };
  const now = await present(state, key, command.tokenId);
  const from = await serviceMoment(state, key, command.from, now);
  const to = await serviceMoment(state, key, command.to, now);
  return { cursor: now.cursor, body: serviceDiff(key, from, to, { after, limit }) };
}

/** Restores the settings and overrides of a service as they were at an earlier moment. */
export async function rollback(
  state: TurnState,
  caller: Caller,
  { group, service, to }: ServiceKey & { to: PointInTime },
): Promise<Answer<RollbackReport>> {
  const { journal, catalog } = state;
  const key = { group, service };
  assertOperates(caller, key);
  const { moment, records } = await serviceMoment(state, key, to, await present(state, key));
  const note = noteOf(caller, { action: 'rolled-back', key, detail: `to revision ${moment.revision}, ${to}` });
  return withAuditEntry(state, note, (changed) =>
    change(
      state,
      caller,
      {
        scope: key,
        decide: (draft) => rollBack(draft, caller, key, records, catalog.service(key)),
        answer: (done, draft) => {
          const { cursor, revision } = journal;
          const made = draft.isEmpty ? null : revision;
          return { cursor, body: jsonText({ to: momentView(moment), cursor, revision: made, ...done }) };
        },
      },
      changed,
    ),
  );
}

/** Reads a page of history. */
export async function readHistory(state: TurnState, command: HistoryCommand): Promise<Answer<HistoryPage>> {
  const { journal } = state;
  const here = () => ({
    cursor: journal.cursor,
    revision: journal.revision,
    newest: newestPlace(state, command),
    now: state.time.stamp(),
  });
  const { cursor, revision, newest, now } = await turn(state, serviceOf(command), here, command.tokenId);
  const { since, until, cause, limit } = command;
  const sinceRevision = since === undefined ? undefined : revisionBefore(since);
  const untilRevision = until === undefined ? revision : momentOf(journal, until, revision, now).revision;
  const asked = command.after === undefined ? newest : decodePlace(command.after, newest.length);
  // A reader can't continue from a revision that does not exist yet, or may not be durable.
  const last = serviceOf(command) === undefined ? untilRevision : revision;
  const from = asked.map((each) => Math.min(each, last));
  const page = historyPage(journal, walkBack(journal, command, from, cause), from, {
    cause,
    sinceRevision,
    untilRevision,
    limit,
    keys: keysIn(command),
  });
  return { cursor, body: jsonText(page) };

  /** Returns the revision before a moment; 0 for a time before the retained history, as all of it came later. */
  function revisionBefore(point: string): number {
    if (/^[cr]/.test(point)) return momentOf(journal, point, revision, now).revision;
    return revisionBy(journal, Date.parse(point) - 1, revision) ?? 0;
  }
}
