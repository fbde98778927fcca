import { setTimeout as sleep } from 'node:timers/promises';
import { OutcomeUnknown } from '../http/http-caller';
import type { SeededRandom } from '../simulation/seeded-random';
import { ENTRY_GROUPS, ENTRY_IDS, readingOf } from './entry-choice';
import type { Faults } from './faults';
import type { HttpOperator } from './http-operator';
import { type Answer, type Call, type EntryStep, type GrantedLife, keyOf } from './operation';
import { monotonicNow, type Recorder } from './recorder';

export interface LockClient {
  name: string;
  operator: HttpOperator;
  recorder: Recorder;
  random: SeededRandom;
  faults: Faults;
  /** Receives the life of each lease, by its id. */
  leases: Record<string, GrantedLife>;
}

/** A client that locks entries for a granted lease, which it renews, revokes or leaves. Then it is granted another one. */
export class LockOperator {
  readonly #client: LockClient;
  #marks = 0;

  constructor(client: LockClient) {
    this.#client = client;
  }

  /** Runs until the signal is aborted. */
  async work(stop: AbortSignal): Promise<void> {
    const { faults, random, operator } = this.#client;
    while (!stop.aborted) {
      await faults.up();
      const id = await this.#grant().catch(ignoreUnknown);
      if (id !== undefined) await this.#use(id, stop);
      await sleep(random.magnitude(1, 100));
    }
    operator.close();
  }

  async #grant(): Promise<string> {
    const { operator, random, leases } = this.#client;
    const ttlMs = random.whole(1_000, 2_500);
    const lockDelayMs = random.chance(0.5) ? 0 : random.whole(100, 1_500);
    const sentAt = monotonicNow();
    const id = await operator.grantLease({ ttlMs, lockDelayMs });
    const group = random.pick(ENTRY_GROUPS);
    leases[id] = { group, ttlMs, lockDelayMs, isUnsure: false, signs: [{ sentAt, answeredAt: monotonicNow() }] };
    return id;
  }

  /** Acquires and releases locks for a while, and leaves the lease in one of several ways. */
  async #use(id: string, stop: AbortSignal): Promise<void> {
    const { random, leases } = this.#client;
    const life = leases[id];
    if (life === undefined) return;
    const until = monotonicNow() + random.magnitude(50, 2_500);
    while (!stop.aborted && monotonicNow() < until) {
      const what = random.weighted({ lock: 6, renew: 3, read: 1 });
      const answer =
        what === 'renew'
          ? await this.#renew(id, life)
          : await this.#call(what === 'read' ? readingOf(life.group) : this.#locking(id, life));
      if (answer === 'ended' || (answer?.kind === 'refused' && answer.code === 'LEASE_NOT_FOUND')) return;
      await sleep(random.magnitude(1, 60));
    }
    if (random.chance(0.6)) await this.#call({ kind: 'revoke', lease: id, group: life.group });
  }

  #call(call: Call): Promise<Answer | null> {
    const { name, recorder, operator } = this.#client;
    return recorder.record(name, call, () => operator.perform(call));
  }

  async #renew(id: string, life: GrantedLife): Promise<'ended' | undefined> {
    const sentAt = monotonicNow();
    const isThere = await this.#client.operator.renewLease(id).catch(ignoreUnknown);
    if (isThere === undefined) life.isUnsure = true;
    else if (isThere) life.signs.push({ sentAt, answeredAt: monotonicNow() });
    return isThere === false ? 'ended' : undefined;
  }

  /** Returns a transaction that acquires or releases one lock or two. */
  #locking(lease: string, { group }: GrantedLife): Call {
    const { random, name } = this.#client;
    const chosen = random.pick(ENTRY_IDS);
    const ids = ENTRY_IDS.filter((id) => id === chosen || random.chance(0.2));
    const releases = random.chance(0.35);
    const steps = ids.map((id): EntryStep => {
      const put = { op: 'put' as const, key: keyOf(group, id), value: `${name}.${++this.#marks}` }; // `as`: one of the operations
      return releases ? { ...put, release: lease } : { ...put, acquire: lease };
    });
    return { kind: 'transact', if: [], do: steps, else: [] };
  }
}

/** Passes on all errors but that there was no answer. */
function ignoreUnknown(error: unknown): undefined {
  if (!(error instanceof OutcomeUnknown)) throw error;
}
