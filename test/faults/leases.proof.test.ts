import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { GrantedLeaseDetail, GrantedLeaseList, GrantedLeaseView } from '../../src/model/granted-lease';
import type { EntryHistory } from '../../src/model/history';
import type { Stats } from '../../src/model/stats';
import { HttpCaller, OutcomeUnknown } from '../http/http-caller';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';

/** Kills and freezes of a registry with granted leases. */

const seed = Date.now() % 2 ** 31;

/** Puts in one transaction. */
const PUTS = 128;
/** Calls at the same time. */
const CALLERS = 64;
/** Time after which a call without an answer counts as lost; longer than any freeze here. */
const LOST_AFTER_MS = 120_000;

/** Calls one registry. */
class LeaseCaller {
  readonly registry: RunningRegistry;
  readonly #http: HttpCaller;

  constructor(registry: RunningRegistry) {
    this.registry = registry;
    this.#http = new HttpCaller(registry.url, registry.rootToken, LOST_AFTER_MS);
    onTestFinished(() => this.#http.close());
  }

  static async start(): Promise<LeaseCaller> {
    const registry = await startRegistry({ data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    return new LeaseCaller(registry);
  }

  /** Returns the status of a call, and its parsed body; status 0 if the answer is lost. */
  async try<Body>(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
    try {
      const { status, text } = await this.#http.call(method, path, body);
      // `as`: the caller knows the answer's shape.
      return { status, body: (text.startsWith('{') ? JSON.parse(text) : undefined) as Body };
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
      return { status: 0, body: undefined as Body }; // `as`: a lost answer has no body
    }
  }

  /** Makes a call that must succeed. It is repeated while the registry restarts. */
  async must<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    let last = { status: 0, body: undefined as Body }; // `as`: as above
    await until(`${method} ${path} is answered`, async () => {
      last = await this.try<Body>(method, path, body);
      return last.status !== 0 && last.status !== 503;
    });
    if (last.status >= 300) throw new Error(`${method} ${path}: ${last.status} ${JSON.stringify(last.body)}`);
    return last.body;
  }

  async grant(ttlMs: number | null): Promise<string> {
    return (await this.must<GrantedLeaseView>('POST', '/leases', { ttlMs })).id;
  }

  /** Renews a lease. Returns the status. */
  async renew(lease: string): Promise<number> {
    return (await this.try('POST', `/leases/${lease}/renew`)).status;
  }

  /** Counts the entries below a prefix. */
  async count(prefix: string): Promise<number> {
    return (await this.must<{ count: number }>('GET', `/kv?prefix=${prefix}/&countOnly=true`)).count;
  }

  /** Puts entries that a lease holds. */
  async hold(prefix: string, count: number, lease: string): Promise<void> {
    await forEach(Math.ceil(count / PUTS), async (part) => {
      const members = Array.from({ length: Math.min(PUTS, count - part * PUTS) }, (_, index) => part * PUTS + index);
      const puts = members.map((n) => ({ op: 'put', key: keyOf(prefix, n), value: `value ${n}`, lease }));
      await this.must('POST', '/transaction', { do: puts });
    });
  }

  /** Returns the ids of all granted leases. */
  async ids(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (let after = ''; ; ) {
      const page = await this.must<GrantedLeaseList>('GET', `/leases${after}`);
      for (const { id } of page.leases) ids.add(id);
      if (page.next === undefined) return ids;
      after = `?after=${page.next}`;
    }
  }

  /** Freezes the registry. Calls that are made meanwhile are answered afterwards. */
  async freeze(ms: number): Promise<void> {
    const { pid } = this.registry;
    process.kill(pid, 'SIGSTOP');
    try {
      await sleep(ms);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }
}

const keyOf = (prefix: string, n: number): string => `${prefix}/${String(n).padStart(6, '0')}`;

/** Runs `work` for each number below `count`, several at a time. */
async function forEach(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CALLERS }, worker));
}

