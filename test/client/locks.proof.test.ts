import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Client, rollcall } from '../../src/client/client';
import { type KeyEvent, kv } from '../../src/client/kv';
import { election, grantLease, type Held, lock, tryLock } from '../../src/client/locks';
import { HOSTS, type Host, startOn } from '../programs/host';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';
import { ChaosProxy } from './chaos-proxy';

/** Entries, leases, locks and elections of the client, over real connections to both hosts. */

/** Time to live that a busy machine does not outlast by accident. */
const TTL_MS = 15_000;

async function start(host: Host) {
  const registry = await startOn(host, { data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const connect = async (): Promise<{ client: Client; proxy: ChaosProxy }> => {
    const proxy = await ChaosProxy.start(registry.url);
    const client = rollcall({ url: proxy.url, token: registry.rootToken, onWarning: false });
    onTestFinished(async () => {
      proxy.heal();
      await client.close();
      await proxy.stop();
    });
    return { client, proxy };
  };
  return { registry, connect };
}

describe.each(HOSTS)('the client of the host %s', (host) => {
  it('[LK4] puts, reads, lists, deletes and watches entries of any bytes', async () => {
    const { connect } = await start(host);
    const { client } = await connect();
    const entries = kv(client);
    const odd = [Uint8Array.of(0xff, 0, 0x2f), '../x', 'a//b/', 'größe 日本', '100%', 'a\0b'];
    for (const key of odd) {
      expect(await entries.put(key, Uint8Array.of(0, 0xff, 0x80))).toMatchObject({ created: true, version: 1 });
      const found = await entries.get(key);
      expect([found?.value, typeof key === 'string' ? found?.key : found?.keyBytes]).toEqual([
        Uint8Array.of(0, 0xff, 0x80),
        key,
      ]);
    }
    expect(await entries.count({ prefix: '' })).toBe(odd.length);
    const keys = [];
    for await (const entry of entries.list({ prefix: '' }, { pageSize: 2 })) keys.push(entry.key);
    expect(keys).toHaveLength(odd.length);
    expect((await entries.range({ key: odd[0] ?? '' })).entries).toHaveLength(1);

    const events: KeyEvent[] = [];
    const watch = entries.watch({ prefix: 'w/' }, { previous: true, onEvent: (event) => events.push(event) });
    await until('a snapshot', () => events.length > 0);
    await entries.put('w/page', '<html></html>', { contentType: 'text/html' });
    const { revision } = (await entries.get('w/page')) ?? { revision: 0 };
    await expect(entries.put('w/page', '', { ifAbsent: true })).rejects.toMatchObject({ code: 'REVISION_MISMATCH' });
    await expect(entries.delete('w/page', { ifRevision: revision + 1 })).rejects.toMatchObject({ status: 412 });
    const { succeeded, results } = await entries.transaction({
      if: [{ key: 'w/page', revision }],
      do: [
        { op: 'put', key: 'w/next', value: Uint8Array.of(0xff), previous: true },
        { op: 'delete', key: 'w/page', previous: true },
        { op: 'range', prefix: 'w/' },
      ],
    });
    expect([succeeded, results]).toMatchObject([
      true,
      [
        { op: 'put', created: true },
        { op: 'delete', deleted: 1, previous: [{ contentType: 'text/html' }] },
        { op: 'range', count: 1, entries: [{ value: Uint8Array.of(0xff) }] },
      ],
    ]);
    await until('both revisions', () => events.length === 3);
    expect(events).toMatchObject([
      { type: 'snapshot', entries: [] },
      { type: 'changes', changes: [{ type: 'put', key: 'w/page', previous: null }] },
      {
        type: 'changes',
        changes: [
          { type: 'put', key: 'w/next' },
          { type: 'delete', previous: { key: 'w/page' } },
        ],
      },
    ]);
    watch.close();
    const { changes } = await entries.history('w/page');
    expect(changes.map(({ after }) => after?.text())).toEqual([undefined, '<html></html>']);
    expect((await entries.get('w/page', { at: changes[1]?.cursor ?? '' }))?.text()).toBe('<html></html>');
  });

  it('[LK2] keeps a lease through broken connections, and loses it when it is cut off or revoked', async () => {
    const { connect } = await start(host);
    const [{ client, proxy }, other] = [await connect(), await connect()];
    const lease = await grantLease(client, { ttlMs: TTL_MS });
    await kv(client).put('held', '', { lease: lease.id });
    const begun = Date.now();
    while (Date.now() - begun < 18_000) {
      proxy.cut();
      await sleep(500);
    }
    expect([lease.isHeld, (await kv(other.client).get('held'))?.lease]).toEqual([true, lease.id]);
    proxy.refuse();
    proxy.cut();
    await lease.lost;
    expect([lease.isHeld, lease.signal.aborted]).toEqual([false, true]);
    await until('its end', async () => (await kv(other.client).get('held')) === undefined);

    const second = await grantLease(other.client, { ttlMs: TTL_MS });
    await kv(other.client).put('held', '', { lease: second.id });
    await second.revoke();
    expect(await kv(other.client).get('held')).toBeUndefined();
  });

  it('[LK1, LK3] gives a lock to one holder at a time, in order, while connections break and the registry is killed', async () => {
    const { registry, connect } = await start(host);
    const tokens: number[] = [];
    let holders = 0;
    const take = async ({ client, proxy }: Awaited<ReturnType<typeof connect>>) => {
      for (let turn = 0; turn < 4; turn += 1) {
        const held = await lock(client, 'a/b', { ttlMs: TTL_MS });
        holders += 1;
        expect([holders, held.isHeld]).toEqual([1, true]);
        tokens.push(held.token);
        await sleep(10);
        if (turn === 1) proxy.cut();
        holders -= 1;
        await held.release();
      }
    };
    const all = Promise.all((await Promise.all([connect(), connect(), connect(), connect()])).map(take));
    for (const count of [3, 8]) {
      await Promise.race([all, until(`${count} holders`, () => tokens.length >= count)]);
      await registry.kill('SIGKILL');
    }
    await all;
    expect(tokens).toHaveLength(16);
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
  });

  it('[LK1, LK3] passes a lock on when its holder crashes, or an operator deletes its entry', async () => {
    const { connect } = await start(host);
    const [crashing, operator, { client }] = [await connect(), await connect(), await connect()];
    const crashed = await lock(crashing.client, 'job', { ttlMs: 3_000 });
    expect(await tryLock(client, 'job')).toBeUndefined();
    const waiting = lock(client, 'job', { ttlMs: TTL_MS });
    const late: Held[] = [];
    void lock(operator.client, 'job', { ttlMs: TTL_MS }).then((held) => late.push(held));
    await until('three claims', async () => (await kv(operator.client).count({ prefix: 'locks/job/' })) === 3);
    // Its connections stay open, and nothing passes any more.
    crashing.proxy.refuse();
    crashing.proxy.cut();
    const held = await waiting;
    expect([held.token > crashed.token, crashed.isHeld, late]).toEqual([true, false, []]);
    await kv(operator.client).delete(held.key);
    await held.lost;
    await until('the last', () => late.length === 1);
    expect([held.isHeld, (late[0]?.token ?? 0) > held.token]).toEqual([false, true]);
    expect((await kv(client).transaction({ if: [held.condition], do: [] })).succeeded).toBe(false);
    if (late[0]) expect((await kv(client).transaction({ if: [late[0].condition], do: [] })).succeeded).toBe(true);
    const given = AbortSignal.timeout(200);
    await expect(lock(client, 'job', { signal: given })).rejects.toThrow();
    await until('its claim is gone', async () => (await kv(client).count({ prefix: 'locks/job/' })) === 1);
  });

  it('[LK1] elects a leader that others see', async () => {
    const { connect } = await start(host);
    const [one, two] = [await connect(), await connect()];
    const first = await election(one.client, 'scheduler').campaign({ value: 'one', ttlMs: TTL_MS });
    const next = election(two.client, 'scheduler').campaign({ value: 'two', ttlMs: TTL_MS });
    const seen: (string | undefined)[] = [];
    const observed = (async () => {
      for await (const leader of election(two.client, 'scheduler').observe()) seen.push(leader?.text());
    })();
    await until('the leader', () => seen.at(-1) === 'one');
    expect(await election(two.client, 'scheduler').leader()).toMatchObject({ key: first.key, token: first.token });
    await first.proclaim('one, changed');
    await until('its new value', () => seen.at(-1) === 'one, changed');
    await first.release();
    const second = await next;
    await until('the next leader', () => seen.at(-1) === 'two');
    expect(second.token).toBeGreaterThan(first.token);
    await expect(first.proclaim('late')).rejects.toMatchObject({ name: 'RollcallError' });
    // Closing a client ends its wait, its leadership and its watches.
    const waiting = election(one.client, 'scheduler').campaign();
    await until('its candidacy', async () => (await kv(two.client).count({ prefix: 'elections/' })) === 2);
    await Promise.all([expect(waiting).rejects.toMatchObject({ name: 'RollcallError' }), one.client.close()]);
    const early = expect(lock(one.client, 'early')).rejects.toMatchObject({ name: 'RollcallError' });
    await one.client.close();
    await early;
    await two.client.close();
    expect(second.isHeld).toBe(false);
    await observed;
  });
});
