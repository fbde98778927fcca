import {
  type EntriesState,
  type EntryState,
  type KnownRevision,
  learnedEntry,
  unknownRevision,
  withEnd,
} from './entry-states';
import type { Evidence } from './evidence';
import type { GrantedEnds } from './granted-ends';
import type { Model } from './linearize';
import {
  type EntryResult,
  type EntryStep,
  type History,
  type Key,
  keysOf,
  type Operation,
  serviceOf,
} from './operation';
import { asCall, type Partition } from './partitions';
import type { RegistryCall } from './registry-model';

/** As for the bounds of leases. */
const CLOCK_MARGIN_MS = 50;

/** When a step happens, and with which revision. */
interface StepContext {
  revision: KnownRevision;
  /** Earliest and latest time of its call. */
  start: number;
  until: number;
}

/**
 * The sequential model of transactions over entries, and of leases that lock them, written from the documentation,
 * independently of the core.
 */
export class EntryModel implements Model<EntriesState, RegistryCall> {
  readonly initial: EntriesState;
  readonly #keys: readonly Key[];
  readonly #ends: GrantedEnds;

  constructor(keys: readonly Key[], ends: GrantedEnds) {
    this.#keys = keys;
    this.#ends = ends;
    this.initial = { floor: 0, entries: keys.map(() => null), delays: {}, ended: [] };
  }

  textOf({ floor, entries, delays, ended }: EntriesState): string {
    return JSON.stringify([floor, entries, delays, ended]);
  }

