import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { settle } from '../../../test/simulation/virtual-time';
import { DIRECTORY_SLICE_MAX_COUNT, ERRAND_RETRY_MIN_MS } from '../../model/limits';

const HOUR_MS = 3_600_000;

async function begin(...ids: string[]) {
  const directory = new NodeDirectory();
  for (const id of ids) await directory.api.createNamespace(BY_ROOT, { id });
  directory.controls.takeCalls();
  const give = (ns: string, more = {}) =>
    directory.api.createToken(BY_ROOT, { name: 't', grants: [{ scope: 'read', ns }], pathWrite: false, ...more });
  return { directory, controls: directory.controls, api: directory.api, give };
}

describe('notifying namespaces of tokens', () => {
  it('[A30] notifies the namespaces of a revoked token at once', async () => {
    const { directory, controls, api, give } = await begin('a', 'b');
    const [onA, onAll, onNone] = [await give('a'), await give('*'), await give('none')];
    await api.revokeToken(BY_ROOT, onA.id);
    await directory.pass(0);
    expect(controls.takeCalls()).toEqual([`a: close ${onA.id}`]);
    await api.revokeToken(BY_ROOT, onAll.id);
    await api.revokeToken(BY_ROOT, onNone.id);
    await directory.pass(1_000);
    expect(controls.takeCalls().sort()).toEqual(['a', 'b', 'public'].map((ns) => `${ns}: close ${onAll.id}`));
    await directory.pass(HOUR_MS);
    expect(controls.takeCalls()).toEqual([]);
  });

  it('[A30] notifies them when a token expires or its secret is rotated: at once, or after the overlap', async () => {
    const { directory, controls, api, give } = await begin('a');
    const ending = await give('a', { expiresInMs: HOUR_MS });
    await directory.pass(HOUR_MS - 1);
    expect(controls.takeCalls()).toEqual([]);
    await directory.pass(1);
    expect(controls.takeCalls()).toEqual([`a: close ${ending.id}`]);

    const { id } = await give('a');
    await api.rotateToken(BY_ROOT, id, { overlapMs: 0 });
    await directory.pass(1_000);
    expect(controls.takeCalls()).toEqual([`a: close ${id}`]);
    await api.rotateToken(BY_ROOT, id, { overlapMs: HOUR_MS });
    await directory.pass(HOUR_MS - 1);
    expect(controls.takeCalls()).toEqual([]);
    await directory.pass(1);
    expect(controls.takeCalls()).toEqual([`a: close ${id}`]);
  });

  it('[A30] keeps retrying an unreachable namespace through restarts, without delaying others', async () => {
    const { directory, controls, give } = await begin('a', 'b');
    const { id } = await give('*');
    controls.lost.add('a');
    await directory.api.revokeToken(BY_ROOT, id);
    await directory.pass(1_000);
    expect(controls.takeCalls().sort()).toEqual([`b: close ${id}`, `public: close ${id}`]);
    await directory.restart();
    await directory.pass(14_000);
    controls.lost.clear();
    await directory.pass(15_000);
    expect(controls.takeCalls()).toEqual([`a: close ${id}`]);
    await directory.pass(HOUR_MS);
    expect(controls.takeCalls()).toEqual([]);
  });

  it('[A30] notifies far more namespaces than one alarm handles within 30 s', async () => {
    const { directory, controls, give } = await begin();
    const { storage } = directory.platform;
    const count = 3 * DIRECTORY_SLICE_MAX_COUNT;
    for (let number = 0; number < count; number++) {
      storage.run("INSERT INTO namespace (id, state, settings) VALUES (?, 'there', '{}')", `ns-${number}`);
    }
    await directory.api.revokeToken(BY_ROOT, (await give('*')).id);
    await directory.pass(0);
    expect(controls.calls).toHaveLength(DIRECTORY_SLICE_MAX_COUNT);
    await directory.pass(30_000);
    expect(new Set(controls.calls).size).toBe(count + 1);
  });
});

