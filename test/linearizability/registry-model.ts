import { changeRecord, type StepOutcome } from './change-record';
import { foundBy } from './implied';
import type { LeaseHappenings } from './lease-happenings';
import type { Interval, Model } from './linearize';
import { type Answer, type Key, type Operation, placeIn } from './operation';
import { NEVER, type RecordState, removed, shownRecord, withText } from './record-state';

/** A call on some of the records, as the search sees it. */
export interface RegistryCall extends Interval {
  operation: Operation;
  /** Keys that it probably found unhealthy. */
  recovers: readonly Key[];
}

/** Some of the records of a registry. Immutable: a change creates another one. */
export interface RegistryState {
  /** Highest reported revision: no later answer may report a lower one, and no later change the same. */
  floor: number;
  records: readonly RecordState[];
}

type Changed = Extract<Answer, { kind: 'changed' }>;

/**
 * The sequential model of a registry that histories are compared with. It is written from the documentation, independently
 * of the core.
 *
 * It includes revisions: a change takes one that is higher than all before, an answer reports the namespace's revision, and
 * a record has that of its last change. The revision of an unanswered change is learned from later answers.
 */
export class RegistryModel implements Model<RegistryState, RegistryCall> {
  readonly initial: RegistryState;
  readonly #keys: readonly Key[];
  readonly #leases: LeaseHappenings;

  /** @param keys Names of the records. */
  constructor(keys: readonly Key[], leases: LeaseHappenings) {
    this.#keys = keys;
    this.#leases = leases;
    this.initial = { floor: 0, records: keys.map(() => NEVER) };
  }

  textOf({ floor, records }: RegistryState): string {
    return `${floor}${records.map(({ text }) => text).join('')}`;
  }

  apply(state: RegistryState, call: RegistryCall, until: number): RegistryState[] {
    const after = this.#apply(state, call, until);
    if (after !== undefined && call.recovers.length === 0) return [after];
    const passed = this.#passed(state, call, until);
    const afterPassed = passed === state ? undefined : this.#apply(passed, call, until);
    return [afterPassed ?? [], after ?? []].flat();
  }

