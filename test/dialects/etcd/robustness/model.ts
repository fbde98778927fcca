import {
  type Answer,
  type Compare,
  isInRange,
  type Request,
  type ShownKey,
  type Step,
  type StepResult,
} from './history';

/** Keys at one revision, in their order. Never changed in place. */
export type State = ReadonlyMap<string, ShownKey>;

/** A key that a revision has changed. */
export interface Effect {
  type: 'put' | 'delete';
  key: string;
  after: ShownKey | null;
  before: ShownKey | null;
}

/** Result of a request. */
export interface Outcome {
  state: State;
  succeeded: boolean;
  results: StepResult[];
  /** Empty if it changes nothing. */
  effects: Effect[];
}

/**
 * Carries out a request as etcd would: conditions see the state before it, and all of its changes have one revision.
 *
 * @param revision Revision of its changes, if it makes any.
 */
export function carryOut(state: State, request: Request, revision: number): Outcome {
  if (request.kind === 'revoke') {
    const keys = [...state.values()].filter(({ lease }) => lease === request.lease).map(({ key }) => key);
    const after = new Map(state);
    const effects = keys.sort().map((key) => deleted(after, key));
    return { state: after, succeeded: true, results: [], effects };
  }
  if (request.kind === 'range') {
    return { state, succeeded: true, results: [read(state, request.step)], effects: [] };
  }
  if (request.kind !== 'txn') return { state, succeeded: true, results: [], effects: [] };
  const succeeded = request.compares.every((compare) => holds(state, compare));
  const after = new Map(state);
  const effects: Effect[] = [];
  const results = (succeeded ? request.success : request.failure).map((step) => take(after, step, revision, effects));
  return { state: effects.length === 0 ? state : after, succeeded, results, effects };
}

/**
 * Returns the leases whose ends explain changes: several may end at once, each with all of its keys. Undefined if anything else
 * has changed.
 */
export function leasesEnded(before: State, effects: readonly Effect[]): string[] | undefined {
  const leases = [...new Set(effects.map((effect) => effect.before?.lease ?? '0'))];
  if (leases.includes('0') || effects.some(({ type }) => type === 'put')) return undefined;
  const keys = [...before.values()].filter(({ lease }) => leases.includes(lease)).map(({ key }) => key);
  const gone = effects.map(({ key }) => key);
  return keys.sort().join() === gone.sort().join() ? leases : undefined;
}

/** Returns whether an answer shows that its request has changed something. */
export function hasChanged({ results }: Answer): boolean {
  return results.some((result) => result.op === 'put' || (result.op === 'delete' && result.deleted > 0));
}

function holds(state: State, { key, target, operand }: Compare): boolean {
  return (state.get(key)?.[target] ?? 0) === operand;
}

function take(state: Map<string, ShownKey>, step: Step, revision: number, effects: Effect[]): StepResult {
  if (step.op === 'range') return read(state, step);
  if (step.op === 'delete') {
    const keys = [...state.keys()].filter((key) => isInRange(key, step.key, step.end)).sort();
    const gone = keys.map((key) => deleted(state, key));
    effects.push(...gone);
    return { op: 'delete', deleted: gone.length, prevs: step.prevKv ? gone.flatMap(({ before }) => before ?? []) : [] };
  }
  const { key, value, lease } = step;
  const before = state.get(key) ?? null;
  const version = (before?.version ?? 0) + 1;
  const after = { key, value, lease, version, created: before?.created ?? revision, modified: revision };
  state.set(key, after);
  effects.push({ type: 'put', key, after, before });
  return { op: 'put', prev: step.prevKv ? before : null };
}

function deleted(state: Map<string, ShownKey>, key: string): Effect {
  const before = state.get(key) ?? null;
  state.delete(key);
  return { type: 'delete', key, after: null, before };
}

function read(state: State, { key, end, limit }: Extract<Step, { op: 'range' }>): StepResult {
  const found = [...state.values()].filter((each) => isInRange(each.key, key, end));
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  const keys = limit > 0 ? found.slice(0, limit) : found;
  return { op: 'range', keys, count: found.length, more: keys.length < found.length };
}
