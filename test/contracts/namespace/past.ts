import { describe, expect, it } from 'vitest';
import { OPERATOR } from '../../fixtures/callers';
import { key, ORDERS } from '../../fixtures/definition';
import { bodyOf, isUnchanged, refusal, type Scene } from './scene';

/** Tests the history, past states, and the reasons of changes. */
export function past(stage: () => Scene): void {
  describe('the past', () => {
    /** Creates a service, changes it in every way, and notes a time in the middle of these changes. */
    const furnish = async (scene: Scene) => {
      await scene.register('a');
      await scene.register('b', { weight: 3 });
      await scene.override('a', { weight: 5 });
      await scene.putService({ protectThreshold: 0.5 });
      const { instances } = await scene.list();
      const cursor = await scene.cursor();
      await scene.deregister('b');
      await scene.clearOverride('a');
      await scene.register('c');
      await scene.putService({ protectThreshold: 0.9 });
      return { cursor, instances };
    };

    it('[J4] is returned in pages, newest first', async () => {
      const scene = stage();
      await furnish(scene);
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = bodyOf(await scene.api.history({ ...ORDERS, limit: 3, after }));
        for (const { changes } of page.entries) seen.push(...changes.map(({ kind, cause }) => `${kind} ${cause}`));
        expect(page.compacted).toBe(false);
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual([
        'service updated',
        'instance registered',
        'override overridden',
        'instance deregistered',
        'service registered',
        'override overridden',
        'instance registered',
        'instance registered',
      ]);
      const ofA = bodyOf(await scene.api.history({ ...ORDERS, instance: 'a' }));
      expect(ofA.entries).toHaveLength(3);
    });

    it('[J6] shows a list as it was', async () => {
      const scene = stage();
      const { cursor, instances } = await furnish(scene);
      const then = await scene.api.listInstances({ ...ORDERS, filter: {}, at: cursor });
      expect(then.cursor).toBe(cursor);
      expect(bodyOf(then).instances).toEqual(instances);
      expect(
        isUnchanged(await scene.api.listInstances({ ...ORDERS, filter: {}, at: cursor, ifNoneMatch: cursor })),
      ).toBe(true);
      const page = await scene.api.listInstances({ ...ORDERS, filter: { available: true }, at: cursor, limit: 1 });
      expect(bodyOf(page)).toMatchObject({ instances: [{ id: 'a', weight: 5 }], next: 'a' });
      const rest = await scene.api.listInstances({ ...ORDERS, filter: {}, at: cursor, after: 'a' });
      expect(bodyOf(rest)).toMatchObject({ instances: [{ id: 'b', weight: 3 }] });
      const never = scene.api.listInstances({ ...ORDERS, filter: {}, at: 'cother.1.x' });
      await expect(never).rejects.toEqual(refusal('COMPACTED'));
    });

    it('[J7] can be compared with the present', async () => {
      const scene = stage();
      const { cursor } = await furnish(scene);
      expect(bodyOf(await scene.api.diff({ ...ORDERS, from: cursor }))).toMatchObject({
        service: { before: { protectThreshold: 0.5 }, after: { protectThreshold: 0.9 } },
        instances: [
          { id: 'a', before: { weight: 5 }, after: { weight: 1 } },
          { id: 'b', before: { weight: 3 }, after: null },
          { id: 'c', before: null, after: { id: 'c' } },
        ],
      });
    });

    it('[J8] explains why an instance has gone', async () => {
      const scene = stage();
      await furnish(scene);
      const gone = bodyOf(await scene.api.why({ key: key('b') }));
      expect(gone).toMatchObject({ present: false, entries: [{ cause: 'deregistered', actor: 'owner' }, {}] });
      expect(gone.renewals?.longestGapMs).toBeLessThan(10_000);
      expect(bodyOf(await scene.api.why({ key: key('c') }))).toMatchObject({ present: true, instance: { id: 'c' } });
      await expect(scene.api.why({ key: key('never') })).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    it('[J9] can be restored as far as operators made it', async () => {
      const scene = stage();
      const { cursor } = await furnish(scene);
      const rollback = () => scene.api.rollback(OPERATOR, { ...ORDERS, to: cursor });
      expect(bodyOf(await rollback())).toMatchObject({ service: 'restored', restored: ['a'], removed: [], gone: [] });
      expect((await scene.list()).instances).toMatchObject([{ id: 'a', weight: 5 }, { id: 'c' }]);
      expect((await scene.readService()).protectThreshold).toBe(0.5);
      const revision = await scene.revision();
      expect(bodyOf(await rollback())).toMatchObject({ revision: null, restored: [] });
      expect(await scene.revision()).toBe(revision);
    });

    it('[J5] is not part of a snapshot', async () => {
      const scene = stage();
      await furnish(scene);
      const { cursor, body } = await scene.api.snapshot({});
      expect(bodyOf({ body }).services).toMatchObject([{ name: 'orders', instances: [{ id: 'a' }, { id: 'c' }] }]);
      expect(isUnchanged(await scene.api.snapshot({ ifNoneMatch: cursor }))).toBe(true);
    });
  });
}