  /** Returns the state after the effects of time that an answer implies, if they are possible. */
  #passed(state: RegistryState, { keys, operation, recovers, start }: RegistryCall, until: number): RegistryState {
    const found = foundBy(
      operation,
      keys.map((key) => this.#keys[key] ?? ''),
    );
    let passed = state;
    for (const [number, key] of keys.entries()) {
      const record = recordAt(passed, key);
      if (record.content === null) continue;
      const isGone = found[number] === 'gone' || this.#leases.isOverdue(record, 'removal', start);
      const isSeenUnhealthy = found[number] === 'unhealthy' || recovers.includes(this.#keys[key] ?? '');
      const isUnhealthy = isSeenUnhealthy || this.#leases.isOverdue(record, 'illness', start);
      const { session } = record;
      if (isGone && session !== undefined && this.#leases.mayHaveLapsed(session, until)) {
        passed = this.#release(passed, session);
        continue;
      }
      const next = isGone
        ? this.#leases.expired(record, until)
        : isUnhealthy
          ? this.#leases.sickened(record, until)
          : undefined;
      if (next !== undefined) passed = { ...passed, records: passed.records.with(key, next) };
    }
    return passed;
  }

  #apply(state: RegistryState, call: RegistryCall, until: number): RegistryState | undefined {
    // A call sees no record whose time is over: it must have ended before.
    for (const key of call.keys) {
      const record = recordAt(state, key);
      if (this.#leases.isOverdue(record, 'removal', call.start)) return undefined;
      if (this.#leases.isOverdue(record, 'illness', call.start)) return undefined;
    }
    const { call: asked, answer } = call.operation;
    switch (asked.kind) {
      case 'change':
        return this.#change(state, call, until);
      case 'read':
      case 'list':
        return this.#show(state, call, asked.since?.revision);
      case 'renew':
        return this.#renew(state, call, until);
      case 'transact':
        throw new Error('a transaction has a model of its own');
      case 'end':
        if (answer !== null && answer.kind !== 'ended') return undefined;
        return this.#release(state, asked.session);
    }
  }

  happenings({ floor, records }: RegistryState, keys: ReadonlySet<number>, until: number) {
    const found: { name: string; state: RegistryState }[] = [];
    const sessions = new Set<string>();
    for (const key of keys) {
      const record = records[key] ?? NEVER;
      if (record.session !== undefined) sessions.add(record.session);
      const become = (what: string, next: RecordState | undefined) => {
        if (next === undefined) return;
        found.push({ name: `${this.#keys[key]} ${what}`, state: { floor, records: records.with(key, next) } });
      };
      become('expires', this.#leases.expired(record, until));
      become('turns unhealthy', this.#leases.sickened(record, until));
    }
    for (const session of sessions) {
      if (!this.#leases.mayHaveLapsed(session, until)) continue;
      found.push({ name: `session ${session} lapses`, state: this.#release({ floor, records }, session) });
    }
    return found;
  }

  #change(state: RegistryState, call: RegistryCall, until: number): RegistryState | undefined {
    const { call: asked, answer, start } = call.operation;
    if (asked.kind !== 'change') return undefined;
    const code = answer?.kind === 'refused' ? answer.code : undefined;
    if (code === 'LEASE_NOT_FOUND') return this.#isSessionGone(asked.session, until) ? state : undefined;
    const revision = answer?.kind === 'changed' ? answer.at.revision : undefined;
    const renewed = { sentAt: start, answeredAt: call.end < Number.POSITIVE_INFINITY ? call.end : until };
    const { session } = asked;
    const context = { revision, renewed, session, isMismatch: code === 'REVISION_MISMATCH' };
    const records = [...state.records];
    const outcomes: StepOutcome[] = [];
    for (const [number, step] of asked.steps.entries()) {
      const key = call.keys[number] ?? -1;
      const reported = answer?.kind === 'changed' ? answer.results[number] : undefined;
      const done = changeRecord(records[key] ?? NEVER, step, { ...context, reported });
      if (done === undefined) return undefined;
      // A refusal leaves everything unchanged, and without an answer it can't be distinguished from no effect.
      if (done.refused !== undefined) return code === done.refused ? state : undefined;
      outcomes.push(done);
      records[key] = done.record;
    }
    if (answer === null) return { ...state, records };
    return answer.kind === 'changed' ? placed(state, records, outcomes, answer) : undefined;
  }

  /** Returns whether a session has lapsed, after which it can't register anything. */
  #isSessionGone(session: string | undefined, until: number): boolean {
    return session !== undefined && this.#leases.mayHaveLapsed(session, until);
  }

  #show(state: RegistryState, { keys, operation }: RegistryCall, since: number | undefined): RegistryState | undefined {
    const { answer, call } = operation;
    if (answer === null) return state;
    const records = keys.map((key) => recordAt(state, key));
    if (answer.kind === 'refused') {
      const isRight = call.kind === 'read' && answer.code === 'INSTANCE_NOT_FOUND';
      return isRight && records.every(({ content }) => content === null) ? state : undefined;
    }
    if (answer.kind === 'unmodified') {
      const exists = call.kind === 'list' || records.every(({ content }) => content !== null);
      const isOld = records.every(({ revision }) => revision === undefined || revision <= (since ?? -1));
      return exists && isOld ? raised(state, answer.at.revision) : undefined;
    }
    if (answer.kind !== 'shown') return undefined;
    const after = [...state.records];
    const shownKeys = new Set(answer.records.map(({ key }) => key));
    for (const key of keys) {
      const shown = answer.records.find((each) => each.key === this.#keys[key]);
      const record = shownRecord(recordAt(state, key), shown);
      if (record === undefined || (record.revision ?? 0) > answer.at.revision) return undefined;
      shownKeys.delete(this.#keys[key] ?? '');
      after[key] = record;
    }
    if (shownKeys.size > 0) return undefined;
    const isNews = keys.some((key) => after[key] !== state.records[key]);
    return raised(isNews ? { ...state, records: after } : state, answer.at.revision);
  }

  #renew(state: RegistryState, call: RegistryCall, until: number): RegistryState | undefined {
    const { keys, operation, start } = call;
    const { answer } = operation;
    const at = placeIn(answer);
    const records = [...state.records];
    const gone: Key[] = [];
    for (const key of keys) {
      const record = recordAt(state, key);
      if (record.content === null) gone.push(this.#keys[key] ?? '');
      // Renewing a record that a session holds has no effect.
      else if (record.content.lease !== null && record.session === undefined) {
        // An unhealthy instance recovers, which is a change.
        const recovered = record.healthy ? {} : { healthy: true, revision: at?.revision };
        if (!record.healthy && at !== null && at.revision <= state.floor) return undefined;
        records[key] = withText({
          ...record,
          ...recovered,
          sentAt: start,
          answeredAt: call.end < Number.POSITIVE_INFINITY ? call.end : until,
        });
      }
    }
    if (answer === null) return { ...state, records };
    if (answer.kind === 'refused') {
      const [first = 0] = keys;
      const hasNoLease = recordAt(state, first).content?.lease === null;
      const code = gone.length > 0 ? 'INSTANCE_NOT_FOUND' : hasNoLease ? 'CONFLICT' : undefined;
      return answer.code === code ? state : undefined;
    }
    if (answer.kind !== 'renewed' || answer.unknown.join() !== gone.join()) return undefined;
    return raised({ ...state, records }, answer.at.revision);
  }

  #release({ floor, records }: RegistryState, session: string): RegistryState {
    return {
      floor,
      records: records.map((record) => (record.session === session ? removed(undefined) : record)),
    };
  }
}

function recordAt({ records }: RegistryState, key: number): RecordState {
  const record = records[key];
  if (record === undefined) throw new Error(`there is no record ${key}`);
  return record;
}

/** Returns the state after an answer with a revision; undefined if an earlier answer had a higher one. */
function raised(state: RegistryState, revision: number): RegistryState | undefined {
  if (revision === state.floor) return state;
  return revision < state.floor ? undefined : { ...state, floor: revision };
}

/** Checks the revision of an answer: a change takes a new one; otherwise the answer reports that of the namespace. */
function placed(
  state: RegistryState,
  records: RecordState[],
  outcomes: readonly StepOutcome[],
  { at }: Changed,
): RegistryState | undefined {
  const changes = outcomes.some(({ changed }) => changed);
  if (changes && at.revision <= state.floor) return undefined;
  return raised({ ...state, records }, at.revision);
}
