import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../fixtures/callers';
import { key } from '../../fixtures/definition';
import { EntryCalls, keyOf } from '../../fixtures/entry-calls';
import { LeaseCalls } from '../../fixtures/lease-calls';
import { bodyOf, ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const TTL_MS = 30_000;

/** Tests leases that are granted by themselves, and what they hold. */
export function grantedLeases(stage: () => Scene, capabilities: Capabilities): void {
  const begin = () => {
    const scene = stage();
    return { scene, entries: new EntryCalls(scene.api), leases: new LeaseCalls(scene.api) };
  };

  describe('granted leases', () => {
    it('[GL1] are granted, read and listed without a revision', async () => {
      const { scene, leases } = begin();
      const cursor = await scene.cursor();
      const lease = await leases.grant();
      const endless = await leases.grant({ ttlMs: null });
      const holds = { entries: 0, instances: 0 };
      expect(lease).toMatchObject({ id: expect.stringMatching(/^[1-9]\d*$/), ttlMs: TTL_MS, owner: 'owner', holds });
      expect(lease.remainingMs).toBeGreaterThan(0);
      expect(endless).toMatchObject({ ttlMs: null, remainingMs: null });
      expect(await leases.read(lease.id)).toMatchObject({ id: lease.id, holds, entries: [], instances: [] });
      const ids = [lease.id, endless.id].sort((a, b) => Number(a) - Number(b));
      expect((await leases.list()).leases.map(({ id }) => id)).toEqual(ids);
      const first = await leases.list({ limit: 1 });
      expect(first).toMatchObject({ leases: [{ id: ids[0] }], next: ids[0] });
      const last = await leases.list({ limit: 1, after: first.next });
      expect(last.leases).toMatchObject([{ id: ids[1] }]);
      expect(last.next).toBeUndefined();
      expect(await scene.cursor()).toBe(cursor);
    });

    it('[GL2, GL3] delete the entries and instances that they hold in one revision when they are revoked', async () => {
      const { scene, entries, leases } = begin();
      const { id } = await leases.grant();
      await entries.put('other', 'stays');
      await leases.put('b', 'second', id);
      expect(await leases.put('a', 'first', id)).toMatchObject({ lease: id });
      const { instance } = await scene.register('i', { lease: { id } });
      expect(instance.lease).toMatchObject({ id, ttlMs: TTL_MS, removeAfterMs: TTL_MS });
      await scene.register('own');
      expect(await leases.read(id)).toMatchObject({
        holds: { entries: 2, instances: 1 },
        entries: [{ key: 'a' }, { key: 'b' }],
        instances: [key('i')],
      });
      const before = await scene.revision();
      await leases.revoke(id);
      expect(await scene.revision()).toBe(before + 1);
      expect(await entries.keys()).toEqual(['other']);
      expect(await scene.listed()).toEqual(['own']);
      const [change] = (await entries.history('a')).changes;
      expect(change).toMatchObject({ cause: 'revoked', actor: 'owner', revision: before + 1, after: null });
      expect(change?.before).toMatchObject({ value: 'first', lease: id });
      const why = bodyOf(await scene.api.why({ key: key('i') }));
      expect(why.entries[0]).toMatchObject({ cause: 'revoked', revision: before + 1 });
      await expect(leases.revoke(id)).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      await expect(leases.renew(id)).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      expect(await scene.revision()).toBe(before + 1);
    });

    it('[GL2] make no revision when they end without holding anything', async () => {
      const { scene, leases } = begin();
      const { id } = await leases.grant();
      const cursor = await scene.cursor();
      expect(await leases.revoke(id)).toBe(cursor);
      expect((await leases.list()).leases).toEqual([]);
    });

    it('[GL3] lose an entry to a put without a lease or with another one, and to a deletion', async () => {
      const { entries, leases } = begin();
      const [one, two] = [await leases.grant(), await leases.grant()];
      for (const name of ['detached', 'moved', 'deleted', 'kept']) await leases.put(name, '', one.id);
      await leases.put('detached', '');
      await leases.put('moved', '', two.id);
      await entries.delete('deleted');
      await leases.put('kept', 'again', one.id);
      expect((await leases.read(one.id)).entries).toEqual([{ key: 'kept' }]);
      expect((await leases.read(two.id)).entries).toEqual([{ key: 'moved' }]);
      await leases.revoke(one.id);
      expect(await entries.keys()).toEqual(['detached', 'moved']);
      expect((await entries.read('detached'))?.lease).toBeUndefined();
      await leases.revoke(two.id);
      expect(await entries.keys()).toEqual(['detached']);
    });

    it('[GL3] lose an instance that is registered with its own lease or another one', async () => {
      const { scene, leases } = begin();
      const [one, two] = [await leases.grant(), await leases.grant()];
      for (const id of ['own', 'moved', 'kept', 'permanent']) await scene.register(id, { lease: { id: one.id } });
      await scene.register('own');
      await scene.register('moved', { lease: { id: two.id } });
      await scene.register('permanent', { ephemeral: false });
      const revision = await scene.revision();
      await scene.register('kept', { lease: { id: one.id } });
      await scene.beat('kept');
      expect(await scene.revision()).toBe(revision);
      await leases.revoke(one.id);
      expect((await scene.listed()).sort()).toEqual(['moved', 'own', 'permanent']);
      await leases.revoke(two.id);
      expect((await scene.listed()).sort()).toEqual(['own', 'permanent']);
    });

    it('[GL3] hold nothing once they have ended, and instances only with a time to live', async () => {
      const { scene, leases } = begin();
      const [ended, endless] = [await leases.grant(), await leases.grant({ ttlMs: null })];
      await leases.revoke(ended.id);
      const cursor = await scene.cursor();
      for (const id of [ended.id, '1', '-9223372036854775808']) {
        await expect(leases.put('a', '', id)).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
        await expect(scene.register('a', { lease: { id } })).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      }
      await expect(scene.register('a', { lease: { id: endless.id } })).rejects.toEqual(refusal('CONFLICT'));
      expect(await scene.cursor()).toBe(cursor);
    });

    it('[GL4] are found by an alias, which another lease of the same door can not have', async () => {
      const { entries, leases, scene } = begin();
      const alias = '9223372036854775807';
      const lease = await leases.grant({ alias });
      expect(lease).toMatchObject({ alias });
      await leases.put('a', '', alias);
      expect(await leases.read(alias)).toMatchObject({ id: lease.id, entries: [{ key: 'a' }] });
      expect(await leases.renew(alias)).toMatchObject({ id: lease.id });
      await expect(leases.grant({ alias })).rejects.toEqual(refusal('CONFLICT'));
      await expect(leases.grant({ alias: lease.id })).rejects.toEqual(refusal('CONFLICT'));
      const other = await leases.grant({ alias, door: 'etcd' });
      const read = await scene.api.readLease(OWNER, { lease: alias, door: 'etcd' });
      expect(bodyOf(read).id).toBe(other.id);
      await leases.revoke(alias);
      expect(await entries.keys()).toEqual([]);
      await expect(leases.read(alias)).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      expect((await leases.grant({ alias })).id).not.toBe(lease.id);
    });

    it('[GL1, GL5] are renewed together, without those that have ended, and none if one is foreign', async () => {
      const { scene, leases } = begin();
      const [one, endless, ended] = [
        await leases.grant({ alias: '7' }),
        await leases.grant({ ttlMs: null }),
        await leases.grant(),
      ];
      await leases.revoke(ended.id);
      const cursor = await scene.cursor();
      const asked = ['7', endless.id, ended.id, one.id].map((lease) => ({ lease }));
      const { renewed, unknown } = await leases.renewAll(...asked);
      expect(renewed.map(({ lease }) => lease)).toEqual(['7', endless.id, one.id]);
      expect(renewed.map(({ remainingMs }) => remainingMs === null)).toEqual([false, true, false]);
      expect(unknown).toEqual([ended.id]);
      const stranger = new LeaseCalls(scene.api, STRANGER);
      const { id: foreign } = await stranger.grant();
      await expect(leases.renewAll({ lease: one.id }, { lease: foreign })).rejects.toEqual(refusal('FORBIDDEN'));
      expect(await scene.cursor()).toBe(cursor);
    });

    it('[GL5, I4] are reachable for the token that was granted them, and for operators', async () => {
      const { scene, entries, leases } = begin();
      const { id } = await leases.grant();
      await leases.put('a', '', id);
      await scene.register('own');
      const [stranger, operator] = [new LeaseCalls(scene.api, STRANGER), new LeaseCalls(scene.api, OPERATOR)];
      const cursor = await scene.cursor();
      const asked = [stranger.renew(id), stranger.read(id), stranger.revoke(id), stranger.put('b', '', id)];
      for (const call of asked) await expect(call).rejects.toEqual(refusal('FORBIDDEN'));
      const registered = scene.register('i', { lease: { id } }, { caller: STRANGER });
      await expect(registered).rejects.toEqual(refusal('FORBIDDEN'));
      expect((await stranger.list()).leases).toEqual([]);
      expect(await scene.cursor()).toBe(cursor);
      // The lease that an instance has by itself is no granted one.
      expect((await operator.list()).leases).toMatchObject([{ id }]);
      await operator.renew(id);
      await operator.revoke(id);
      expect(await entries.keys()).toEqual([]);
    });

    where(capabilities.movesTime, () => {
      it('[GL1, GL2, L1] end half a second after their time to live, unless they are renewed', async () => {
        const { scene, entries, leases } = begin();
        const { id } = await leases.grant();
        const endless = await leases.grant({ ttlMs: null });
        await leases.put('a', '', id);
        await leases.put('b', '', id);
        await leases.put('endless', '', endless.id);
        await scene.register('i', { lease: { id } });
        const revision = await scene.revision();
        for (let round = 0; round < 5; round++) {
          await scene.pass(TTL_MS - 1_000);
          expect(await leases.renew(id)).toMatchObject({ remainingMs: TTL_MS });
        }
        await scene.pass(10_000);
        const { renewed } = await leases.renewAll({ lease: id, ageMs: 4_000 }, { lease: id, ageMs: 6_000 });
        expect(renewed.map(({ remainingMs }) => remainingMs)).toEqual([TTL_MS - 4_000, TTL_MS - 4_000]);
        await leases.renew(id);
        await scene.pass(TTL_MS - 1 + ENDS_AFTER_MS);
        expect(await entries.keys()).toEqual(['a', 'b', 'endless']);
        expect(await scene.resolved()).toEqual(['i']);
        expect(await scene.revision()).toBe(revision);
        await scene.pass(1);
        expect(await entries.keys()).toEqual(['endless']);
        expect(await scene.resolved()).toEqual([]);
        expect(await scene.revision()).toBe(revision + 1);
        await expect(leases.renew(id)).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
        const [change] = (await entries.history('b')).changes;
        expect(change).toMatchObject({ cause: 'expired', actor: 'registry', before: { lease: id } });
        await scene.pass(10 * TTL_MS);
        expect(await entries.keys()).toEqual(['endless']);
      });

      it('[GL1, L9] are not shown past their end by a call that finds one due', async () => {
        const { scene, entries, leases } = begin();
        const { id } = await leases.grant();
        await leases.put('a', '', id);
        await scene.register('i', { lease: { id } });
        await scene.passByCalls(TTL_MS);
        expect(await entries.keys()).toEqual([]);
        expect(await scene.listed()).toEqual([]);
      });

      it('[GL6, L2] are renewed in time by holders that a freeze kept from it', async () => {
        const { scene, entries, leases } = begin();
        const { id } = await leases.grant();
        await leases.put('a', '', id);
        await scene.pass(20_000);
        await scene.freeze(60_000);
        await scene.pass(5_000);
        await leases.renew(id);
        await scene.pass(TTL_MS - 1_000);
        expect(await entries.keys()).toEqual(['a']);
        await scene.pass(1_000 + ENDS_AFTER_MS);
        expect(await entries.keys()).toEqual([]);
      });
    });

    where(capabilities.restarts, () => {
      it('[GL6, I1] survive a restart with what they hold', async () => {
        const { scene, leases } = begin();
        const lease = await leases.grant({ alias: '77' });
        const endless = await leases.grant({ ttlMs: null });
        await leases.put('a', '', lease.id);
        await leases.put('b', '', endless.id);
        await leases.put('free', '', lease.id);
        await leases.put('free', '');
        await scene.register('i', { lease: { id: lease.id } });
        const { grantedAt } = lease;
        await scene.restart();
        const woken = begin();
        expect(await woken.leases.read('77')).toMatchObject({
          id: lease.id,
          owner: 'owner',
          grantedAt,
          entries: [{ key: 'a' }],
          instances: [key('i')],
        });
        expect(await woken.leases.read(endless.id)).toMatchObject({ ttlMs: null, entries: [{ key: 'b' }] });
        expect((await scene.read('i')).lease).toMatchObject({ id: lease.id, ttlMs: TTL_MS });
        await expect(woken.leases.grant({ alias: '77' })).rejects.toEqual(refusal('CONFLICT'));
        await woken.leases.renew('77');
        await woken.leases.revoke('77');
        await scene.restart();
        const last = begin();
        expect(await last.entries.keys()).toEqual(['b', 'free']);
        expect(await scene.listed()).toEqual([]);
        await expect(last.leases.read(lease.id)).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      });
    });

    where(capabilities.remembers, () => {
      it('[GL1, I8] write one row for a grant, none for a renewal, and two for each entry at their end', async () => {
        const { scene, entries, leases } = begin();
        const { id } = await leases.grant();
        await leases.renew(id);
        await entries.put('first', '');
        const written = async (work: () => Promise<unknown>): Promise<number> => {
          const before = await scene.stats();
          await work();
          const after = await scene.stats();
          return after.sinceStart.rowsWritten - before.sinceStart.rowsWritten;
        };
        const granted: string[] = [];
        const grant = async () => granted.push((await leases.grant({ ttlMs: 60_000 })).id);
        expect(await written(grant)).toBe(1);
        expect(await written(() => leases.put('a', '', id))).toBe(2);
        expect(
          await written(() =>
            Promise.all([leases.renew(id), leases.renewAll({ lease: id }), leases.read(id), leases.list()]),
          ),
        ).toBe(0);
        expect(await written(() => leases.revoke(id))).toBe(3);
        expect(await written(() => leases.revoke(granted[0] ?? ''))).toBe(1);
        expect(await entries.read('first')).toMatchObject({ key: keyOf('first') });
      });
    });
  });
}