  /** A lease with locks may expire. The end of one without any is only seen when it is used again. */
  happenings(state: EntriesState, keys: ReadonlySet<number>, until: number): { name: string; state: EntriesState }[] {
    const holders = new Set([...keys].flatMap((key) => state.entries[key]?.lock?.lease ?? []));
    return [...holders].flatMap((lease) => {
      const earliest = this.#ends.mayExpire(lease, until);
      if (earliest === undefined) return [];
      const revision = unknownRevision(lease, state);
      return [{ name: `the lease ${lease} expires`, state: this.#ended(state, lease, revision, earliest, until) }];
    });
  }

  apply(state: EntriesState, { operation, start, end }: RegistryCall, until: number): EntriesState[] {
    const { call, answer } = operation;
    const holders = new Set(state.entries.flatMap((entry) => entry?.lock?.lease ?? []));
    for (const lease of holders) if (this.#ends.mustHaveExpired(lease, start)) return [];
    const times = { start, until: Math.min(end, until) };
    if (call.kind === 'revoke') return this.#revoke(state, operation, call.lease, times);
    if (call.kind !== 'transact') throw new Error(`the model of entries has no ${call.kind}`);
    const succeeded = call.if.every(({ key, value }) => (this.#entryOf(state, key)?.value ?? null) === value);
    const steps = succeeded ? call.do : call.else;
    if (answer === null) {
      const context = { revision: unknownRevision(operation.index, state), ...times };
      const after = this.#carryOut(state, steps, context, undefined);
      return after === undefined ? [] : [after];
    }
    if (answer.kind === 'refused') return steps.flatMap((step) => this.#refused(state, step, answer.code, times));
    if (answer.kind !== 'transacted' || answer.succeeded !== succeeded) return [];
    const { revision } = answer.at;
    const after = this.#carryOut(state, steps, { revision, ...times }, answer.results);
    // A change has a revision of its own.
    const isTooLow = changes(answer.results) ? revision <= state.floor : revision < state.floor;
    if (after === undefined || isTooLow) return [];
    return [after === state && revision === state.floor ? state : { ...after, floor: revision }];
  }

  #revoke(
    state: EntriesState,
    { answer, index }: Operation,
    lease: string,
    { start, until }: Omit<StepContext, 'revision'>,
  ): EntriesState[] {
    const isChange = this.#hasLocks(state, lease);
    if (answer?.kind === 'refused') {
      return answer.code === 'LEASE_NOT_FOUND' && this.#mayBeGone(state, lease, until)
        ? [this.#withGone(state, lease)]
        : [];
    }
    if (state.ended.includes(lease)) return answer === null ? [state] : [];
    if (answer !== null) {
      // Its cursor may be later than the revision of the end.
      if (answer.kind !== 'revoked') return [];
      if (isChange ? answer.at.revision <= state.floor : answer.at.revision < state.floor) return [];
    }
    return [this.#ended(state, lease, unknownRevision(index, state), start, until)];
  }

  #ended(state: EntriesState, lease: string, revision: KnownRevision, earliest: number, latest: number): EntriesState {
    return withEnd(state, this.#keys, lease, {
      revision,
      earliest,
      latest,
      lockDelayMs: this.#ends.lockDelayMs(lease),
    });
  }

  #hasLocks({ entries }: EntriesState, lease: string): boolean {
    return entries.some((entry) => entry?.lock?.lease === lease);
  }

  /** Returns whether a lease has ended, or may have without a trace. */
  #mayBeGone(state: EntriesState, lease: string, until: number): boolean {
    if (state.ended.includes(lease)) return true;
    return !this.#hasLocks(state, lease) && this.#ends.mayExpire(lease, until) !== undefined;
  }

  #withGone(state: EntriesState, lease: string): EntriesState {
    return state.ended.includes(lease) ? state : { ...state, ended: [...state.ended, lease].sort() };
  }

  #entryOf({ entries }: EntriesState, key: Key): EntryState | null {
    return entries[this.#keys.indexOf(key)] ?? null;
  }

  /** Returns the states after a transaction that was refused because of one of its steps. */
  #refused(
    state: EntriesState,
    step: EntryStep,
    code: string,
    { start, until }: Omit<StepContext, 'revision'>,
  ): EntriesState[] {
    const lease = step.op === 'put' ? (step.acquire ?? step.release) : undefined;
    if (step.op !== 'put' || lease === undefined) return [];
    if (code === 'LEASE_NOT_FOUND') {
      return this.#mayBeGone(state, lease, until) ? [this.#withGone(state, lease)] : [];
    }
    const holder = this.#entryOf(state, step.key)?.lock?.lease ?? null;
    const isOthers = holder !== null && holder !== lease;
    const delayedUntil = state.delays[step.key]?.to ?? Number.NEGATIVE_INFINITY;
    const mayBeDelayed = holder === null && start <= delayedUntil + CLOCK_MARGIN_MS;
    if (code === 'LOCK_HELD') return isOthers || (step.acquire !== undefined && mayBeDelayed) ? [state] : [];
    return code === 'CONFLICT' && step.release !== undefined && holder === null ? [state] : [];
  }

  /** @param results Undefined if there is no answer, which allows any. */
  #carryOut(
    state: EntriesState,
    steps: readonly EntryStep[],
    context: StepContext,
    results: readonly EntryResult[] | undefined,
  ): EntriesState | undefined {
    let after = state;
    if (results !== undefined && results.length !== steps.length) return undefined;
    for (const [number, step] of steps.entries()) {
      const next = this.#step(after, step, context, results?.[number]);
      if (next === undefined) return undefined;
      after = next;
    }
    return after;
  }