describe('the end of a lease with 20,000 entries', () => {
  const COUNT = 20_000;

  it.each([
    ['killed once it has begun', 'SIGKILL', true],
    ['killed at any moment', 'SIGKILL', false],
    ['frozen once it has begun', 'SIGSTOP', true],
  ] as const)(`[GL7, GL6, I1] is one revision, or none yet, if it is %s (seed ${seed})`, async (_, signal, begins) => {
    const caller = await LeaseCaller.start();
    const lease = await caller.grant(3_600_000);
    await caller.hold('held', COUNT, lease);
    await caller.must('PUT', '/groups/DEFAULT_GROUP/services/orders/instances/a', {
      address: '10.0.0.1',
      port: 80,
      lease: { id: lease },
    });
    const before = await caller.must<Stats>('GET', '/stats');
    const revoking = caller.try('DELETE', `/leases/${lease}`);
    // Another client deletes some of its entries meanwhile.
    const others = [0, 7_777, COUNT - 1].map((n) => keyOf('held', n));
    const deleting = Promise.all(others.map((key) => caller.try('DELETE', `/kv/${key}`)));
    if (begins) {
      await until('the lease has ended', async () => (await caller.try('GET', `/leases/${lease}`)).status === 404);
    } else {
      await sleep(seed % 100);
    }
    if (signal === 'SIGSTOP') await caller.freeze(1_500);
    else await caller.registry.kill(signal);
    await Promise.all([revoking, deleting]);

    // Only what others have deleted is missing before the end.
    const isOver = async (): Promise<boolean> => {
      const count = await caller.count('held');
      if (count > 0) expect(count).toBeGreaterThanOrEqual(COUNT - others.length);
      return count === 0;
    };
    if ((await caller.try<GrantedLeaseDetail>('GET', `/leases/${lease}`)).status === 200) {
      expect(begins).toBe(false);
      expect(await isOver()).toBe(false);
      await caller.must('DELETE', `/leases/${lease}`);
    }
    await until('the entries are gone', isOver);

    const after = await caller.must<Stats>('GET', '/stats');
    const newest = async (key: string) => {
      const { changes } = await caller.must<EntryHistory>('GET', `/history/kv/${key}?limit=1`);
      return { cause: changes[0]?.cause, revision: changes[0]?.revision, previous: changes[0]?.before?.lease };
    };
    const ends = await Promise.all([1, 9_999, COUNT - 2].map((n) => newest(keyOf('held', n))));
    const deleted = (await Promise.all(others.map(newest))).filter(({ cause }) => cause === 'deleted');
    expect(ends[0]).toMatchObject({ cause: 'revoked', previous: lease });
    expect(new Set(ends.map(({ revision }) => revision)).size).toBe(1);
    expect(after.revision).toBe(before.revision + 1 + deleted.length);
    const resolved = await caller.must<{ instances: object[] }>(
      'GET',
      '/groups/DEFAULT_GROUP/services/orders/instances',
    );
    expect(resolved.instances).toEqual([]);
  });
});

describe('granted leases', () => {
  it(`[GL1, GL6, I1, I6] are kept through kills and freezes while they are renewed, and then end (seed ${seed})`, async () => {
    const TTL_MS = 3_000;
    const COUNT = 40;
    const caller = await LeaseCaller.start();
    const kept: string[] = [];
    const refused: string[] = [];
    const renewing = setInterval(() => {
      for (const lease of kept) {
        void caller.renew(lease).then((status) => {
          if (status === 404) refused.push(lease);
        });
      }
    }, TTL_MS / 3);
    onTestFinished(() => clearInterval(renewing));
    for (const [round, blow] of (['kill', TTL_MS - 200, 'kill', 3 * TTL_MS, 'kill'] as const).entries()) {
      const silent = `silent-${round}`;
      const prefix = `kept-${round}`;
      // Grants, and puts, that the blow may interrupt.
      const granting = forEach(2 * COUNT, async (n) => {
        const granted = await caller.try<GrantedLeaseView>('POST', '/leases', {
          ttlMs: TTL_MS,
          alias: `${round}${n + 1_000}`,
        });
        if (granted.status !== 201) return;
        const { id } = granted.body;
        const isKept = n % 2 === 0;
        if (isKept) kept.push(id);
        await caller.try('PUT', `/kv/${keyOf(isKept ? prefix : silent, n)}?lease=${id}`, 'held');
      });
      await sleep((seed * (round + 1)) % 40);
      if (blow === 'kill') await caller.registry.kill('SIGKILL');
      else await caller.freeze(blow);
      await granting;
      const held = await caller.count(prefix);
      await until('the silent ones have ended', async () => (await caller.count(silent)) === 0);
      const ids = await caller.ids();
      expect(kept.filter((id) => !ids.has(id))).toEqual([]);
      expect(await caller.count(prefix)).toBe(held);
    }
    expect(refused).toEqual([]);
    expect(kept.length).toBeGreaterThan(COUNT);
    clearInterval(renewing);
    await until('all have ended', async () => (await caller.ids()).size === 0);
    expect(await caller.count('kept')).toBe(0);
  });

  it('[GL6, L7, I6] of 10,000 clients outlast a freeze of more than their time to live, and all renew at once', async () => {
    const COUNT = 10_000;
    const caller = await LeaseCaller.start();
    // On a machine as busy as this one, all leases must be renewed well within their time to live.
    const from = performance.now();
    await forEach(COUNT / 10, async () => caller.must('DELETE', `/leases/${await caller.grant(3_600_000)}`));
    const TTL_MS = Math.min(60_000, Math.max(15_000, Math.ceil(performance.now() - from) * 30));
    const ids: string[] = [];
    let isGranted = false;
    // To grant them may take longer than the time to live.
    const keeping = (async () => {
      while (!isGranted) {
        const known = ids.slice();
        await forEach(known.length, (n) => caller.renew(known[n] ?? ''));
        await sleep(1_000);
      }
    })();
    await forEach(COUNT, async () => ids.push(await caller.grant(TTL_MS)));
    isGranted = true;
    await keeping;
    await forEach(COUNT, async (n) => expect(await caller.renew(ids[n] ?? '')).toBe(200));

    await caller.freeze(TTL_MS + 3_000);
    const renewed: Record<number, number> = {};
    await forEach(COUNT, async (n) => {
      const status = await caller.renew(ids[n] ?? '');
      renewed[status] = (renewed[status] ?? 0) + 1;
    });
    expect(renewed).toEqual({ 200: COUNT });
    expect((await caller.ids()).size).toBe(COUNT);
    await until('all have ended', async () => (await caller.ids()).size === 0, 240_000);
  }, 600_000);
});
