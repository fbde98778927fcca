import { describe, expect, it } from 'vitest';
import { bodyOf, isUnchanged, refusal } from '../../../../test/contracts/namespace/scene';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { revisionOf } from '../../../model/cursor';
import type { NamespaceSnapshot, SnapshotService } from '../../../model/frames';
import { SNAPSHOT_PART_MAX_BYTES } from '../../../model/limits';

async function begin() {
  const stage = new WatchStage();
  const snapshot = async (after?: string): Promise<NamespaceSnapshot> =>
    bodyOf(await stage.scene.api.snapshot({ after }));
  return { stage, scene: stage.scene, snapshot };
}

const names = ({ services }: NamespaceSnapshot) =>
  services.map(({ name, instances }) => `${name}: ${instances.map(({ id }) => id).join(' ')}`);

/** Joins the services of several parts, as a reader would. */
function together(parts: NamespaceSnapshot[]): SnapshotService[] {
  const services: SnapshotService[] = [];
  for (const service of parts.flatMap((part) => part.services)) {
    const last = services.at(-1);
    if (last?.name === service.name && last.group === service.group) last.instances.push(...service.instances);
    else services.push(service);
  }
  return services;
}

describe('NamespaceSnapshots', () => {
  it('[J5] contains every service with its instances as in lists, and its cursor', async () => {
    const { scene, snapshot } = await begin();
    await scene.register('b');
    await scene.register('a');
    await scene.override('a', { weight: 4 });
    await scene.register('x', {}, { service: 'users' });
    await scene.putService({ protectThreshold: 0.5 }, { service: 'empty' });
    await scene.register('gone', {}, { service: 'gone' });
    await scene.batch({ op: 'deregister', service: 'gone', id: 'gone' });
    const whole = await snapshot();
    expect(names(whole)).toEqual(['empty: ', 'orders: a b', 'users: x']);
    expect(whole.services[1]?.instances).toEqual((await scene.list()).instances);
    expect(whole.services[0]).toMatchObject({ persistent: true, protectThreshold: 0.5 });
    expect(whole.next).toBeUndefined();
    expect((await scene.api.snapshot({})).cursor).toBe(await scene.cursor());
  });

  it('[J5] reports that nothing has changed since a cursor', async () => {
    const { scene } = await begin();
    const { cursor } = await scene.register('a');
    expect(isUnchanged(await scene.api.snapshot({ ifNoneMatch: cursor }))).toBe(true);
    const { cursor: next } = await scene.register('b');
    expect(await scene.api.snapshot({ ifNoneMatch: cursor })).toMatchObject({ cursor: next, body: expect.any(String) });
  });

  it('[J5] reports that no service has changed after a revision', async () => {
    const { scene } = await begin();
    const revision = revisionOf((await scene.register('a')).cursor);
    await new EntryCalls(scene.api).put('k', 'v');
    expect(isUnchanged(await scene.api.snapshot({ ifChangedAfter: revision }))).toBe(true);
    expect(isUnchanged(await scene.api.snapshot({ ifChangedAfter: revision - 1 }))).toBe(false);
    expect(isUnchanged(await scene.api.snapshot({ ifChangedAfter: revision + 2 }))).toBe(false);
  });

  it('[J5] caches the encoded text until the next change, or until time changes it', async () => {
    const { stage, scene, snapshot } = await begin();
    await scene.register('a');
    const { body } = await scene.api.snapshot({});
    expect((await scene.api.snapshot({})).body).toBe(body);
    await scene.register('b');
    expect(names(await snapshot())).toEqual(['orders: a b']);
    for (let turn = 0; turn < 3; turn++) {
      await stage.namespace.pass(31_000);
      await scene.register('a');
    }
    expect(names(await snapshot())).toEqual(['orders: a']);
  });

  it('[J5] has parts that show one moment, whatever changes between them', async () => {
    const { stage, scene, snapshot } = await begin();
    const ids = Array.from({ length: 700 }, (_, index) => `i${String(index).padStart(3, '0')}`);
    for (let first = 0; first < 700; first += 100) await stage.registerBulk(...ids.slice(first, first + 100));
    await scene.register('x', {}, { service: 'users' });
    const { instances } = await scene.list();
    const users = await scene.read('i000');
    const { cursor } = await scene.api.snapshot({});
    const parts = [await snapshot()];
    expect(users.id).toBe('i000');
    for (let next = parts[0]?.next; next !== undefined; next = parts.at(-1)?.next) {
      await scene.patch('i001', { weight: parts.length + 1 });
      await scene.deregister(`i${String(690 + parts.length)}`);
      await scene.register('zzz', { weight: parts.length });
      await scene.register('x', { weight: parts.length + 2 }, { service: 'users' });
      await scene.register('new', {}, { service: 'zoo' });
      const answer = await scene.api.snapshot({ after: next });
      expect(answer.cursor).toBe(cursor);
      parts.push(bodyOf(answer));
    }
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(SNAPSHOT_PART_MAX_BYTES * 1.1);
    const [orders, others, ...rest] = together(parts);
    expect(orders?.instances).toEqual(instances);
    expect(others?.instances).toMatchObject([{ id: 'x', weight: 1, revision: 8 }]);
    expect(rest).toEqual([]);
  });

  it('refuses to continue from a position that ended no part', async () => {
    const cases = ['', '[]', '["x","a","b","c"]', '["cE.1.x","a","b",1]', '{'] as const;
    for (const after of cases) {
      const { scene } = await begin();
      await expect(scene.api.snapshot({ after })).rejects.toEqual(refusal('INVALID_REQUEST'));
    }
  });

  it('refuses to continue in history that is not retained', async () => {
    const { scene } = await begin();
    const after = '["cE.1.x","a","b","c"]';
    await expect(scene.api.snapshot({ after })).rejects.toEqual(refusal('COMPACTED'));
  });
});
