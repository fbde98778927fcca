import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { utf8Bytes } from '../../../model/bytes';
import { hasCode } from '../../../model/errors';
import { LEASE_END_SLICE_MAX_COUNT } from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';
import { endGranted } from './granting';
import { continueEnds } from './slow-end';

/** Time after its time to live at which a lease that was not renewed may end. */
const ENDS_AFTER_MS = 500;

/** Entries that fill a lease: its end takes several slices. */
const FILL_COUNT = 2 * LEASE_END_SLICE_MAX_COUNT + 1;

/** Keys that are put one by one. */
const KEYS = ['a', 'b', 'c', 'd'];

/** A lease, as its client knows it. */
interface Known {
  id: string;
  ttlMs: number | null;
  /** Time at which the registry heard of its client last. */
  heardAt: number;
  isRevoked: boolean;
}

/** An entry that is taken from a lease, by its number. */
interface Take {
  n: number;
  deletes: boolean;
}

/** Clients of a namespace. They know which lease holds an entry, and not when the registry ends one. */
class Clients {
  readonly #namespace = new NodeNamespace();
  readonly #leases: Known[] = [];
  /** Present keys with the leases that hold them, as the journal has them up to `#revision`. */
  readonly #held = new Map<string, Known | undefined>();
  #revision = 0;

  get #entries() {
    return new EntryCalls(this.#namespace.api);
  }

  get #calls() {
    return new LeaseCalls(this.#namespace.api);
  }

