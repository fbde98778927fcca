import type { Answer, Operation, StepResult, WatchHistory } from './history';
import { carryOut, hasChanged, leasesEnded } from './model';
import { effectText, type Truth, textOf } from './truth';

/**
 * Checks that calls are linearizable: each answer is what the keys at its revision give, each change has a revision of its
 * own, and revisions follow the real time of calls. Revisions are the order, so nothing has to be searched.
 *
 * Reads that ask for it may be stale, but are those of some revision.
 */
export function operationProblems(
  operations: readonly Operation[],
  watches: readonly WatchHistory[],
  truth: Truth,
): string[] {
  const problems: string[] = [];
  const claims = new Map<number, Operation>();
  for (const operation of operations) {
    const { answer } = operation;
    if (answer !== null) problems.push(...answerProblems(operation, answer, truth));
    if (answer === null || !changes(operation, answer, truth)) continue;
    const other = claims.get(answer.revision);
    if (other !== undefined) problems.push(`${nameOf(operation)} and ${nameOf(other)} both have it`);
    claims.set(answer.revision, operation);
  }
  const floors = new Floors(operations, watches);
  for (const operation of operations) problems.push(...orderProblems(operation, floors, claims));
  problems.push(...unexplained(operations, truth, { claims, floors }));
  problems.push(...compactionProblems(operations));
  return problems;
}

const nameOf = ({ index, client, request, answer }: Operation): string =>
  `call ${index} of ${client} (${request.kind}${answer === null ? '' : `, revision ${answer.revision}`})`;

/** Returns whether a call has made the changes of the revision that its answer has. */
function changes({ request }: Operation, answer: Answer, truth: Truth): boolean {
  if (request.kind !== 'revoke') return hasChanged(answer);
  const revision = truth.at(answer.revision);
  // Without keys, a revocation has the revision of what came before it.
  return revision?.effects.every(({ type, before }) => type === 'delete' && before?.lease === request.lease) ?? false;
}

function answerProblems(operation: Operation, answer: Answer, truth: Truth): string[] {
  const { request } = operation;
  if (request.kind === 'grant' || request.kind === 'compact') return [];
  const { revision } = answer;
  const isChange = changes(operation, answer, truth);
  const at = request.kind === 'range' && request.revision > 0 ? request.revision : revision;
  const state = isChange ? (truth.at(revision)?.before ?? truth.stateAt(revision)) : truth.stateAt(at);
  const should = carryOut(state, request, revision);
  const problems: string[] = [];
  if (request.kind !== 'revoke') {
    const [is, was] = [resultText(answer), resultText(should)];
    if (is !== was) problems.push(`${nameOf(operation)} got ${is}, not ${was}`);
  }
  if (at > revision) problems.push(`${nameOf(operation)} read revision ${at}`);
  const shown = isChange ? (truth.at(revision)?.effects ?? []).map(effectText).join() : '';
  const wanted = should.effects.map(effectText).join();
  if (shown !== wanted) problems.push(`${nameOf(operation)} should have made: ${wanted}; revision made: ${shown}`);
  return problems;
}

function resultText({ succeeded, results }: Pick<Answer, 'succeeded' | 'results'>): string {
  const text = (result: StepResult): string => {
    if (result.op === 'put') return `put over ${textOf(result.prev)}`;
    if (result.op === 'delete') return `deleted ${result.deleted}: ${result.prevs.map(textOf).join()}`;
    return `${result.count}${result.more ? ' and more' : ''}: ${result.keys.map(textOf).join()}`;
  };
  return `${succeeded ? 'success' : 'failure'} [${results.map(text).join('; ')}]`;
}

/** Revisions that were known at a time: no call that begins later may have a lower one. */
class Floors {
  readonly #times: number[] = [];
  readonly #revisions: number[] = [];
  readonly #seen = new Map<number, number>();

  constructor(operations: readonly Operation[], watches: readonly WatchHistory[]) {
    const known: { time: number; revision: number }[] = [];
    for (const { end, answer, request } of operations) {
      // The answer to a stale read has an old revision, which adds nothing.
      if (end !== null && answer !== null && request.kind !== 'grant')
        known.push({ time: end, revision: answer.revision });
    }
    for (const { responses } of watches) {
      for (const { at, events } of responses) {
        for (const { revision } of events) known.push({ time: at, revision });
      }
    }
    known.sort((a, b) => a.time - b.time);
    let floor = 0;
    for (const { time, revision } of known) {
      if (!this.#seen.has(revision)) this.#seen.set(revision, time);
      if (revision <= floor) continue;
      floor = revision;
      this.#times.push(time);
      this.#revisions.push(revision);
    }
  }

  /** Returns the highest revision that was known before a time. */
  before(time: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return this.#revisions[low - 1] ?? 0;
  }

  /** Returns the time at which a revision was first known; infinite if it never was. */
  firstSeen(revision: number): number {
    return this.#seen.get(revision) ?? Number.POSITIVE_INFINITY;
  }
}

function orderProblems(operation: Operation, floors: Floors, claims: ReadonlyMap<number, Operation>): string[] {
  const { answer, request, start } = operation;
  if (answer === null || (request.kind === 'range' && request.serializable)) return [];
  const floor = floors.before(start);
  if (answer.revision < floor) return [`${nameOf(operation)} began when revision ${floor} was known`];
  const isChange = claims.get(answer.revision) === operation;
  return isChange && answer.revision === floor ? [`${nameOf(operation)}: its revision was known before it began`] : [];
}

/** Finds revisions that neither an answered call, nor an unanswered one, nor the end of a lease explains. */
function unexplained(
  operations: readonly Operation[],
  truth: Truth,
  { claims, floors }: { claims: ReadonlyMap<number, Operation>; floors: Floors },
): string[] {
  const problems: string[] = [];
  const open = operations.filter(({ end, request }) => end === null && request.kind !== 'range');
  const used = new Set<Operation>();
  for (const { revision, effects, before } of truth.revisions) {
    if (claims.has(revision)) continue;
    const text = effects.map(effectText).join();
    const maker = open.find((operation) => {
      if (used.has(operation) || operation.start > floors.firstSeen(revision)) return false;
      if (revision <= floors.before(operation.start)) return false;
      return carryOut(before, operation.request, revision).effects.map(effectText).join() === text;
    });
    if (maker !== undefined) {
      used.add(maker);
      continue;
    }
    if (leasesEnded(before, effects) === undefined) {
      problems.push(`revision ${revision} ${text}, which no request explains`);
    }
  }
  for (const revision of claims.keys()) {
    if (truth.at(revision) === undefined) problems.push(`revision ${revision} was acknowledged, and is lost`);
  }
  return problems;
}

/** Code of gRPC for a revision that is not in the history. */
const OUT_OF_RANGE = 11;

/** Finds reads that were refused although the revision that they asked for was never compacted. */
function compactionProblems(operations: readonly Operation[]): string[] {
  const compactions = operations.filter(({ request }) => request.kind === 'compact');
  return operations.flatMap((operation) => {
    const { request, refusal, end } = operation;
    if (refusal === null || refusal.code !== OUT_OF_RANGE || request.kind !== 'range' || end === null) return [];
    const isCompacted = compactions.some(
      (each) => each.request.kind === 'compact' && each.request.revision > request.revision && each.start < end,
    );
    return isCompacted ? [] : [`${nameOf(operation)} of revision ${request.revision} was refused: ${refusal.text}`];
  });
}