  #step(
    state: EntriesState,
    step: EntryStep,
    context: StepContext,
    result: EntryResult | undefined,
  ): EntriesState | undefined {
    if (result !== undefined && result.op !== step.op) return undefined;
    const { revision } = context;
    if (step.op === 'range') return result?.op === 'range' ? this.#shown(state, step.group, result, revision) : state;
    const key = this.#keys.indexOf(step.key);
    const before = state.entries[key] ?? null;
    if (step.op === 'delete') {
      if (result?.op === 'delete' && result.deleted !== Number(before !== null)) return undefined;
      return before === null ? state : { ...state, entries: state.entries.with(key, null) };
    }
    const lock = this.#lockAfter(state, step, context);
    if (lock === undefined) return undefined;
    const version = (before?.version ?? 0) + 1;
    const createdRevision = before?.createdRevision ?? revision;
    const entry = { value: step.value, createdRevision, revision, version, lock };
    const after = { ...state, entries: state.entries.with(key, entry) };
    if (result?.op !== 'put') return after;
    return result.entry.revision === revision ? learnedEntry(after, key, result.entry) : undefined;
  }

  /** Returns the lock of an entry after a put; null if it never had one, undefined if the put must be refused. */
  #lockAfter(
    state: EntriesState,
    { key, acquire, release }: Extract<EntryStep, { op: 'put' }>,
    { revision, start, until }: StepContext,
  ): EntryState['lock'] | undefined {
    const lock = this.#entryOf(state, key)?.lock ?? null;
    const lease = acquire ?? release;
    if (lease === undefined) return lock;
    if (state.ended.includes(lease) || this.#ends.mustHaveExpired(lease, start)) return undefined;
    if (release !== undefined) return lock?.lease === lease ? { ...lock, lease: null } : undefined;
    if (lock?.lease === lease) return lock;
    const isDelayed = until < (state.delays[key]?.from ?? 0) - CLOCK_MARGIN_MS;
    if (lock?.lease != null || isDelayed) return undefined;
    return { lease, index: (lock?.index ?? 0) + 1, acquiredRevision: revision };
  }

  /** Returns the state after a range, which may show revisions that no answer had reported. */
  #shown(
    state: EntriesState,
    group: string,
    { entries }: Extract<EntryResult, { op: 'range' }>,
    revision: KnownRevision,
  ): EntriesState | undefined {
    const existing = this.#keys.filter((key) => serviceOf(key) === group && this.#entryOf(state, key) !== null);
    if (existing.join() !== entries.map(({ key }) => key).join()) return undefined;
    let after: EntriesState | undefined = state;
    for (const shown of entries) {
      if (after === undefined || this.#entryOf(after, shown.key)?.value !== shown.value) return undefined;
      if (shown.revision > Number(revision)) return undefined;
      after = learnedEntry(after, this.#keys.indexOf(shown.key), shown);
    }
    return after;
  }
}

const changes = (results: readonly EntryResult[]) =>
  results.some((result) => result.op === 'put' || (result.op === 'delete' && result.deleted > 0));

/** Splits the transactions of a history by groups of entries, each of which can be checked by itself. */
export function entryPartitionsOf({ operations, outages }: History): Partition[] {
  const calls = operations.filter(({ call }) => call.kind === 'transact' || call.kind === 'revoke');
  const shown = calls.flatMap(({ answer }) => (answer?.kind === 'transacted' ? entriesIn(answer.results) : []));
  const named = calls.flatMap(({ call }) => keysOf(call, [], () => []));
  const keys = [...new Set([...named, ...shown.map(({ key }) => key)])].sort();
  const evidence = evidenceIn(calls);
  return [...Map.groupBy(keys, serviceOf).values()].map((ofGroup) => {
    const used = ({ call }: Operation) => keysOf(call, ofGroup, () => []).filter((key) => ofGroup.includes(key));
    const concerned = calls.filter((operation) => used(operation).length > 0 && !isIdle(operation));
    const asSeen = (operation: Operation): RegistryCall => ({
      ...asCall(operation, used(operation), ofGroup, evidence.get(operation), outages),
      recovers: [],
    });
    return { keys: ofGroup, calls: concerned.map(asSeen) };
  });
}

const entriesIn = (results: readonly EntryResult[]) =>
  results.flatMap((result) => (result.op === 'range' ? result.entries : []));

/** Returns whether a transaction without an answer changes nothing. */
function isIdle({ call, end }: Operation): boolean {
  return end === null && call.kind === 'transact' && [...call.do, ...call.else].every(({ op }) => op === 'range');
}

/** Collects proof that unanswered transactions took effect: each value is written by one of them only. */
function evidenceIn(calls: readonly Operation[]): Map<Operation, Evidence> {
  const writers = new Map<string, Operation>();
  for (const operation of calls) {
    if (operation.call.kind !== 'transact' || operation.end !== null) continue;
    for (const step of operation.call.do) if (step.op === 'put') writers.set(step.value, operation);
  }
  const found = new Map<Operation, Evidence>();
  for (const { answer, end } of calls) {
    if (answer?.kind !== 'transacted' || end === null) continue;
    for (const { value, revision } of entriesIn(answer.results)) {
      const writer = writers.get(value);
      if (writer !== undefined) found.set(writer, { by: Math.min(end, found.get(writer)?.by ?? end), revision });
    }
  }
  return found;
}
