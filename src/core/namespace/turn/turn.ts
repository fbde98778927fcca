import type { JsonText } from '../../../model/json';
import { ENTRIES_UNWRITTEN_MAX_BYTES } from '../../../model/limits';
import type { Caller, ReadAnswer, ReadOptions, ServiceKey } from '../../../model/namespace-api';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';
import type { Journal } from '../commit/journal';
import { arm, sweep } from '../leases/expiry';
import { type Catalog, missingNamespace } from '../records/catalog';
import { notePlainRead } from '../records/catalog-entries';
import { notePass } from '../time/attention';
import type { PollerBook, PollerName, ReaderTimes, TurnState } from './turn-state';

/**
 * Runs one call. It first expires whatever is due, then runs `step` synchronously, and resolves or rejects only when
 * everything that the result was derived from is durable (I3).
 *
 * @param scope The service it concerns: everything that lapsed there is swept first. Undefined for the whole namespace.
 * @param step Receives the time on the namespace's axis.
 * @param tokenId Token of the call, for rate limits.
 */
export async function turn<Result>(
  state: TurnState,
  scope: ServiceKey | undefined,
  step: (now: number) => Result,
  tokenId?: string,
): Promise<Result> {
  if (state.pipeline.isClosed) throw missingNamespace();
  state.counters.requests += 1;
  try {
    let now = notePass(state);
    state.rates.admit(tokenId, now);
    let isMoreDue = sweep(state, now, scope && state.catalog.service(scope));
    while (isMoreDue && scope === undefined) {
      await state.pipeline.settled();
      now = notePass(state);
      isMoreDue = sweep(state, now);
    }
    return step(now);
  } finally {
    arm(state);
    const durable = state.pipeline.settled();
    if (durable !== undefined) await durable;
  }
}

/**
 * Called in the step in which a call is decided, with the length of its answer. From then on no later call comes before it,
 * although its answer still waits for the disk.
 */
export type OnDecided = (length: number) => void;

/** One call that changes something. */
export interface Change<Outcome, Result> {
  /** The service it concerns; undefined for the whole namespace. */
  scope: ServiceKey | undefined;
  /** Works on a draft, on behalf of `by`. If it throws, nothing has changed. */
  decide: (draft: Draft, by: Caller) => Outcome;
  /** Returns the answer. It also receives the draft, so that records there need not be read again. */
  answer: (outcome: Outcome, draft: Draft) => Result;
}

/**
 * Runs one call that changes something.
 *
 * @param changed Called if the call makes a revision.
 */
export function change<Outcome, Result>(
  state: TurnState,
  caller: Caller,
  { scope, decide, answer }: Change<Outcome, Result>,
  changed?: () => void,
): Promise<Result> {
  return turn(
    state,
    scope,
    (now) => {
      const draft = new Draft(state, now, caller);
      const outcome = decide(draft, caller);
      if (commit(state, draft, caller.tokenId)) changed?.();
      return answer(outcome, draft);
    },
    caller.tokenId,
  );
}

/**
 * Returns whether too many values are not written yet. A call that puts values waits until the pipeline has settled, and asks
 * again right before it puts them: many calls resume at once, and those before it may have used up the room.
 */
export const lacksRoom = ({ entries }: TurnState): boolean => entries.unwrittenBytes > ENTRIES_UNWRITTEN_MAX_BYTES;

/** One call that reads. */
export interface Read<T> {
  /** The service it concerns; undefined for the whole namespace. */
  scope: ServiceKey | undefined;
  /** A second service that it concerns. */
  alongside?: ServiceKey | undefined;
  options: ReadOptions;
  /**
   * Returns the revision of the newest change in what is read. It may be any later one if that is after `known`, the
   * revision that the reader has.
   */
  changedAt: (known: number) => number;
  body: () => JsonText<T>;
}

/** Runs one read. The body is null if nothing in it changed since the reader's cursor. */
export function read<T>(
  state: TurnState,
  { scope, alongside, options, changedAt, body }: Read<T>,
): Promise<ReadAnswer<T>> {
  return turn(
    state,
    // A turn about one service may leave what has lapsed in others.
    alongside === undefined ? scope : undefined,
    (now) => {
      const { cursor } = state.journal;
      const known = knownRevision(state.journal, options);
      if (scope !== undefined) noteReader(state, scope, options, known ?? 0, now);
      if (alongside !== undefined) noteReader(state, alongside, options, known ?? 0, now);
      if (known !== undefined && changedAt(known) <= known) return { cursor, body: null };
      return { cursor, body: body() };
    },
    options.tokenId,
  );
}

/** Returns the revision that a reader has, by its cursor or as a number; undefined if this history does not have it. */
function knownRevision(journal: Journal, { ifNoneMatch, ifChangedAfter }: ReadOptions): number | undefined {
  if (ifChangedAfter !== undefined) return journal.reaches(ifChangedAfter) ? ifChangedAfter : undefined;
  return ifNoneMatch === undefined ? undefined : journal.position(ifNoneMatch)?.revision;
}

/** The parts of a namespace that record its readers. */
export interface Readers {
  readonly catalog: Catalog;
  readonly receipts: PollerBook;
}

/**
 * Records a read by a named poller, for which drains wait. If there is no room for another name, it counts as a plain read,
 * which a drain reports as blind.
 */
export function notePoller(
  { receipts, catalog }: Readers,
  name: PollerName,
  service: ServiceKey,
  { acknowledged, sent }: { acknowledged: number; sent: number },
  now: number,
): void {
  if (receipts.notePoll(name, service, acknowledged, sent, now)) return;
  const entry = catalog.service(service);
  if (entry !== undefined) notePlainRead(entry.plainReads, now);
}

/** Records the reader of an answer about a service, for drains: by name, or as a reader that can't be notified. */
export function noteReader(
  state: Readers & { readonly journal: Journal; readonly readerHolds: ReaderTimes },
  scope: ServiceKey,
  { keepForMs = 0, subscriber, tokenId = '', isShared }: ReadOptions,
  knownRevision: number,
  now: number,
): void {
  if (isShared) return;
  if (subscriber !== undefined) {
    const { id, address } = subscriber;
    const known = { acknowledged: knownRevision, sent: state.journal.revision };
    notePoller(state, { subscriber: id, tokenId, address }, scope, known, now);
    state.readerHolds.notePoll(now);
    return;
  }
  const service = state.catalog.service(scope);
  if (service === undefined) return;
  if (keepForMs === 0) {
    notePlainRead(service.plainReads, now);
    return;
  }
  service.keptCount = now < service.keptUntil ? service.keptCount + 1 : 1;
  service.keptUntil = Math.max(service.keptUntil, now + keepForMs);
  state.readerHolds.noteCached(now, keepForMs);
}
