import { InstanceDefinition } from '../../src/model/instance';
import { readJsonText } from '../../src/model/json';
import type { Caller, NamespaceApi, PutEntryCommand } from '../../src/model/namespace-api';
import type { PutOperation } from '../../src/model/transaction';
import type { Reply } from './machine';
import type { SeededRandom } from './seeded-random';
import type { Positioned, World } from './world';

/** Keys that all clients lock. */
const LOCKS = ['locks/a', 'locks/b', 'locks/c'] as const;

/** Service of the instances that granted leases hold. */
const HELD = { group: 'granted', service: 'held' };

/** A client retries a failed call within a tenth of its ttl and within a second. */
const RETRY_MAX_MS = 1_000;

/** Entries of one transaction of a lease that holds much, and of such a lease. */
const BULK_PUTS_COUNT = 120;
const BULK_COUNT = 1_200;

/** Changes of such entries while their lease ends. */
const INTERFERENCES_COUNT = 8;

/** A lease, as its client knows it. */
interface Kept {
  id: string;
  /** Null: it ends only when it is revoked. */
  ttlMs: number | null;
}

/**
 * A client with a granted lease, which holds entries and an instance and acquires locks. It renews in time, and ends in one
 * of the ways in which processes end. Then it is started again, with another lease.
 */
export class LeaseKeeper {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #caller: Caller;
  /** True if its leases hold more than can end in one turn. */
  readonly #isBulk: boolean;
  #lives = 0;
  #puts = 0;