describe('applying changes to a namespace’s object', () => {
  it('[N12] shows a namespace as created only after its object was configured', async () => {
    const { directory, controls, api } = await begin();
    controls.lost.add('a');
    await expect(api.createNamespace(BY_ROOT, { id: 'a' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await api.findNamespace('a')).toBeNull();
    expect((await api.listNamespaces(BY_ROOT, {})).namespaces).toHaveLength(1);
    expect((await api.readAudit(BY_ROOT, {})).entries).toMatchObject([{ outcome: 'begun' }]);
    await directory.restart();
    controls.lost.clear();
    await directory.pass(10_000);
    expect(controls.takeCalls()).toEqual(['a: configure']);
    expect(await directory.api.findNamespace('a')).toEqual({});
    expect((await directory.api.readAudit(BY_ROOT, {})).entries).toMatchObject([{ outcome: 'done' }]);
  });

  it('[N12] completes an interrupted creation when it is requested again, and refuses another definition meanwhile', async () => {
    const { controls, api } = await begin();
    controls.lost.add('a');
    await expect(api.createNamespace(BY_ROOT, { id: 'a' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    controls.lost.clear();
    await expect(api.createNamespace(BY_ROOT, { id: 'a', title: 'x' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await api.createNamespace(BY_ROOT, { id: 'a' })).created).toBe(true);
    expect(await api.findNamespace('a')).toEqual({});
    expect((await api.readAudit(BY_ROOT, {})).entries).toMatchObject([{ id: 1, outcome: 'done' }]);
  });

  it('[N13] removes the namespace only after its object was erased, and completes an interrupted removal', async () => {
    const { directory, controls, api } = await begin('a');
    controls.lost.add('a');
    await expect(api.removeNamespace(BY_ROOT, 'a', false)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await api.findNamespace('a'), 'its size is not known').toEqual({});
    await expect(api.removeNamespace(BY_ROOT, 'a', true)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await api.findNamespace('a')).toBeNull();
    await expect(api.createNamespace(BY_ROOT, { id: 'a' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await directory.restart();
    controls.lost.clear();
    await directory.api.removeNamespace(BY_ROOT, 'a', false);
    expect(controls.takeCalls()).toEqual(['a: erase']);
    expect((await directory.api.readAudit(BY_ROOT, {})).entries[0]).toMatchObject({
      action: 'namespace-deleted',
      outcome: 'done',
    });
    expect((await directory.api.createNamespace(BY_ROOT, { id: 'a' })).created).toBe(true);
  });

  it('[N13] keeps a namespace that is no longer empty when its object is asked, and delivers its other errands', async () => {
    const { directory, controls, api, give } = await begin('a');
    const token = await give('a');
    const [size, erase] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    controls.gate = size.promise;
    const removed = api.removeNamespace(BY_ROOT, 'a', false);
    await settle();
    controls.gate = erase.promise;
    size.resolve();
    await settle();
    expect([await api.findNamespace('a'), controls.takeCalls()]).toEqual([null, ['a: size']]);
    controls.sizes.set('a', { instances: 1, services: 1 });
    await api.revokeToken(BY_ROOT, token.id);
    erase.resolve();
    await expect(removed).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('while it was being removed'),
    });
    expect(await api.findNamespace('a')).toEqual({});
    const actions = (await api.readAudit(BY_ROOT, {})).entries.map(({ action }) => action);
    expect(actions, 'it was not deleted').not.toContain('namespace-deleted');
    await directory.pass(1_000);
    expect(controls.takeCalls()).toEqual(['a: erase if empty', `a: close ${token.id}`]);
    await api.removeNamespace(BY_ROOT, 'a', true);
    expect(await api.findNamespace('a')).toBeNull();
  });

  it('[N13] upgrades a pending removal of an empty namespace to a forced one', async () => {
    const { directory, controls, api } = await begin('a');
    const gate = Promise.withResolvers<void>();
    controls.gate = gate.promise;
    const gently = api.removeNamespace(BY_ROOT, 'a', false).catch(({ code }) => code);
    await settle();
    const next = Promise.withResolvers<void>();
    controls.gate = next.promise;
    gate.resolve();
    await settle();
    controls.sizes.set('a', { instances: 1, services: 1 });
    const byForce = api.removeNamespace(BY_ROOT, 'a', true);
    await settle();
    next.resolve();
    await Promise.all([gently, byForce]);
    expect(await api.findNamespace('a')).toBeNull();
    expect(controls.takeCalls()).toEqual(['a: size', 'a: erase if empty', 'a: erase']);
    expect((await api.createNamespace(BY_ROOT, { id: 'a' })).created).toBe(true);
    await directory.pass(HOUR_MS);
    expect(controls.takeCalls()).toEqual(['a: configure']);
  });

  it('[N13] removes a namespace whose creation never completed', async () => {
    const { directory, controls, api } = await begin();
    controls.lost.add('a');
    await expect(api.createNamespace(BY_ROOT, { id: 'a' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    controls.lost.clear();
    await api.removeNamespace(BY_ROOT, 'a', false);
    await directory.pass(HOUR_MS);
    expect(controls.takeCalls()).toEqual(['a: erase if empty']);
    const story = (await api.readAudit(BY_ROOT, {})).entries.map(({ action, outcome }) => `${action} ${outcome}`);
    expect(story).toEqual(['namespace-deleted done']);
  });

  it('[N14] delivers settings that changed during a delivery, in order', async () => {
    const { controls, api } = await begin('a');
    const gate = Promise.withResolvers<void>();
    controls.gate = gate.promise;
    const first = api.patchNamespace(BY_ROOT, 'a', { limits: { sockets: 1 } });
    await settle();
    // If they were delivered concurrently, the first would arrive last.
    controls.gate = Promise.resolve();
    const second = api.patchNamespace(BY_ROOT, 'a', { limits: { sockets: 2 } });
    await settle();
    gate.resolve();
    await Promise.all([first, second]);
    expect(controls.settings.get('a')).toEqual({ retention: {}, limits: { sockets: 2 } });
    expect(controls.takeCalls()).toEqual(['a: configure', 'a: configure']);
  });

  it('[N14] responds once a change is made, and delivers it later if the object is unreachable', async () => {
    const { directory, controls, api } = await begin('a');
    controls.lost.add('a');
    await api.patchNamespace(BY_ROOT, 'a', { limits: { sockets: 1 } });
    controls.lost.clear();
    await directory.pass(ERRAND_RETRY_MIN_MS);
    expect(controls.settings.get('a')).toEqual({ retention: {}, limits: { sockets: 1 } });
    controls.takeCalls();
    await api.patchNamespace(BY_ROOT, 'a', { title: 'not sent to the object' });
    await api.patchNamespace(BY_ROOT, 'a', { limits: { sockets: 1 } });
    await directory.pass(HOUR_MS);
    expect(controls.takeCalls()).toEqual([]);
  });
});