  get #now() {
    return this.#namespace.state.time.now();
  }

  leaseAt(index: number): Known | undefined {
    return this.#leases[index % Math.max(1, this.#leases.length)];
  }

  async grant(ttlMs: number | null): Promise<void> {
    const { id } = await this.#calls.grant({ ttlMs });
    this.#leases.push({ id, ttlMs, heardAt: this.#now, isRevoked: false });
  }

  /** Puts an entry, or finds that the lease has ended. */
  async put(key: string, lease: Known | undefined): Promise<void> {
    await this.#isAnswered(this.#calls.put(key, '', lease?.id), lease);
  }

  /** Puts more entries than end in one turn, in one revision. */
  async fill(lease: Known): Promise<void> {
    if (!(await this.#isAnswered(this.#calls.read(lease.id), lease))) return;
    const { state } = this.#namespace;
    const draft = new Draft(state, this.#now);
    const [value, facts] = [utf8Bytes(''), { actor: OWNER.tokenId }];
    for (let n = 0; n < FILL_COUNT; n++) {
      draft.entries.put(`${lease.id}/${n}`, { value, lease: Number(lease.id), facts }, 'put');
    }
    commit(state, draft, OWNER.tokenId);
  }

  /**
   * Fills a lease and revokes it. Others take entries from it between the slices, by a put without a lease or a deletion. The
   * alarm does what is left.
   */
  async interrupt(lease: Known, takes: readonly Take[]): Promise<void> {
    await this.fill(lease);
    const { state } = this.#namespace;
    const granted = state.granted.get(Number(lease.id));
    if (granted === undefined || granted.ending !== undefined) return;
    endGranted(state, [granted], 'revoked', OWNER.tokenId, this.#now);
    lease.isRevoked = true;
    for (const { n, deletes } of takes) {
      continueEnds(state, this.#now);
      const key = `${lease.id}/${n}`;
      await (deletes ? this.delete(key) : this.put(key, undefined));
    }
  }

  async delete(key: string): Promise<void> {
    await this.#entries.delete(key);
  }

  async renew(lease: Known): Promise<void> {
    if (await this.#isAnswered(this.#calls.renew(lease.id), lease)) lease.heardAt = this.#now;
  }

  async revoke(lease: Known): Promise<void> {
    if (await this.#isAnswered(this.#calls.revoke(lease.id), lease)) lease.isRevoked = true;
  }

  pass(ms: number): Promise<void> {
    return this.#namespace.pass(ms);
  }

  freeze(ms: number): Promise<void> {
    return this.#namespace.freeze(ms);
  }

  restart(): Promise<void> {
    return this.#namespace.restart();
  }

  /** Compares what the registry shows with what the clients know. */
  async compare(): Promise<void> {
    const listed = new Set((await this.#calls.list()).leases.map(({ id }) => id));
    for (const lease of this.#leases) if (!listed.has(lease.id)) this.#expectMayEnd(lease);
    this.#follow();
    await this.#comparePresent();
    for (const lease of listed) {
      const mine = [...this.#held.values()].filter((holder) => holder?.id === lease).length;
      expect((await this.#calls.read(lease)).holds.entries).toBe(mine);
    }
  }

  /** Expects that no lease is left that should have ended. */
  async expectEnds(): Promise<void> {
    const endless = this.#leases.filter(({ ttlMs, isRevoked }) => ttlMs === null && !isRevoked);
    expect((await this.#calls.list()).leases.map(({ id }) => id).sort()).toEqual(endless.map(({ id }) => id).sort());
    this.#follow();
    await this.#comparePresent();
    expect([...this.#held.values()].filter((holder) => holder !== undefined && !endless.includes(holder))).toEqual([]);
  }

  /** Returns false if the lease of a call has ended, which it may only have done if its client was silent. */
  async #isAnswered(call: Promise<unknown>, lease: Known | undefined): Promise<boolean> {
    try {
      await call;
      return true;
    } catch (error) {
      if (lease === undefined || !hasCode(error, 'LEASE_NOT_FOUND')) throw error;
      this.#expectMayEnd(lease);
      return false;
    }
  }

  #expectMayEnd({ ttlMs, heardAt, isRevoked }: Known): void {
    if (!isRevoked)
      expect(this.#now - heardAt).toBeGreaterThanOrEqual((ttlMs ?? Number.POSITIVE_INFINITY) + ENDS_AFTER_MS);
  }

  /** Follows the changes of entries. What an ended lease held goes in one revision, or not at all. */
  #follow(): void {
    const { journal } = this.#namespace.state;
    for (; this.#revision < journal.revision; this.#revision++) {
      const ended = new Set<Known>();
      for (const { key, cause, after } of journal.entries.changesAt(this.#revision + 1)) {
        const holder = this.#held.get(key);
        if (cause === 'expired' || cause === 'revoked') {
          if (holder === undefined) throw new Error(`${key} ended without a lease`);
          expect(cause).toBe(holder.isRevoked ? 'revoked' : 'expired');
          this.#expectMayEnd(holder);
          ended.add(holder);
        }
        if (after === null) this.#held.delete(key);
        else
          this.#held.set(
            key,
            this.#leases.find(({ id }) => Number(id) === after.lease),
          );
      }
      if (ended.size === 0) continue;
      expect([...this.#held].filter(([, holder]) => holder !== undefined && ended.has(holder))).toEqual([]);
    }
  }

  async #comparePresent(): Promise<void> {
    expect(await this.#entries.keys()).toEqual([...this.#held.keys()].sort());
  }
}

const index = fc.nat(4);
const key = fc.constantFrom(...KEYS);
const take = fc.record({ n: fc.nat(FILL_COUNT - 1), deletes: fc.boolean() });

/** Steps, with the number of a lease among those granted so far. */
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('grant' as const), ttlMs: fc.constantFrom(5_000, 20_000, null) }),
  },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('put' as const), key, index: fc.option(index) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('fill' as const), index }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('interrupt' as const),
      index,
      takes: fc.array(take, { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('delete' as const), key }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('renew' as const), index }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('revoke' as const), index }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constantFrom('pass' as const, 'freeze' as const), ms: fc.nat(6_000) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

async function carryOut(clients: Clients, asked: Step): Promise<void> {
  if (asked.act === 'grant') return clients.grant(asked.ttlMs);
  if (asked.act === 'restart') return clients.restart();
  if ('ms' in asked) return clients[asked.act](asked.ms);
  if (asked.act === 'delete') return clients.delete(asked.key);
  const lease = asked.index === null ? undefined : clients.leaseAt(asked.index);
  if (asked.act === 'put') return clients.put(asked.key, lease);
  if (lease === undefined) return;
  if (asked.act === 'interrupt') return clients.interrupt(lease, asked.takes);
  return clients[asked.act](lease);
}

it('[GL1, GL2, GL3, GL6, GL7] a lease ends with all that it holds and nothing else, in one revision, and never early', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const clients = new Clients();
      for (const asked of steps) {
        await carryOut(clients, asked);
        // Only some steps are followed by calls, which would do the work that is due.
        if (asked.act !== 'freeze') await clients.compare();
      }
      await clients.pass(90_000);
      await clients.expectEnds();
    }),
    { numRuns: 50 },
  );
});
