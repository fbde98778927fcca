import { describe, expect, it } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { LEASE_END_SLICE_MAX_BYTES } from '../../../model/limits';
import { endGranted } from './granting';
import { continueEnds } from './slow-end';

/** Values of this many make the end of a lease slow. */
const COUNT = 12;

const VALUE = 'v'.repeat(Math.ceil((LEASE_END_SLICE_MAX_BYTES * 2.5) / COUNT));

const names = Array.from({ length: COUNT }, (_, index) => `k${String(index).padStart(2, '0')}`);

/** A lease that has locked entries with long values, and holds an entry. */
async function begin(lockDelayMs = 0) {
  const stage = new WatchStage();
  const { namespace } = stage;
  const calls = () => ({ entries: new EntryCalls(namespace.api), leases: new LeaseCalls(namespace.api) });
  const { leases } = calls();
  const { id } = await leases.grant({ lockDelayMs });
  for (const name of names) await leases.acquire(name, id, VALUE);
  await leases.put('held', '', id);
  /** Restarts the namespace, and returns calls to it. */
  const restart = async () => {
    await namespace.restart();
    return calls();
  };
  /** Marks the lease as ended, and returns the state. */
  const end = () => {
    const { state } = namespace;
    const lease = state.granted.get(Number(id));
    if (lease === undefined) throw new Error('the lease is gone');
    endGranted(state, [lease], 'revoked', OWNER.tokenId, state.time.now());
    expect(lease.ending).toBeDefined();
    return state;
  };
  return { stage, namespace, id, restart, end, ...calls() };
}

describe('a lease that has locked entries with long values', () => {
  it('[GL7, EL4] ends in one revision, which releases its locks and is watched', async () => {
    const { stage, namespace, id, entries, leases, restart } = await begin();
    const watcher = stage.connect();
    await watcher.watch({ keys: [{ prefix: '' }] });
    watcher.take();
    const { revision } = namespace.state.journal;
    await leases.revoke(id);
    expect(namespace.state.journal.revision).toBe(revision + 1);
    expect(await entries.keys()).toEqual(names);
    expect(await entries.read('k03')).toMatchObject({ value: VALUE, version: 2, revision: revision + 1 });
    const [change, acquired] = (await entries.history('k03')).changes;
    expect(change).toMatchObject({
      cause: 'revoked',
      revision: revision + 1,
      before: { lock: { lease: id, index: 1 } },
    });
    expect(change?.after?.lock).toEqual({ index: 1, acquiredRevision: acquired?.revision });
    await namespace.pass(1_000);
    const frames = watcher.take().filter(({ type }) => type === 'changes');
    const changes = frames.flatMap((frame) => ('changes' in frame ? frame.changes : []));
    expect(changes).toHaveLength(COUNT + 1);
    expect(changes).toContainEqual(expect.objectContaining({ type: 'delete', key: 'held' }));
    const put = { type: 'put', key: 'k03', after: expect.objectContaining({ version: 2 }) };
    expect(changes).toContainEqual(expect.objectContaining(put));
    const woken = await restart();
    const next = await woken.leases.grant();
    expect((await woken.entries.read('k03'))?.lock).toEqual(change?.after?.lock);
    for (const name of names) expect((await woken.leases.acquire(name, next.id)).lock).toMatchObject({ index: 2 });
    expect(namespace.platform.storage.rows('SELECT * FROM lease_part')).toEqual([]);
  });

  it('[GL7, EL4] has them until that revision, unless a put or a deletion takes one away before', async () => {
    const { id, entries, leases, end, restart } = await begin(60_000);
    const state = end();
    const next = await leases.grant();
    for (let turn = 0; continueEnds(state, state.time.now()); turn++) {
      await state.pipeline.settled();
      if (state.granted.get(Number(id)) === undefined || turn > 1) continue;
      await expect(leases.acquire(names.at(-1) ?? '', next.id)).rejects.toThrow('locked by the lease');
      await entries.put(names[turn] ?? '', 'put');
      await leases.put(names[COUNT - 2 - turn] ?? '', 'held', next.id);
      await entries.delete(names[5] ?? '');
    }
    const left = names.filter((_, index) => index !== 5);
    const check = async (calls: { entries: EntryCalls; leases: LeaseCalls }) => {
      expect(await calls.entries.keys()).toEqual(left);
      for (const name of left) expect((await calls.entries.read(name))?.lock).toMatchObject({ index: 1 });
      expect((await calls.entries.read(names[0] ?? ''))?.value).toBe('put');
      for (const name of names) await expect(calls.leases.acquire(name, next.id), name).rejects.toThrow('lock delay');
      expect((await calls.leases.read(next.id)).entries).toHaveLength(2);
    };
    await check({ entries, leases });
    await check(await restart());
    const released = state.journal.entries.changesAt((await entries.read(names[4] ?? ''))?.revision ?? 0);
    expect(released.map(({ key, after }) => [key, after?.version ?? 0])).toEqual([
      ['held', 0],
      ...left
        .slice(2, -3)
        .filter((name) => name !== names[5])
        .map((name) => [name, 2]),
      [names.at(-1), 2],
    ]);
  });

  it('[GL7, EL7] releases them after a restart in the middle', async () => {
    const { id, end, restart } = await begin(60_000);
    const state = end();
    continueEnds(state, state.time.now());
    await state.pipeline.settled();
    const { entries, leases } = await restart();
    expect((await entries.read('k00'))?.lock).toMatchObject({ lease: id });
    const next = await leases.grant();
    await expect(leases.acquire('k00', next.id)).rejects.toThrow('locked by the lease');
    await expect(leases.release('k00', id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    for (let turn = 0; turn < 20; turn++) await entries.put('other', `${turn}`);
    await expect(leases.acquire('k00', next.id)).rejects.toMatchObject({ code: 'LOCK_HELD' });
  });
});
