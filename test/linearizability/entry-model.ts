import type { Evidence } from './evidence';
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

/** A revision, or a name for that of an unanswered change, until an answer shows it. */
type KnownRevision = number | string;

interface EntryState {
  value: string;
  createdRevision: KnownRevision;
  revision: KnownRevision;
  version: number;
}

/** Some of the entries of a registry. Immutable: a change creates another one. */
export interface EntriesState {
  /** Highest reported revision: no later answer may report a lower one, and no later change the same. */
  floor: number;
  /** By the index of their key; null if there is none. */
  entries: readonly (EntryState | null)[];
}

/** The sequential model of transactions over entries, written from the documentation, independently of the core. */
export class EntryModel implements Model<EntriesState, RegistryCall> {
  readonly initial: EntriesState;
  readonly #keys: readonly Key[];

  constructor(keys: readonly Key[]) {
    this.#keys = keys;
    this.initial = { floor: 0, entries: keys.map(() => null) };
  }

  textOf({ floor, entries }: EntriesState): string {
    return JSON.stringify([floor, entries]);
  }

  happenings(): [] {
    return [];
  }

  apply(state: EntriesState, { operation }: RegistryCall): EntriesState[] {
    const { call, answer, index } = operation;
    if (call.kind !== 'transact') throw new Error(`the model of entries has no ${call.kind}`);
    const succeeded = call.if.every(({ key, value }) => (this.#entryOf(state, key)?.value ?? null) === value);
    const steps = succeeded ? call.do : call.else;
    if (answer === null) {
      const after = this.#carryOut(state, steps, `${index}>${state.floor}`, undefined);
      return after === undefined ? [] : [after];
    }
    if (answer.kind !== 'transacted' || answer.succeeded !== succeeded) return [];
    const { revision } = answer.at;
    const after = this.#carryOut(state, steps, revision, answer.results);
    // A change has a revision of its own.
    const isTooLow = changes(answer.results) ? revision <= state.floor : revision < state.floor;
    if (after === undefined || isTooLow) return [];
    return [after === state && revision === state.floor ? state : { ...after, floor: revision }];
  }

  #entryOf({ entries }: EntriesState, key: Key): EntryState | null {
    return entries[this.#keys.indexOf(key)] ?? null;
  }

  /** @param results Undefined if there is no answer, which allows any. */
  #carryOut(
    state: EntriesState,
    steps: readonly EntryStep[],
    revision: KnownRevision,
    results: readonly EntryResult[] | undefined,
  ): EntriesState | undefined {
    let after = state;
    if (results !== undefined && results.length !== steps.length) return undefined;
    for (const [number, step] of steps.entries()) {
      const next = this.#step(after, step, revision, results?.[number]);
      if (next === undefined) return undefined;
      after = next;
    }
    return after;
  }

  #step(
    state: EntriesState,
    step: EntryStep,
    revision: KnownRevision,
    result: EntryResult | undefined,
  ): EntriesState | undefined {
    if (result !== undefined && result.op !== step.op) return undefined;
    if (step.op === 'range') return result?.op === 'range' ? this.#shown(state, step.group, result, revision) : state;
    const key = this.#keys.indexOf(step.key);
    const before = state.entries[key] ?? null;
    if (step.op === 'delete') {
      if (result?.op === 'delete' && result.deleted !== Number(before !== null)) return undefined;
      return before === null ? state : { ...state, entries: state.entries.with(key, null) };
    }
    const version = (before?.version ?? 0) + 1;
    const entry = { value: step.value, createdRevision: before?.createdRevision ?? revision, revision, version };
    const after = { ...state, entries: state.entries.with(key, entry) };
    if (result?.op !== 'put') return after;
    const { createdRevision } = result.entry;
    if (result.entry.revision !== revision || result.entry.version !== version) return undefined;
    return learned(after, entry.createdRevision, createdRevision);
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
      const entry = after && this.#entryOf(after, shown.key);
      if (!after || entry?.value !== shown.value || entry.version !== shown.version) return undefined;
      if (shown.revision > Number(revision)) return undefined;
      after = learned(after, entry.revision, shown.revision);
      after = after && learned(after, this.#entryOf(after, shown.key)?.createdRevision ?? 0, shown.createdRevision);
    }
    return after;
  }
}

const changes = (results: readonly EntryResult[]) =>
  results.some((result) => result.op === 'put' || (result.op === 'delete' && result.deleted > 0));

/**
 * Returns the state once a revision is known: everything that the same change wrote has it. Undefined if it contradicts what
 * was known.
 */
function learned(state: EntriesState, known: KnownRevision, shown: number): EntriesState | undefined {
  if (known === shown) return state;
  // The name has the highest revision that was reported when the change took effect.
  if (typeof known === 'number' || shown <= Number(known.slice(known.indexOf('>') + 1))) return undefined;
  const replaced = (revision: KnownRevision) => (revision === known ? shown : revision);
  const entries = state.entries.map((entry) => {
    if (entry === null) return null;
    return { ...entry, revision: replaced(entry.revision), createdRevision: replaced(entry.createdRevision) };
  });
  return { ...state, entries };
}

/** Splits the transactions of a history by groups of entries, each of which can be checked by itself. */
export function entryPartitionsOf({ operations, outages }: History): Partition[] {
  const calls = operations.filter(({ call }) => call.kind === 'transact');
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
