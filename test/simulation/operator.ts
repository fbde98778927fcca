import type { JournaledChange } from '../../src/core/namespace/commit/journal-format';
import type { InstanceKey, Operation } from '../../src/model/batch';
import { InstanceDefinition } from '../../src/model/instance';
import { readJsonText } from '../../src/model/json';
import { grantLease, type Lease } from '../../src/model/lease';
import type { NamespaceApi } from '../../src/model/namespace-api';
import type { Override } from '../../src/model/override';
import type { JournaledRevision } from './journal-rows';
import type { SeededRandom } from './seeded-random';
import type { Positioned, World } from './world';

const CALLER = { tokenId: 'operator', operates: true };

/** Group of the instances that batches register, in their own service. They are never renewed. */
const BATCH_GROUP = 'batches';
const BATCH_IDS = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'] as const;

/**
 * Makes all changes besides those of the holders: overrides, quarantines and drains by operators, services, and batches by
 * deployment scripts. Each batch carries a unique token, so that the journal shows whether it was applied as a whole in one
 * revision.
 */
export class Operator {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #keys: [InstanceKey, ...InstanceKey[]];
  /** Number of instances that each batch registers, by its token; 0 for a refused one. */
  readonly #batches = new Map<string, number>();

  constructor(world: World, keys: [InstanceKey, ...InstanceKey[]]) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#keys = keys;
    world.onRevision.push((revision, at) => {
      this.#checkBatches(revision);
      for (const change of revision.changes) if (change.group === BATCH_GROUP) this.#trackLease(change, at);
    });
  }

  async live(): Promise<never> {
    const { operations } = this.#world.scenario;
    for (;;) {
      await this.#world.sleep(this.#random.magnitude(operations.from, operations.to));
      await this.#world.untilUp();
      await this.#operate();
    }
  }

  async #operate(): Promise<unknown> {
    const key = this.#random.pick(this.#keys);
    const { group, service, id } = key;
    const what = this.#random.weighted({
      override: 4,
      clear: 2,
      drain: 1,
      patch: 3,
      deregister: 1,
      putService: 1,
      patchService: 1,
      removeService: 0.5,
      batch: 4,
    });
    const on = what.endsWith('Service') ? service : id;
    const ask = (call: (registry: NamespaceApi) => Promise<Positioned>) =>
      this.#world.ask({ name: `operator: ${what} ${on}`, ask: call });
    const known = this.#world.chronicle.replica.record({ kind: 'instance', ...key })?.revision ?? 0;
    const guess = this.#random.pick([known, Math.max(0, known - this.#random.whole(1, 3))]);
    const precondition = this.#random.chance(0.4) ? { revision: guess } : {};
    switch (what) {
      case 'override':
        return this.#override(key);
      case 'clear':
        return ask((registry) => registry.clearOverride(CALLER, { key, precondition }));
      case 'drain':
        return ask((registry) => registry.drain(CALLER, { key, waitMs: 0, graceMs: this.#random.pick([0, 5_000]) }));
      case 'patch':
        return this.#patch(key, precondition);
      case 'deregister':
        return ask((registry) => registry.deregister(CALLER, { key, precondition }));
      case 'putService':
        return ask((registry) =>
          registry.putService(CALLER, {
            group,
            service,
            definition: { metadata: { set: this.#random.id() }, protectThreshold: this.#random.pick([0, 0.5]) },
            precondition: {},
          }),
        );
      case 'patchService':
        return ask((registry) =>
          registry.patchService(CALLER, { group, service, patch: { metadata: { by: 'operator' } }, precondition: {} }),
        );
      case 'removeService':
        return ask((registry) =>
          registry.removeService(CALLER, { group, service, force: this.#random.chance(0.5), precondition: {} }),
        );
      case 'batch':
        return this.#batch();
    }
  }

  async #patch(key: InstanceKey, precondition: { revision?: number }): Promise<void> {
    const patch = { weight: this.#random.pick([0, 1, 3]) };
    await this.#world.ask(
      { name: `operator: patches ${key.id}`, ask: (registry) => registry.patch(CALLER, { key, patch, precondition }) },
      (_value, _heardAt, revision) => {
        const { replica } = this.#world.chronicle;
        const record = { kind: 'instance', ...key } as const;
        const kept = replica.record(record, revision);
        // The patch changed the record as it was before the revision of the answer, or it changed nothing.
        const before = replica.record(record, revision - 1);
        const { revision: asked } = precondition;
        if (asked === undefined || kept === undefined || before === undefined) return;
        if (asked !== kept.revision && (asked !== before.revision || kept.revision !== revision)) {
          this.#world.report('Q4', `${key.id} was patched at ${before.revision}, not at ${asked}`);
        }
      },
    );
  }

  async #override(key: InstanceKey): Promise<void> {
    const override = this.#someOverride();
    await this.#world.ask(
      {
        name: `operator: overrides ${key.id}`,
        ask: (registry) => registry.putOverride(CALLER, { key, override, precondition: {} }),
      },
      (_value, _heardAt, revision) => {
        const kept = this.#world.chronicle.replica.record({ kind: 'override', ...key }, revision);
        if (kept?.text === null)
          this.#world.report('I1', `the override of ${key.id} was acknowledged, but does not exist`);
      },
    );
  }

  #someOverride(): Override {
    const { clock } = this.#world.machine;
    const until = new Date(clock.now() + this.#random.magnitude(1_000, 3_600_000)).toISOString();
    return this.#random.pick<Override>([
      { weight: this.#random.whole(0, 5) },
      { enabled: false },
      { status: 'out-of-service', metadata: { by: 'operator' } },
      { quarantine: {} },
      { quarantine: { until, reason: 'simulated' } },
      { weight: 2, quarantine: { until } },
    ]);
  }

  async #batch(): Promise<void> {
    const token = this.#random.id();
    const ids = BATCH_IDS.filter(() => this.#random.chance(0.5));
    const operations = ids.map((id) => this.#someOperation(id, token));
    if (operations.length === 0) return;
    this.#batches.set(token, operations.filter(({ op }) => op === 'register').length);
    const reply = await this.#world.ask(
      {
        name: `operator: a batch of ${operations.length}`,
        ask: (registry) => registry.batch(CALLER, operations),
      },
      ({ body }, _heardAt, revision) => this.#checkReport(operations, readJsonText(body).results, revision),
    );
    if (reply.kind === 'refusal') this.#batches.set(token, 0);
  }

  #someOperation(id: string, token: string): Operation {
    const key = { group: BATCH_GROUP, service: 'batch', id };
    const op = this.#random.weighted({ register: 5, deregister: 1, override: 1 });
    const known = this.#world.chronicle.replica.record({ kind: op === 'override' ? op : 'instance', ...key });
    const precondition = this.#random.pick([
      {},
      {},
      { revision: known?.revision ?? 0 },
      { absent: known?.text === null },
    ]);
    if (op === 'deregister') return { op, key, precondition };
    if (op === 'override') return { op, key, precondition, override: { metadata: { token } } };
    const ephemeral = this.#random.chance(0.5);
    const definition = InstanceDefinition.parse({
      url: `https://${id}.example/`,
      metadata: { token },
      ephemeral,
      lease: ephemeral ? { ttlMs: this.#random.whole(1_000, 60_000) } : null,
    });
    return { op, key, precondition, definition };
  }

  /** Tracks leases of batches from the journal: the sender may not know whether a batch was applied. */
  #trackLease(change: JournaledChange, at: number): void {
    if (change.kind !== 'instance' || change.cause !== 'registered' || change.after === null) return;
    const { definition } = JSON.parse(change.after) as { definition: { lease?: Lease | null } }; // `as`: the core wrote it
    if (definition.lease === null) this.#world.leases.released(change, at + 1);
    else this.#world.leases.heard(change, definition.lease ?? grantLease(undefined), false, at);
  }

  /** Compares an answer with the journal at the revision of the answer. */
  #checkReport(operations: Operation[], results: { outcome: string; revision: number | null }[], at: number): void {
    for (const [index, { key, op }] of operations.entries()) {
      const result = results[index];
      const kind = op === 'override' ? 'override' : 'instance';
      const kept = this.#world.chronicle.replica.record({ kind, ...key }, at);
      const isKept = kept?.text === null ? null : kept?.revision;
      if (result?.revision !== isKept) {
        this.#world.report('C3', `a batch left ${kind} ${key.id} at ${isKept}, and answered ${JSON.stringify(result)}`);
      }
    }
  }

  /** Checks that all registrations of a batch are in one revision, and those of a refused one in none. */
  #checkBatches({ revision, changes }: JournaledRevision): void {
    const found = new Map<string, number>();
    for (const { kind, cause, after } of changes) {
      if (kind !== 'instance' || cause !== 'registered') continue;
      const token = /"token":"([^"]+)"/.exec(after ?? '')?.[1];
      if (token !== undefined) found.set(token, (found.get(token) ?? 0) + 1);
    }
    for (const [token, count] of found) {
      const expected = this.#batches.get(token);
      if (expected === count) continue;
      this.#world.report('C3', `revision ${revision} has ${count} of the ${expected} registrations of a batch`);
    }
  }
}
