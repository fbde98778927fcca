import { describe, expect, it } from 'vitest';
import type { GrantedLeaseView } from '../../../src/model/granted-lease';
import type { InstanceView } from '../../../src/model/instance';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { definition, key, ORDERS } from '../../fixtures/definition';
import { EntryCalls, keyOf } from '../../fixtures/entry-calls';
import { exportLines, importLines, planOf, stageLines } from '../../fixtures/files';
import { LeaseCalls } from '../../fixtures/lease-calls';
import { transact } from '../../fixtures/transaction-calls';
import { bodyOf, ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const TTL_MS = 30_000;

/** A card that describes an instance of the service `orders`. */
const card = (id: string, place = '10.0.0.9:80', more: object = {}) =>
  JSON.stringify({ service: ORDERS.service, id, place, ...more });

/** Tests layouts, with two that are made up: `roster` identifies itself, `cards` is read under prefixes. */
export function layouts(stage: () => Scene, capabilities: Capabilities): void {
  const begin = () => {
    const scene = stage();
    return { scene, entries: new EntryCalls(scene.api), leases: new LeaseCalls(scene.api) };
  };

  /** Returns an instance of a service. */
  const read = async (scene: Scene, id: string, service: string = ORDERS.service): Promise<InstanceView> =>
    bodyOf(await scene.api.readInstance({ key: { ...ORDERS, service, id } }));

  where(capabilities.hasLayouts, () => {
    describe('entries as instances', () => readEntries(begin, read));
    describe('instances as entries', () => showInstances(begin, capabilities));
  });
}

/** Returns the causes of the changes of an instance, newest first. */
async function causesOf({ api }: Scene, id: string): Promise<string[]> {
  const { entries } = bodyOf(await api.history({ ...ORDERS, instance: id }));
  return entries.flatMap(({ changes }) => changes.map(({ cause }) => cause));
}

type Begin = () => { scene: Scene; entries: EntryCalls; leases: LeaseCalls };

function readEntries(begin: Begin, read: (scene: Scene, id: string, service?: string) => Promise<InstanceView>): void {
  const put = (leases: LeaseCalls, { id }: GrantedLeaseView, value = '10.0.0.1:80') =>
    leases.put(`orders/${id}`, value, id);

  it('[LO1] an entry that a lease holds and that a layout knows is an instance, in the same revision', async () => {
    const { scene, leases } = begin();
    const lease = await leases.grant();
    const entry = await put(leases, lease);
    const instance = await read(scene, lease.id);
    expect(instance).toMatchObject({ address: '10.0.0.1', port: 80, available: true, owner: 'owner', ephemeral: true });
    expect(instance.lease).toMatchObject({ id: lease.id, ttlMs: TTL_MS, removeAfterMs: TTL_MS });
    expect(instance.revision).toBe(entry.revision);
    expect(await scene.revision()).toBe(entry.revision);
    expect((await scene.resolve()).instances).toMatchObject([{ id: lease.id, address: '10.0.0.1', port: 80 }]);
  });

  it('[LO1] an entry without a lease, without a known shape or with another lease in its key is plain data', async () => {
    const { scene, entries, leases } = begin();
    const [lease, other] = [await leases.grant(), await leases.grant()];
    await entries.put(`orders/${lease.id}`, '10.0.0.1:80');
    await leases.put('orders/a', '10.0.0.1:80', lease.id);
    await leases.put(`orders/${other.id}`, '10.0.0.1:80', lease.id);
    await leases.put(`orders/${lease.id}x`, '10.0.0.1:80', lease.id);
    await leases.put(`payments/${lease.id}`, 'ten:eighty', lease.id);
    await leases.put(`\u0001/${lease.id}`, '10.0.0.1:80', lease.id);
    await leases.put(`ports/${lease.id}`, '10.0.0.1:99999', lease.id);
    await leases.put('cards/a', card('a'), lease.id);
    expect((await scene.services()).map(({ name }) => name)).toEqual([]);
    expect(await entries.keys()).toHaveLength(8);
  });

  it('[LO1] the instance of a lease that ends only when it is revoked has none', async () => {
    const { scene, leases } = begin();
    const lease = await leases.grant({ ttlMs: null });
    await put(leases, lease);
    expect(await read(scene, lease.id)).toMatchObject({ ephemeral: false, lease: null, available: true });
    await leases.revoke(lease.id);
    expect(await scene.listed()).toEqual([]);
  });

  it('[LO2] the instance changes and goes with its entry, in the same revision', async () => {
    const { scene, entries, leases } = begin();
    const lease = await leases.grant();
    await put(leases, lease);
    const changed = await put(leases, lease, '10.0.0.2:81');
    expect(await read(scene, lease.id)).toMatchObject({ address: '10.0.0.2', port: 81, revision: changed.revision });
    const again = await put(leases, lease, '10.0.0.2:81');
    expect(await read(scene, lease.id)).toMatchObject({ revision: changed.revision, changes: 2 });
    expect(await scene.revision()).toBe(again.revision);
    await entries.delete(`orders/${lease.id}`);
    expect(await scene.revision()).toBe(again.revision + 1);
    expect(await scene.listed()).toEqual([]);
    expect(await causesOf(scene, lease.id)).toEqual(['deregistered', 'updated', 'registered']);
  });

  it('[LO2] it goes in the same revision when the lease is revoked, or holds the entry no longer', async () => {
    const { scene, entries, leases } = begin();
    const [lease, second] = [await leases.grant(), await leases.grant()];
    await put(leases, lease);
    await put(leases, second);
    const before = await scene.revision();
    await leases.revoke(lease.id);
    expect(await scene.revision()).toBe(before + 1);
    expect(await scene.listed()).toEqual([second.id]);
    await entries.put(`orders/${second.id}`, '10.0.0.1:80');
    expect(await scene.revision()).toBe(before + 2);
    expect(await scene.listed()).toEqual([]);
    expect(await entries.keys()).toEqual([`orders/${second.id}`]);
  });

  it('[LO2] it goes in the same revision when the entry is overwritten by something that no layout knows', async () => {
    const { scene, leases } = begin();
    const lease = await leases.grant();
    await put(leases, lease);
    const { revision } = await put(leases, lease, 'gone');
    expect(await scene.listed()).toEqual([]);
    expect(await scene.revision()).toBe(revision);
    await put(leases, lease);
    expect(await scene.listed()).toEqual([lease.id]);
  });

  it('[LO2] an entry that moves to another lease takes its instance with it', async () => {
    const { scene, leases } = begin();
    await scene.layOut({ kind: 'cards', prefix: 'cards/' });
    const [first, second] = [await leases.grant(), await leases.grant({ ttlMs: 60_000 })];
    await leases.put('cards/a', card('a'), first.id);
    await leases.put('cards/a', card('a'), second.id);
    expect((await read(scene, 'a')).lease).toMatchObject({ id: second.id, ttlMs: 60_000 });
    await leases.revoke(first.id);
    expect(await scene.listed()).toEqual(['a']);
    await leases.revoke(second.id);
    expect(await scene.listed()).toEqual([]);
  });

  it('[LO3] entries that describe the same instance make one each', async () => {
    const { scene, entries, leases } = begin();
    await scene.layOut({ kind: 'cards', prefix: 'cards/' });
    await scene.register('native');
    const { id: lease } = await leases.grant();
    await leases.put('cards/1', card('a', '10.0.0.1:80'), lease);
    await leases.put('cards/2', card('a', '10.0.0.2:80'), lease);
    await leases.put('cards/3', card('native', '10.0.0.3:80'), lease);
    const ids = await scene.listed();
    expect(ids).toEqual(['a', expect.stringMatching(/^a~[0-9a-f]{8}$/), 'native', expect.stringMatching(/^native~/)]);
    expect(await read(scene, 'a')).toMatchObject({ address: '10.0.0.1' });
    // The id stays, although the other one is free now.
    await entries.delete('cards/1');
    await leases.put('cards/2', card('a', '10.0.0.4:80'), lease);
    expect(await scene.listed()).toEqual(ids.slice(1));
    await leases.put('cards/1', card('a', '10.0.0.1:80'), lease);
    expect(await scene.listed()).toEqual(ids);
    await leases.revoke(lease);
    expect(await scene.listed()).toEqual(['native']);
  });

  it('[LO3] an entry can come to describe another instance, in one revision', async () => {
    const { scene, leases } = begin();
    await scene.layOut({ kind: 'cards', prefix: 'cards/' });
    const { id: lease } = await leases.grant();
    await leases.put('cards/1', card('a'), lease);
    const { revision } = await leases.put('cards/1', card('b', '10.0.0.9:80', { service: 'payments' }), lease);
    expect(await scene.listed()).toEqual([]);
    expect(await read(scene, 'b', 'payments')).toMatchObject({ revision, createdRevision: revision });
  });

  it('[LO4] only overrides change such an instance, and they outlast changes of its entry', async () => {
    const { scene, leases } = begin();
    const lease = await leases.grant();
    await put(leases, lease);
    const cursor = await scene.cursor();
    const { id } = lease;
    const conflict = refusal('CONFLICT');
    await expect(scene.register(id, { address: '10.0.0.1', port: 80 })).rejects.toEqual(conflict);
    await expect(scene.patch(id, { weight: 2 })).rejects.toEqual(conflict);
    await expect(scene.deregister(id)).rejects.toThrow(/described by the entry "orders\//);
    await expect(scene.drain(id)).rejects.toEqual(conflict);
    const removal = { ...ORDERS, force: true, precondition: {} };
    await expect(scene.api.removeService(OPERATOR, removal)).rejects.toEqual(conflict);
    const operation = { op: 'deregister' as const, key: key(id), precondition: {} };
    await expect(scene.api.batch(OWNER, [operation])).rejects.toEqual(conflict);
    expect(await scene.cursor()).toBe(cursor);
    await scene.override(id, { weight: 5, quarantine: { reason: 'suspicious' } });
    await put(leases, lease, '10.0.0.3:80');
    expect(await read(scene, id)).toMatchObject({
      address: '10.0.0.3',
      weight: 5,
      quarantined: true,
      available: false,
    });
  });

  it('[LO2] it survives a restart, and then goes with its entry', async () => {
    const { scene, leases } = begin();
    const lease = await leases.grant();
    await put(leases, lease);
    await scene.restart();
    expect(await scene.listed()).toEqual([lease.id]);
    await expect(scene.deregister(lease.id)).rejects.toEqual(refusal('CONFLICT'));
    await new EntryCalls(scene.api).delete(`orders/${lease.id}`);
    expect(await scene.listed()).toEqual([]);
  });

  it('[LO2] it expires with the lease', async () => {
    const { scene, entries, leases } = begin();
    const lease = await leases.grant();
    await put(leases, lease);
    const before = await scene.revision();
    await scene.pass(TTL_MS + ENDS_AFTER_MS);
    expect(await scene.listed()).toEqual([]);
    expect(await entries.keys()).toEqual([]);
    expect(await scene.revision()).toBe(before + 1);
    expect((await causesOf(scene, lease.id))[0]).toBe('expired');
  });

  it('[LO8] a setting reads entries that are there already, and a setting that goes makes them plain data', async () => {
    const { scene, entries, leases } = begin();
    const { id: lease } = await leases.grant({ ttlMs: 3_600_000 });
    await leases.put('cards/a', card('a'), lease);
    await leases.put('other/b', card('b'), lease);
    expect(await scene.listed()).toEqual([]);
    await scene.layOut({ kind: 'cards', prefix: 'cards/' });
    expect(await scene.listed()).toEqual(['a']);
    await scene.layOut();
    expect(await scene.listed()).toEqual([]);
    expect(await entries.keys()).toEqual(['cards/a', 'other/b']);
  });
}

function showInstances(begin: Begin, capabilities: Capabilities): void {
  const SHOWN = { kind: 'roster', prefix: 'shown/', show: true };
  const CARDS = { kind: 'cards', prefix: 'cards/', show: true };
  const place = { address: '10.0.0.1', port: 80 };

  it('[LO5] instances that take traffic are entries of the layout, in the same revision', async () => {
    const { scene, entries } = begin();
    await scene.layOut(SHOWN);
    const { instance } = await scene.register('a', place);
    const { revision } = instance;
    const numbers = { createdRevision: revision, revision, version: 1, layout: 'roster' };
    expect(await entries.read('shown/orders/a')).toMatchObject({ value: '10.0.0.1:80', ...numbers });
    expect(await scene.revision()).toBe(revision);
    expect(await entries.range()).toMatchObject({ count: 1, entries: [{ key: 'shown/orders/a', ...numbers }] });
    await scene.register('a', { ...place, port: 81 });
    const changed = await entries.read('shown/orders/a');
    expect(changed).toMatchObject({
      value: '10.0.0.1:81',
      createdRevision: revision,
      revision: revision + 1,
      version: 2,
    });
    await scene.patch('a', { metadata: { of: 'no concern' } });
    expect(await entries.read('shown/orders/a')).toEqual(changed);
    await scene.deregister('a');
    expect(await entries.keys()).toEqual([]);
  });

  it('[LO5] a change of health or an override is a put or a delete, and begins a new life', async () => {
    const { scene, entries } = begin();
    await scene.layOut(CARDS);
    await scene.register('a', { ...place, lease: { ttlMs: TTL_MS, removeAfterMs: 600_000 } });
    await scene.override('a', { weight: 7 });
    expect(JSON.parse((await entries.read('cards/orders/a'))?.value ?? '')).toMatchObject({ weight: 7 });
    await scene.override('a', { enabled: false });
    expect(await entries.keys()).toEqual([]);
    await scene.clearOverride('a');
    expect(await entries.keys()).toEqual(['cards/orders/a']);
    await scene.pass(TTL_MS + ENDS_AFTER_MS);
    expect(await entries.keys()).toEqual([]);
    const [gone] = (await entries.history('cards/orders/a')).changes;
    expect(gone).toMatchObject({ cause: 'unhealthy', after: null });
    await scene.beat('a');
    const revision = await scene.revision();
    expect(await entries.read('cards/orders/a')).toMatchObject({ createdRevision: revision, version: 1 });
  });

  it('[LO6] a put makes a real entry, a delete touches real ones alone, and then the instance shows again', async () => {
    const { scene, entries } = begin();
    await scene.layOut(SHOWN);
    await scene.register('a', place);
    const cursor = await scene.cursor();
    expect(await entries.delete('shown/orders/a')).toBe(cursor);
    await expect(entries.put('shown/orders/a', 'mine', { absent: true })).rejects.toEqual(refusal('REVISION_MISMATCH'));
    const command = { key: keyOf('shown/orders/a'), value: 'mine', precondition: {} };
    expect(await scene.api.putEntry(OWNER, command)).toMatchObject({ created: true });
    const real = await entries.read('shown/orders/a');
    const revision = await scene.revision();
    expect(real).toMatchObject({ value: 'mine', createdRevision: revision, version: 1 });
    expect(real?.layout).toBeUndefined();
    await scene.register('a', { ...place, port: 81 });
    await scene.restart();
    const woken = new EntryCalls(scene.api);
    expect(await woken.read('shown/orders/a')).toEqual(real);
    await woken.delete('shown/orders/a');
    const back = await scene.revision();
    const shown = { value: '10.0.0.1:81', layout: 'roster', createdRevision: back, revision: back, version: 1 };
    expect(await woken.read('shown/orders/a')).toMatchObject(shown);
    const { changes } = await woken.history('shown/orders/a');
    expect(changes.map(({ cause, after }) => [cause, after?.value])).toEqual([
      ['deleted', '10.0.0.1:81'],
      ['put', 'mine'],
      ['registered', '10.0.0.1:80'],
    ]);
  });

  it('[LO6] an instance that goes while it is shadowed does not show again', async () => {
    const { scene, entries } = begin();
    await scene.layOut(SHOWN);
    await entries.put('shown/orders/a', 'mine');
    await scene.register('a', place);
    expect(await entries.read('shown/orders/a')).toMatchObject({ value: 'mine', version: 1 });
    await scene.deregister('a');
    await entries.delete('shown/orders/a');
    expect(await entries.keys()).toEqual([]);
  });

  it('[LO6] of two instances under one key, the second shows when the first goes', async () => {
    const { scene, entries } = begin();
    await scene.layOut(SHOWN);
    await scene.register('a', place);
    const other = {
      key: { ...key('a'), group: 'ALPHA' },
      definition: definition({ ...place, port: 81 }),
      precondition: {},
    };
    await scene.api.register(OWNER, other);
    expect(await entries.read('shown/orders/a')).toMatchObject({ value: '10.0.0.1:80', version: 1 });
    await scene.restart();
    await scene.deregister('a');
    const revision = await scene.revision();
    const woken = new EntryCalls(scene.api);
    expect(await woken.read('shown/orders/a')).toMatchObject({ value: '10.0.0.1:81', createdRevision: revision });
    await scene.api.deregister(OWNER, { key: other.key, precondition: {} });
    expect(await woken.keys()).toEqual([]);
  });

  it('[LO7] nothing is shown in the layout that it was read from', async () => {
    const { scene, entries, leases } = begin();
    await scene.layOut(SHOWN, CARDS);
    const lease = await leases.grant();
    const key = `orders/${lease.id}`;
    const { revision } = await leases.put(key, '10.0.0.1:80', lease.id);
    expect(await entries.keys()).toEqual([`cards/${key}`, key]);
    expect(await entries.read(`cards/${key}`)).toMatchObject({ createdRevision: revision, layout: 'cards' });
    await leases.put('cards/b', card('b'), lease.id);
    expect(await entries.keys()).toEqual(['cards/b', `cards/${key}`, key, 'shown/orders/b']);
    const before = await scene.revision();
    await leases.revoke(lease.id);
    expect(await entries.keys()).toEqual([]);
    expect(await scene.revision()).toBe(before + 1);
  });

  it('[LO8] a setting shows what is there already, and hides it again, also in ranges of the past', async () => {
    const { scene, entries } = begin();
    await scene.register('a', place);
    await scene.register('b', place);
    const none = await scene.cursor();
    await scene.layOut(SHOWN);
    const both = await scene.cursor();
    expect(await entries.keys()).toEqual(['shown/orders/a', 'shown/orders/b']);
    const revision = await scene.revision();
    expect(await entries.read('shown/orders/a')).toMatchObject({ createdRevision: revision, version: 1 });
    await scene.deregister('a');
    const one = await scene.cursor();
    await scene.layOut({ ...SHOWN, prefix: 'moved/' });
    expect(await entries.keys()).toEqual(['moved/orders/b']);
    const moved = await scene.cursor();
    await scene.layOut({ ...SHOWN, show: false });
    expect(await entries.keys()).toEqual([]);
    const pasts: [string, string[]][] = [
      [none, []],
      [both, ['shown/orders/a', 'shown/orders/b']],
      [one, ['shown/orders/b']],
      [moved, ['moved/orders/b']],
    ];
    for (const [at, keys] of pasts) {
      expect(await entries.keys({ at })).toEqual(keys);
      expect((await entries.range({ at, countOnly: true })).count).toBe(keys.length);
    }
    expect(await entries.read('shown/orders/a', one).catch(({ code }) => code)).toBe('ENTRY_NOT_FOUND');
    expect(await entries.read('shown/orders/a', both)).toMatchObject({
      value: '10.0.0.1:80',
      createdRevision: revision,
    });
  });

  where(capabilities.remembers, () => {
    it('[LO9, Z12] an export has neither, and an import that replaces everything keeps both', async () => {
      const { scene, entries, leases } = begin();
      await scene.layOut(SHOWN);
      await scene.register('a', place);
      await entries.put('mine', 'kept');
      const { id: lease } = await leases.grant();
      await leases.put(`orders/${lease}`, '10.0.0.9:80', lease);
      const lines = await exportLines(scene.api);
      expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['instance', 'entry']);
      const importId = await stageLines(scene.api, lines);
      const plan = await planOf(scene.api, importId, 'replace');
      expect(plan).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 2 });
      await importLines(scene.api, [], 'replace');
      expect(await scene.listed()).toEqual([lease]);
      expect(await entries.keys()).toEqual([`orders/${lease}`]);
      await importLines(scene.api, lines, 'replace');
      expect(await scene.listed()).toEqual([lease, 'a']);
      expect(await entries.keys()).toEqual(['mine', `orders/${lease}`, 'shown/orders/a']);
    });
  });

  it('[LO6] a transaction deletes only real entries, and shows instances in its revision', async () => {
    const { scene, entries } = begin();
    await scene.layOut(SHOWN);
    await scene.register('a', place);
    await entries.put('shown/orders/b', 'mine');
    const before = await scene.revision();
    const all = { op: 'delete', prefix: 'shown/' };
    const { results } = await transact(scene.api, { do: [{ ...all, previous: true }] });
    expect(results).toMatchObject([{ op: 'delete', deleted: 1, previous: [{ value: 'mine' }] }]);
    expect(await entries.keys()).toEqual(['shown/orders/a']);
    const unchanged = await transact(scene.api, { do: [all] });
    expect(unchanged.results).toMatchObject([{ deleted: 0 }]);
    expect(await scene.revision()).toBe(before + 1);
    await scene.batch({ op: 'register', ...place, id: 'c' }, { op: 'deregister', id: 'a' });
    expect(await entries.keys()).toEqual(['shown/orders/c']);
    expect(await scene.revision()).toBe(before + 2);
  });
}
