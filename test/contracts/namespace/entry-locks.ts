import { describe, expect, it } from 'vitest';
import { LEASE_LOCKS_MAX_COUNT, LOCK_DELAY_MAX_MS } from '../../../src/model/limits';
import type { Compare, TransactionOperation } from '../../../src/model/transaction';
import { OWNER, STRANGER } from '../../fixtures/callers';
import { EntryCalls, keyOf } from '../../fixtures/entry-calls';
import { LeaseCalls } from '../../fixtures/lease-calls';
import { bodyOf, ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const TTL_MS = 30_000;
const DELAY_MS = 15_000;

/** Tests the locks of entries, which leases acquire and release. */
export function entryLocks(stage: () => Scene, capabilities: Capabilities): void {
  const begin = () => {
    const scene = stage();
    const calls = { entries: new EntryCalls(scene.api), leases: new LeaseCalls(scene.api) };
    const transact = async (operations: TransactionOperation[], compares: Compare[] = []) =>
      bodyOf(await scene.api.transaction(OWNER, { if: compares, do: operations, else: [] }));
    const lockOf = async (key: string) => (await calls.entries.read(key))?.lock;
    return { scene, ...calls, transact, lockOf };
  };
  const interval = (key: string) => ({ from: keyOf(key), to: `${keyOf(key)}\u0000` });

  describe('the lock of an entry', () => {
    it('[EL1] is acquired by one lease, counts its acquisitions, and has a token that increases', async () => {
      const { entries, leases, lockOf } = begin();
      const [one, two] = [await leases.grant(), await leases.grant()];
      const first = await leases.acquire('a', one.id, 'first');
      expect(first).toMatchObject({ lock: { lease: one.id, index: 1, acquiredRevision: first.revision } });
      expect(first.lease).toBeUndefined();
      expect(await entries.read('a')).toMatchObject({ value: 'first', lock: first.lock });
      await expect(leases.acquire('a', two.id, 'second')).rejects.toEqual(refusal('LOCK_HELD'));
      await expect(leases.acquire('a', two.id)).rejects.toThrow(`locked by the lease ${one.id}`);
      expect(await leases.acquire('a', one.id, 'again')).toMatchObject({ version: 2, lock: first.lock });
      const released = await leases.release('a', one.id, 'released');
      expect(released.lock).toEqual({ index: 1, acquiredRevision: first.revision });
      const next = await leases.acquire('a', two.id, 'second');
      expect(next).toMatchObject({ lock: { lease: two.id, index: 2, acquiredRevision: next.revision }, version: 4 });
      expect(next.createdRevision).toBe(first.createdRevision);
      expect(await leases.read(two.id)).toMatchObject({
        holds: { entries: 0, locks: 1 },
        entries: [],
        locks: [{ key: 'a' }],
      });
      expect(await leases.read(one.id)).toMatchObject({ holds: { locks: 0 }, locks: [] });
      expect((await entries.range()).entries).toMatchObject([{ key: 'a', lock: next.lock }]);
      expect(await lockOf('a')).toEqual(next.lock);
    });

    it('[EL2] stays through a put by anyone, and goes with a deletion', async () => {
      const { scene, entries, leases, lockOf } = begin();
      const [one, two] = [await leases.grant(), await leases.grant()];
      const { lock } = await leases.acquire('a', one.id);
      await entries.put('a', 'changed', {}, 'text/plain');
      expect(await entries.read('a')).toMatchObject({ value: 'changed', contentType: 'text/plain', lock });
      await new LeaseCalls(scene.api, STRANGER).put('a', 'by another token');
      expect(await entries.read('a')).toMatchObject({ value: 'by another token', lock });
      await leases.put('a', 'held', two.id);
      expect(await entries.read('a')).toMatchObject({ lease: two.id, lock });
      expect(await leases.read(two.id)).toMatchObject({ holds: { entries: 1, locks: 0 } });
      await entries.delete('a');
      expect(await leases.read(one.id)).toMatchObject({ holds: { locks: 0 } });
      await entries.put('a', 'new');
      expect(await lockOf('a')).toBeUndefined();
      const next = await leases.acquire('a', two.id);
      expect(next.lock).toMatchObject({ lease: two.id, index: 1 });
      expect(next.lock?.acquiredRevision).toBeGreaterThan(lock?.acquiredRevision ?? 0);
    });

    it('[EL3] is released by its holder alone', async () => {
      const { scene, leases, entries } = begin();
      const [one, two] = [await leases.grant(), await leases.grant()];
      await entries.put('free', '');
      await leases.acquire('a', one.id);
      const cursor = await scene.cursor();
      await expect(leases.release('a', two.id)).rejects.toEqual(refusal('LOCK_HELD'));
      await expect(leases.release('free', one.id)).rejects.toEqual(refusal('CONFLICT'));
      await expect(leases.release('none', one.id)).rejects.toEqual(refusal('CONFLICT'));
      await expect(leases.release('a', '1')).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      const stranger = new LeaseCalls(scene.api, STRANGER);
      await expect(stranger.release('a', one.id)).rejects.toEqual(refusal('FORBIDDEN'));
      await expect(stranger.acquire('b', one.id)).rejects.toEqual(refusal('FORBIDDEN'));
      const both = { key: keyOf('a'), value: '', acquire: one.id, release: one.id, precondition: {} };
      await expect(scene.api.putEntry(OWNER, both)).rejects.toEqual(refusal('INVALID_REQUEST'));
      const stale = { key: keyOf('a'), value: '', release: one.id, precondition: { revision: 1 } };
      await expect(scene.api.putEntry(OWNER, stale)).rejects.toEqual(refusal('REVISION_MISMATCH'));
      expect(await scene.cursor()).toBe(cursor);
    });

    it('[EL4] is released in the one revision in which its lease ends, and the entry stays', async () => {
      const { scene, entries, leases } = begin();
      const [one, two] = [await leases.grant(), await leases.grant()];
      await leases.acquire('a', one.id, 'kept');
      await leases.acquire('b', one.id, 'held by two');
      await leases.put('b', 'held by two', two.id);
      await leases.put('gone', '', one.id);
      await leases.acquire('gone too', one.id);
      await leases.put('gone too', '', one.id);
      const before = await scene.revision();
      await leases.revoke(one.id);
      expect(await scene.revision()).toBe(before + 1);
      expect(await entries.keys()).toEqual(['a', 'b']);
      expect(await entries.read('a')).toMatchObject({ value: 'kept', version: 2, revision: before + 1 });
      const [change] = (await entries.history('a')).changes;
      expect(change).toMatchObject({ cause: 'revoked', actor: 'owner', before: { lock: { lease: one.id } } });
      expect(change?.after?.lock).toEqual({ index: 1, acquiredRevision: change?.before?.lock?.acquiredRevision });
      expect(await entries.read('b')).toMatchObject({ lease: two.id, value: 'held by two' });
      await leases.revoke(two.id);
      expect(await entries.keys()).toEqual(['a']);
      expect((await leases.acquire('a', (await leases.grant()).id)).lock).toMatchObject({ index: 2 });
    });

    it('[EL5] is not free for a while after its lease has ended, if the lease asked for that', async () => {
      const { entries, leases } = begin();
      const careful = await leases.grant({ lockDelayMs: LOCK_DELAY_MAX_MS });
      const next = await leases.grant();
      expect(careful).toMatchObject({ lockDelayMs: LOCK_DELAY_MAX_MS });
      expect(next).toMatchObject({ lockDelayMs: 0 });
      await leases.acquire('released', careful.id);
      await leases.release('released', careful.id);
      expect((await leases.acquire('released', next.id)).lock).toMatchObject({ lease: next.id });
      await leases.acquire('a', careful.id);
      await leases.acquire('deleted', careful.id);
      await leases.put('deleted', '', careful.id);
      await leases.revoke(careful.id);
      const delayed = expect.objectContaining({
        code: 'LOCK_HELD',
        message: expect.stringMatching(/lock delay lasts for another \d+ ms/),
        details: { retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds > 0 && seconds <= 60) },
      });
      await expect(leases.acquire('a', next.id)).rejects.toEqual(delayed);
      await expect(leases.acquire('deleted', next.id)).rejects.toEqual(delayed);
      await entries.put('a', 'changed');
      await entries.delete('a');
      await expect(leases.acquire('a', next.id)).rejects.toEqual(delayed);
    });

    it('[EL6] is compared and changed by transactions', async () => {
      const { scene, entries, leases, transact, lockOf } = begin();
      const [one, two] = [await leases.grant({ alias: '5' }), await leases.grant()];
      const put = { op: 'put', key: keyOf('a'), value: 'x' } as const;
      const free = { interval: interval('a'), property: 'lock', is: '=', operand: null } as const;
      const { results } = await transact([{ ...put, acquire: '5' }], [free]);
      expect(results).toMatchObject([{ entry: { lock: { lease: one.id, index: 1 } } }]);
      expect((await transact([put], [free])).succeeded).toBe(false);
      const byOne = { interval: interval('a'), property: 'lock', is: '=', operand: one.id } as const;
      expect((await transact([], [byOne])).succeeded).toBe(true);
      expect((await transact([], [{ ...byOne, operand: two.id }])).succeeded).toBe(false);
      expect((await transact([], [{ ...byOne, is: '!=', operand: two.id }])).succeeded).toBe(true);
      expect((await transact([], [{ ...free, interval: interval('none') }])).succeeded).toBe(true);
      const cursor = await scene.cursor();
      const other = { op: 'put', key: keyOf('b'), value: '' } as const;
      await expect(transact([other, { ...put, acquire: two.id }])).rejects.toEqual(refusal('LOCK_HELD'));
      expect(await scene.cursor()).toBe(cursor);
      expect(await entries.keys()).toEqual(['a']);
      await transact([
        { op: 'put', key: keyOf('a'), release: one.id },
        { ...other, acquire: one.id },
      ]);
      expect(await lockOf('a')).toMatchObject({ index: 1 });
      expect(await leases.read(one.id)).toMatchObject({ locks: [{ key: 'b' }] });
    });

    it('[EL1] is one of a limited number for each lease, also within a transaction', async () => {
      const { leases, transact } = begin();
      const { id } = await leases.grant();
      const locks = (from: number, count: number) =>
        Array.from({ length: count }, (_, index) => {
          return { op: 'put' as const, key: `k${from + index}`, value: '', acquire: id };
        });
      for (let from = 0; from < LEASE_LOCKS_MAX_COUNT - 100; from += 100) await transact(locks(from, 100));
      await expect(transact(locks(5_000, 101))).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
      await transact(locks(5_000, 100));
      await expect(leases.acquire('more', id)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
      await leases.acquire('k0', id);
      await leases.release('k0', id);
      await leases.acquire('more', id);
    });

    where(capabilities.movesTime, () => {
      it('[EL4, EL5] is released when its lease expires, and free once the lock delay is over', async () => {
        const { scene, entries, leases, lockOf } = begin();
        const { id } = await leases.grant({ ttlMs: TTL_MS, lockDelayMs: DELAY_MS });
        const next = await leases.grant({ ttlMs: null });
        await leases.acquire('a', id);
        await scene.pass(TTL_MS - 1 + ENDS_AFTER_MS);
        expect(await lockOf('a')).toMatchObject({ lease: id });
        await expect(leases.acquire('a', next.id)).rejects.toThrow(`locked by the lease ${id}`);
        await scene.pass(1);
        expect(await lockOf('a')).toEqual({ index: 1, acquiredRevision: expect.any(Number) });
        expect((await entries.history('a')).changes[0]).toMatchObject({ cause: 'expired', actor: 'registry' });
        await scene.pass(DELAY_MS - 1);
        await expect(leases.acquire('a', next.id)).rejects.toThrow('another 1 ms');
        await scene.pass(1);
        expect((await leases.acquire('a', next.id)).lock).toMatchObject({ lease: next.id, index: 2 });
      });

      it('[EL5] is delayed by the time that passes, not by a wall clock that is set', async () => {
        const { scene, leases } = begin();
        const { id } = await leases.grant({ lockDelayMs: DELAY_MS });
        const next = await leases.grant({ ttlMs: null });
        await leases.acquire('a', id);
        await leases.revoke(id);
        await scene.setClock(-3_600_000);
        await expect(leases.acquire('a', next.id)).rejects.toEqual(refusal('LOCK_HELD'));
        await scene.pass(DELAY_MS);
        expect((await leases.acquire('a', next.id)).lock).toMatchObject({ lease: next.id });
      });
    });

    where(capabilities.restarts, () => {
      it('[EL7] survives a restart with its delay', async () => {
        const { scene, leases } = begin();
        const holder = await leases.grant();
        const gone = await leases.grant({ lockDelayMs: LOCK_DELAY_MAX_MS });
        const { lock } = await leases.acquire('a', holder.id);
        await leases.acquire('b', gone.id);
        await leases.revoke(gone.id);
        await scene.restart();
        const woken = begin();
        expect(await woken.lockOf('a')).toEqual(lock);
        expect(await woken.leases.read(holder.id)).toMatchObject({ locks: [{ key: 'a' }] });
        const next = await woken.leases.grant();
        await expect(woken.leases.acquire('a', next.id)).rejects.toThrow('locked by the lease');
        await expect(woken.leases.acquire('b', next.id)).rejects.toThrow('lock delay');
        await woken.leases.revoke(holder.id);
        expect((await woken.leases.acquire('a', next.id)).lock).toMatchObject({ lease: next.id, index: 2 });
      });
    });
  });
}
