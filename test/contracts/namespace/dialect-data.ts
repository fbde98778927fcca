import { describe, expect, it } from 'vitest';
import { revisionOf } from '../../../src/model/cursor';
import type { InstanceView } from '../../../src/model/instance';
import { readJsonText } from '../../../src/model/json';
import { LEASE_SLACK_MS } from '../../../src/model/limits';
import type { InstanceListCommand, PutEntryCommand } from '../../../src/model/namespace-api';
import type { PutOperation } from '../../../src/model/transaction';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { ORDERS } from '../../fixtures/definition';
import { ALL, EntryCalls, keyOf } from '../../fixtures/entry-calls';
import { ADMIN, exportLines, importLines } from '../../fixtures/files';
import { LeaseCalls } from '../../fixtures/lease-calls';
import { bodyOf, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Removed after half a minute. */
const LONG = { ttlMs: 30_000, removeAfterMs: 30_000 };

/** The largest number that 64 bits hold. */
const MOST = '18446744073709551615';

/** Tests what dialects store with entries and granted leases. */
export function dialectData(stage: () => Scene, capabilities: Capabilities): void {
  const begin = () => {
    const scene = stage();
    const entries = new EntryCalls(scene.api);
    const leases = new LeaseCalls(scene.api);
    const put = (key: string, flags?: string, more: Partial<PutEntryCommand> = {}) =>
      scene.api.putEntry(OWNER, { key: keyOf(key), value: 'v', flags, precondition: {}, ...more });
    const flagsOf = async (key: string, at?: string) => (await entries.read(key, at))?.flags;
    return { scene, entries, leases, put, flagsOf };
  };

  describe('flags of an entry', () => {
    it('[KV1] are shown until a put without them, in the past, too', async () => {
      const { entries, put, flagsOf } = begin();
      const first = await put('a', MOST);
      expect(bodyOf(first)).toMatchObject({ key: 'a', flags: MOST });
      expect((await entries.range()).entries).toMatchObject([{ key: 'a', flags: MOST }]);
      await put('a', '7');
      expect(await flagsOf('a')).toBe('7');
      expect(bodyOf(await put('a', '0'))).not.toHaveProperty('flags');
      await put('a', '7');
      const last = await put('a');
      expect(await entries.read('a')).not.toHaveProperty('flags');
      expect(await flagsOf('a', first.cursor)).toBe(MOST);
      const { changes } = await entries.history('a');
      expect(changes.map(({ before, after }) => [before?.flags, after?.flags])).toEqual([
        ['7', undefined],
        [undefined, '7'],
        ['7', undefined],
        [MOST, '7'],
        [undefined, MOST],
      ]);
      expect(await flagsOf('a', last.cursor)).toBeUndefined();
    });

    it('[KV13, KV14] are compared and rolled back', async () => {
      const { scene, put, flagsOf } = begin();
      const { cursor } = await put('a', '7');
      await put('a', '8');
      const diff = bodyOf(await scene.api.diffEntries({ interval: ALL, from: cursor }));
      expect(diff.entries).toMatchObject([{ key: 'a', before: { flags: '7' }, after: { flags: '8' } }]);
      const rolledBack = async () =>
        bodyOf(await scene.api.rollBackEntries(OPERATOR, { interval: ALL, to: cursor })).restored;
      expect([await rolledBack(), await rolledBack()]).toEqual([1, 0]);
      expect(await flagsOf('a')).toBe('7');
    });

    it('[TX1] are put by transactions, and kept with the value', async () => {
      const { scene, flagsOf } = begin();
      const operation = async (put: Partial<PutOperation>) => {
        const operations = [{ op: 'put', key: 'a', ...put } as const];
        return bodyOf(await scene.api.transaction(OWNER, { if: [], do: operations, else: [] })).results[0];
      };
      expect(await operation({ value: 'v', flags: '7' })).toMatchObject({ entry: { flags: '7' } });
      await operation({});
      expect(await flagsOf('a')).toBe('7');
      await operation({ flags: '8' });
      expect(await flagsOf('a')).toBe('8');
      await operation({ value: 'v' });
      expect(await flagsOf('a')).toBeUndefined();
    });

    it('[LK1] outlast the lock of the entry and its end', async () => {
      const { leases, put, flagsOf } = begin();
      const { id } = await leases.grant();
      await put('a', '7', { acquire: id });
      expect(await flagsOf('a')).toBe('7');
      await leases.revoke(id);
      expect(await flagsOf('a')).toBe('7');
    });

    it('[Z5, Z8] are exported and imported', async () => {
      const { scene, entries, put, flagsOf } = begin();
      await put('a', MOST);
      await put('b');
      const lines = await exportLines(scene.api);
      expect(lines.map((line) => JSON.parse(line).flags)).toEqual([MOST, undefined]);
      await put('a', '1');
      await put('b', '1');
      await importLines(scene.api, lines, 'merge');
      expect([await flagsOf('a'), await flagsOf('b')]).toEqual([MOST, undefined]);
      expect((await entries.history('a')).changes[0]).toMatchObject({ cause: 'imported', actor: ADMIN.tokenId });
    });

    where(capabilities.restarts, () => {
      it('[KV9, I1] are the same after a restart', async () => {
        const { scene, put, flagsOf } = begin();
        const { cursor } = await put('a', MOST);
        await put('a', '7');
        await scene.restart();
        expect([await flagsOf('a'), await flagsOf('a', cursor)]).toEqual(['7', MOST]);
      });
    });
  });

  describe('a list with another service alongside', () => {
    const command = { ...ORDERS, filter: {}, alongside: { ...ORDERS, service: 'nodes' } };
    const furnish = async (scene: Scene) => {
      for (const id of ['a', 'b']) await scene.register(id, id === 'a' ? { tags: ['x'] } : {});
      for (const id of ['m', 'n']) await scene.register(id, { lease: LONG }, { service: 'nodes' });
    };
    const listed = async (scene: Scene, more: Partial<InstanceListCommand> = {}) => {
      const { cursor, body } = await scene.api.listInstances({ ...command, ...more });
      const { instances = [], alongside, next } = body === null ? {} : readJsonText(body);
      const ids = (views: InstanceView[] | undefined) => views?.map(({ service, id }) => `${service} ${id}`);
      return { cursor, own: body === null ? null : ids(instances), others: ids(alongside), next };
    };

    it('[V6] has all instances of both, whatever it is filtered by', async () => {
      const scene = stage();
      await furnish(scene);
      const others = ['nodes m', 'nodes n'];
      expect(await listed(scene)).toMatchObject({ own: ['orders a', 'orders b'], others });
      expect(await listed(scene, { filter: { tag: 'x' } })).toMatchObject({ own: ['orders a'], others });
      expect(await listed(scene, { service: 'unknown' })).toMatchObject({ own: [], others });
      const page = await listed(scene, { limit: 1 });
      expect(page).toMatchObject({ own: ['orders a'], others, next: 'a' });
      expect(await listed(scene, { after: 'a' })).toMatchObject({ own: ['orders b'], others: undefined });
    });

    it('[V6] is the list without it if the other service has no instances', async () => {
      const scene = stage();
      await furnish(scene);
      const { alongside: _other, ...alone } = command;
      const { body } = await scene.api.listInstances(alone);
      const unknown = { ...ORDERS, service: 'unknown' };
      expect((await scene.api.listInstances({ ...command, alongside: unknown })).body).toBe(body);
      await scene.api.listInstances(command);
      expect((await scene.api.listInstances(alone)).body).toBe(body);
      for (const id of ['m', 'n']) await scene.batch({ op: 'deregister', service: 'nodes', id });
      expect((await scene.api.listInstances(command)).body).toBe(body);
    });

    it('[Q2] is modified by a change of either', async () => {
      const scene = stage();
      await furnish(scene);
      let { cursor } = await listed(scene);
      const isModified = async () => {
        const revision = revisionOf(cursor);
        const answer = await listed(scene, { ifNoneMatch: cursor });
        const after = await listed(scene, { ifChangedAfter: revision });
        expect(after.own === null).toBe(answer.own === null);
        ({ cursor } = answer);
        return answer.own !== null;
      };
      expect(await isModified()).toBe(false);
      await scene.register('z', {}, { service: 'users' });
      expect(await isModified()).toBe(false);
      await scene.register('m', { lease: LONG, weight: 2 }, { service: 'nodes' });
      expect(await isModified()).toBe(true);
      const { body } = await scene.api.listInstances(command);
      expect(JSON.parse(body ?? '').alongside[0]).toMatchObject({ id: 'm', weight: 2 });
      await scene.register('a', { weight: 2 });
      expect(await isModified()).toBe(true);
      for (const id of ['m', 'n']) await scene.batch({ op: 'deregister', service: 'nodes', id });
      expect(await isModified()).toBe(true);
      expect(await isModified()).toBe(false);
    });

    where(capabilities.movesTime, () => {
      it('[L3] shows no instance of either that has expired, even if no alarm fired', async () => {
        const scene = stage();
        await furnish(scene);
        await scene.register('a', { lease: { ttlMs: 3_600_000 } });
        await scene.register('b', { lease: { ttlMs: 3_600_000 } });
        await scene.pass(LONG.ttlMs + LEASE_SLACK_MS - 1);
        await scene.freeze(1);
        await scene.stats();
        await scene.freeze(LEASE_SLACK_MS);
        expect(await listed(scene)).toMatchObject({ own: ['orders a', 'orders b'], others: undefined });
      });
    });
  });

  describe('data of a granted lease', () => {
    const consul = { door: 'consul', data: '{"Name":"größe"}' } as const;

    it('[GL1] is shown to the door that stored it', async () => {
      const { scene, leases } = begin();
      const lease = await leases.grant(consul);
      expect(lease).toMatchObject(consul);
      const plain = await leases.grant();
      expect([plain.data, plain.door]).toEqual([undefined, undefined]);
      const named = { lease: lease.id, door: 'consul' as const };
      expect(bodyOf(await scene.api.readLease(OWNER, named))).toMatchObject(consul);
      expect(bodyOf(await scene.api.renewLease(OWNER, named))).toMatchObject(consul);
      for (const view of [await leases.read(lease.id), await leases.renew(lease.id)]) {
        expect([view.data, view.door]).toEqual([undefined, 'consul']);
      }
    });

    it('[GL1] is listed with the leases of that door alone', async () => {
      const { leases } = begin();
      const granted = [];
      for (let count = 0; count < 3; count++) granted.push(await leases.grant(consul));
      const plain = await leases.grant();
      const ids = granted.map(({ id }) => id).sort((a, b) => Number(a) - Number(b));
      const first = await leases.list({ door: 'consul', limit: 2 });
      expect(first.leases).toMatchObject(ids.slice(0, 2).map((id) => ({ id, ...consul })));
      const last = await leases.list({ door: 'consul', limit: 2, after: first.next });
      expect([last.leases.map(({ id }) => id), last.next]).toEqual([ids.slice(2), undefined]);
      expect((await leases.list({ door: 'native' })).leases.map(({ id }) => id)).toEqual([plain.id]);
      expect((await leases.list()).leases.map(({ data }) => data)).toEqual(Array(4).fill(undefined));
    });

    it('[GL1] has at most 1,024 bytes', async () => {
      const { leases } = begin();
      await leases.grant({ data: 'ü'.repeat(512) });
      await expect(leases.grant({ data: 'ü'.repeat(513) })).rejects.toEqual(refusal('INVALID_REQUEST'));
    });

    where(capabilities.restarts, () => {
      it('[GL5, I1] is the same after a restart', async () => {
        const { scene, leases } = begin();
        const { id } = await leases.grant(consul);
        await scene.restart();
        expect((await leases.list({ door: 'consul' })).leases).toMatchObject([{ id, ...consul }]);
      });
    });
  });
}