  constructor(world: World, name: string, isBulk: boolean) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#name = name;
    this.#caller = { tokenId: `owner-${name}` };
    this.#isBulk = isBulk;
  }

  async live(): Promise<never> {
    const { lifeTtls } = this.#world.scenario;
    for (;;) {
      this.#lives += 1;
      await this.#world.sleep(this.#someTtl() * this.#random.between(0.3, 2));
      const lease = await this.#grant();
      if (lease === undefined) continue;
      const scaleMs = lease.ttlMs ?? this.#someTtl();
      const end = this.#world.time.now + scaleMs * this.#random.magnitude(lifeTtls.from, lifeTtls.to);
      let isThere = await this.#fill(lease);
      while (isThere && this.#world.time.now < end) {
        await this.#world.sleep((scaleMs / 3) * this.#random.between(0.8, 1));
        isThere = await this.#renew(lease);
        if (isThere && this.#random.chance(0.4)) isThere = await this.#act(lease);
      }
      if (isThere) await this.#end(lease, scaleMs);
    }
  }

  async #end(lease: Kept, scaleMs: number): Promise<void> {
    const { granted } = this.#world;
    const ending = this.#random.weighted({ dies: 4, stalls: 2, revokes: 3 });
    this.#world.trace.add(`${this.#name} ${ending} with the lease ${lease.id}`);
    granted.silent(lease.id);
    if (ending !== 'revokes') await this.#world.sleep(scaleMs * this.#random.between(0.3, 2));
    if (ending === 'stalls' && !(await this.#renew(lease))) return;
    if (ending === 'dies' && lease.ttlMs !== null) return;
    granted.revoking(lease.id);
    if (this.#isBulk) void this.#interfere();
    await this.#ask(lease, 'revokes', (registry) => registry.revokeLease(this.#caller, { lease: lease.id }));
  }

  /** Grants a lease, with an alias or without. An alias finds it if the answer was lost. */
  async #grant(): Promise<Kept | undefined> {
    const ttlMs = !this.#isBulk && this.#random.chance(0.15) ? null : this.#someTtl();
    const lockDelayMs = this.#random.chance(0.5) ? 0 : Math.round(this.#someTtl() / 2);
    const alias = this.#random.chance(0.4) ? String(this.#random.whole(1, 1e9)) : undefined;
    const command = { ttlMs, lockDelayMs, ...(alias !== undefined && { alias }) };
    let id: string | undefined;
    const reply = await this.#untilAnswered(() =>
      this.#world.ask(
        {
          name: `${this.#name} is granted a lease`,
          ask: (registry) => {
            this.#world.granted.asked();
            return registry.grantLease(this.#caller, command);
          },
        },
        ({ body }, heardAt) => {
          const view = readJsonText(body);
          id = view.id;
          const { ttlMs: shown, remainingMs, holds } = view;
          if (shown !== ttlMs || remainingMs !== ttlMs || holds.entries + holds.locks + holds.instances > 0)
            this.#world.report('GL1', `a lease of ${ttlMs} ms was granted as ${body}`);
          this.#world.granted.granted(view.id, { ttlMs, lockDelayMs }, heardAt);
        },
      ),
    );
    if (reply.kind === 'refusal' && reply.code === 'CONFLICT' && alias !== undefined) {
      // The answer to an earlier attempt was lost.
      const read = (registry: NamespaceApi) => registry.readLease(this.#caller, { lease: alias });
      const found = await this.#world.ask({ name: `${this.#name} reads ${alias}`, ask: read }, ({ body }) => {
        id = readJsonText(body).id;
      });
      if (found.kind === 'answer' && id !== undefined)
        this.#world.granted.granted(id, { ttlMs, lockDelayMs }, found.heardAt);
    }
    return id === undefined ? undefined : { id, ttlMs };
  }

  /** Makes the lease hold something. Returns false if it has ended. */
  async #fill(lease: Kept): Promise<boolean> {
    if (!(await this.#put(lease, `${this.#name}/0`, { lease: lease.id }))) return false;
    if (lease.ttlMs !== null && this.#random.chance(0.5) && !(await this.#register(lease))) return false;
    if (this.#isBulk) return this.#fillUp(lease);
    return this.#random.chance(0.5) ? this.#putTwo(lease) : true;
  }

  async #fillUp(lease: Kept): Promise<boolean> {
    for (let first = 0; first < BULK_COUNT; first += BULK_PUTS_COUNT) {
      const puts = Array.from({ length: BULK_PUTS_COUNT }, (_, index) => this.#holding(lease, `bulk/${first + index}`));
      if (!(await this.#transact(lease, puts)) || !(await this.#renew(lease))) return false;
    }
    return true;
  }

  /** Takes entries from the lease while it ends. */
  async #interfere(): Promise<void> {
    for (let count = 0; count < INTERFERENCES_COUNT; count++) {
      await this.#world.sleep(this.#random.magnitude(1, 300));
      const key = `bulk/${this.#random.whole(0, BULK_COUNT - 1)}`;
      const isPut = this.#random.chance(0.5);
      const command = { key, value: this.#someValue(), precondition: {} };
      await this.#world.ask<Positioned>({
        name: `${this.#name} takes ${key}`,
        ask: (registry) =>
          isPut ? registry.putEntry(this.#caller, command) : registry.deleteEntry(this.#caller, command),
      });
    }
  }

  /** Makes one of the usual changes. Returns false if the lease has ended. */
  async #act(lease: Kept): Promise<boolean> {
    const key = `${this.#name}/${this.#random.whole(1, 4)}`;
    const lock = this.#random.pick(LOCKS);
    const what = this.#random.weighted({ hold: 4, detach: 1, both: 2, two: 2, acquire: 5, release: 3, register: 1 });
    switch (what) {
      case 'hold':
        return this.#put(lease, key, { lease: lease.id });
      case 'detach':
        return this.#put(lease, key, {});
      case 'both':
        return this.#put(lease, lock, { lease: lease.id, acquire: lease.id });
      case 'two':
        return this.#putTwo(lease);
      case 'acquire':
        return this.#put(lease, lock, { acquire: lease.id });
      case 'release':
        return this.#put(lease, lock, { release: lease.id });
      case 'register':
        return lease.ttlMs === null ? true : this.#register(lease);
    }
  }

  async #put(lease: Kept, key: string, holder: Pick<PutEntryCommand, 'lease' | 'acquire' | 'release'>) {
    const value = this.#someValue();
    const { granted, chronicle, machine } = this.#world;
    let durable = 0;
    const reply = await this.#askOnce(
      `${this.#name} puts ${key} ${JSON.stringify(holder)}`,
      (registry) => {
        durable = machine.disk.durable;
        return registry.putEntry(this.#caller, { key, value, ...holder, precondition: {} });
      },
      ({ body }, revision) => {
        const entry = chronicle.replica.entries.at(key, revision);
        if (entry === undefined) return;
        const { revision: shown, lease: held, lock } = readJsonText(body);
        const is = [shown, held, lock?.lease, lock?.acquiredRevision];
        const kept = entry.entry;
        const leaseOf = (id: number | null | undefined) => (id == null ? undefined : String(id));
        const should = [entry.revision, leaseOf(kept?.lease), leaseOf(kept?.lock?.lease), kept?.lock?.acquiredRevision];
        if (is.join() !== should.join() || shown !== revision || kept?.value !== value)
          this.#world.report('I1', `${key} was put as ${is}, and is ${should} at ${revision}`);
        if (holder.acquire !== undefined && leaseOf(kept?.lock?.lease) !== holder.acquire)
          this.#world.report('EL1', `${key} was acquired by ${holder.acquire}, and is ${should}`);
      },
    );
    if (reply.kind === 'refusal' && reply.code === 'LOCK_HELD' && holder.acquire !== undefined) {
      chronicle.follow();
      granted.lockRefused(key, chronicle.replica, durable);
    }
    return this.#isThere(lease, reply);
  }

  /** Puts two entries in one transaction. */
  #putTwo(lease: Kept): Promise<boolean> {
    return this.#transact(lease, [
      this.#holding(lease, `${this.#name}/two-a`),
      this.#holding(lease, `${this.#name}/two-b`),
    ]);
  }

  #holding(lease: Kept, key: string): PutOperation {
    return { op: 'put', key, value: this.#someValue(), lease: lease.id };
  }

  async #transact(lease: Kept, puts: PutOperation[]): Promise<boolean> {
    return this.#ask(lease, `transacts ${puts.length}`, (registry) =>
      registry.transaction(this.#caller, { if: [], do: puts, else: [] }),
    );
  }

  #register(lease: Kept): Promise<boolean> {
    const definition = InstanceDefinition.parse({
      address: '10.0.3.1',
      port: 8_080,
      metadata: { life: String(this.#lives) },
      lease: { id: lease.id },
    });
    const key = { ...HELD, id: this.#name };
    return this.#ask(lease, 'registers', (registry) =>
      registry.register(this.#caller, { key, definition, precondition: {} }),
    );
  }

  async #renew(lease: Kept): Promise<boolean> {
    const { granted } = this.#world;
    const reply = await this.#untilAnswered(() =>
      this.#world.ask(
        {
          name: `${this.#name} renews ${lease.id}`,
          ask: (registry) => {
            granted.heard(lease.id);
            return registry.renewLease(this.#caller, { lease: lease.id });
          },
        },
        ({ body }, heardAt) => {
          const { remainingMs } = readJsonText(body);
          if (remainingMs !== lease.ttlMs) this.#world.report('GL1', `${lease.id} is renewed for ${remainingMs} ms`);
          granted.acknowledged(lease.id, heardAt);
        },
      ),
    );
    return this.#isThere(lease, reply);
  }

  async #ask<T extends Positioned>(lease: Kept, what: string, ask: (registry: NamespaceApi) => Promise<T>) {
    return this.#isThere(lease, await this.#askOnce(`${this.#name} ${what}`, ask));
  }

  /** Retries until there is an answer or a refusal. */
  #askOnce<T extends Positioned>(
    name: string,
    ask: (registry: NamespaceApi) => Promise<T>,
    check?: (value: T, revision: number) => void,
  ): Promise<Reply<T>> {
    const checked = (value: T, _heardAt: number, revision: number) => check?.(value, revision);
    return this.#untilAnswered(() => this.#world.ask({ name, ask }, checked));
  }

  /** Returns false if the lease has ended. */
  #isThere(lease: Kept, reply: Reply<unknown>): boolean {
    if (reply.kind !== 'refusal' || reply.code !== 'LEASE_NOT_FOUND') return true;
    this.#world.granted.refused(lease.id, reply.heardAt);
    return false;
  }

  async #untilAnswered<T>(attempt: () => Promise<Reply<T>>): Promise<Reply<T>> {
    for (;;) {
      const reply = await attempt();
      if (reply.kind !== 'lost') return reply;
      await this.#world.untilUp();
      await this.#world.sleep(this.#random.between(0, Math.min(RETRY_MAX_MS, this.#someTtl() / 10)));
    }
  }

  #someTtl(): number {
    const { ttlMs } = this.#world.scenario;
    return Math.round(this.#random.magnitude(ttlMs.from, ttlMs.to));
  }

  /** Returns a value that no other put has. */
  #someValue(): string {
    return `${this.#name} ${++this.#puts}`;
  }
}
