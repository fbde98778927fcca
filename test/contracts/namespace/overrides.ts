import { describe, expect, it } from 'vitest';
import { OVERRIDE_LINGER_MS } from '../../../src/model/limits';
import { OPERATOR } from '../../fixtures/callers';
import { key } from '../../fixtures/definition';
import { ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, longTime, where } from './test-namespace';

const MINUTE_MS = 60_000;

/** Returns the RFC 3339 time `ms` after the registration of an instance. */
const timeAfter = (moment: { registeredAt: string }, ms: number) =>
  new Date(Date.parse(moment.registeredAt) + ms).toISOString();

/** Tests overrides, which an operator sets besides the instance's own definition. */
export function overrides(stage: () => Scene, capabilities: Capabilities): void {
  describe('override', () => {
    it('[O1] is merged over the registration on every read', async () => {
      const scene = stage();
      await scene.register('a', { weight: 2, metadata: { a: 'own', b: 'own' } });
      const view = await scene.override('a', { weight: 5, metadata: { b: 'theirs', c: 'theirs' } });
      expect(view).toMatchObject({ weight: 5, actor: OPERATOR.tokenId, revision: 2 });
      const merged = { weight: 5, metadata: { a: 'own', b: 'theirs', c: 'theirs' }, overridden: true };
      expect(await scene.read('a')).toMatchObject({ ...merged, revision: 1, changes: 1 });
      expect((await scene.list()).instances).toMatchObject([merged]);
      expect((await scene.resolve()).instances).toMatchObject([{ weight: 5, metadata: merged.metadata }]);
      expect(await scene.readOverride('a')).toEqual(view);
    });

    it.each([{ enabled: false }, { weight: 0 }, { status: 'out-of-service' as const }, { quarantine: {} }])(
      '[V1, O1] %o takes an instance out of traffic and leaves it in lists',
      async (override) => {
        const scene = stage();
        await scene.register('a');
        await scene.override('a', override);
        expect(await scene.resolved()).toEqual([]);
        expect((await scene.list()).instances).toMatchObject([{ id: 'a', healthy: true, available: false }]);
      },
    );

    it('[O1] can put an instance into traffic that declares itself out of service', async () => {
      const scene = stage();
      await scene.register('a', { status: 'starting', weight: 0 });
      await scene.override('a', { status: 'up', weight: 1 });
      expect(await scene.resolved()).toEqual(['a']);
    });

    it('[O1] stays when the instance registers again, with the same content or other content', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { weight: 7 });
      await scene.register('a');
      expect((await scene.read('a')).weight).toBe(7);
      await scene.register('a', { weight: 3 });
      expect((await scene.read('a')).weight).toBe(7);
    });

    it('[O1] stays when the instance is removed and registers again', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { enabled: false });
      await scene.deregister('a');
      expect(await scene.readOverride('a')).toMatchObject({ enabled: false });
      await scene.register('a');
      expect(await scene.resolved()).toEqual([]);
    });

    it("[O2] restores the instance's own values when it is cleared, and clearing twice succeeds", async () => {
      const scene = stage();
      await scene.register('a', { weight: 2 });
      await scene.override('a', { weight: 5, enabled: false });
      const cleared = await scene.clearOverride('a');
      expect(await scene.read('a')).toMatchObject({ weight: 2, enabled: true, overridden: false, available: true });
      expect(await scene.resolved()).toEqual(['a']);
      await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      expect(await scene.clearOverride('a')).toEqual(cleared);
    });

    it("[O1] is replaced as a whole: members that it no longer sets have the instance's values", async () => {
      const scene = stage();
      await scene.register('a', { weight: 2 });
      await scene.override('a', { weight: 5 });
      await scene.override('a', { enabled: true });
      expect(await scene.read('a')).toMatchObject({ weight: 2 });
      expect(await scene.readOverride('a')).not.toHaveProperty('weight');
    });

    it('[R2] makes no revision when it is repeated', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { weight: 5, metadata: { a: '1', b: '2' }, quarantine: { reason: 'hot' } });
      await scene.override('a', { quarantine: { reason: 'hot' }, metadata: { b: '2', a: '1' }, weight: 5 });
      expect(await scene.revision()).toBe(2);
    });

    it('reports whether it is new', async () => {
      const scene = stage();
      await scene.register('a');
      const put = (weight: number) =>
        scene.api.putOverride(OPERATOR, { key: key('a'), override: { weight }, precondition: {} });
      expect((await put(1)).created).toBe(true);
      expect((await put(2)).created).toBe(false);
      expect((await put(2)).created).toBe(false);
    });

    it('is refused for an instance that never existed or was removed long ago', async () => {
      const scene = stage();
      await expect(scene.override('a', { weight: 1 })).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      await scene.register('a');
      await scene.override('a', { weight: 1 });
      await scene.deregister('a');
      await scene.override('a', { weight: 2 });
      await scene.register('a');
      expect(await scene.read('a')).toMatchObject({ weight: 2 });
    });

    it('[Q4] checks its precondition against the override, not the instance', async () => {
      const scene = stage();
      await scene.register('a');
      await expect(scene.override('a', { weight: 1 }, { revision: 1 })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      await scene.override('a', { weight: 1 }, { absent: true });
      await expect(scene.override('a', { weight: 2 }, { absent: true })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      await expect(scene.clearOverride('a', { revision: 1 })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      await scene.clearOverride('a', { revision: 2 });
      await expect(scene.clearOverride('a', { revision: 2 })).rejects.toEqual(refusal('REVISION_MISMATCH'));
    });
  });

  describe('quarantine', () => {
    it('[O4] keeps traffic away until it is lifted, whatever the instance sends or registers', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { quarantine: { reason: 'bad disk' }, status: 'up', enabled: true });
      await scene.beat('a');
      await scene.register('a', { port: 9, incarnation: 'run-2' });
      expect(await scene.read('a')).toMatchObject({ quarantined: true, available: false, healthy: true });
      expect(await scene.resolved()).toEqual([]);
      await scene.clearOverride('a');
      expect(await scene.resolved()).toEqual(['a']);
    });

    where(capabilities.movesTime, () => {
      it('[O5] ends by itself at `until` and leaves the rest of the override', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { ephemeral: false });
        const until = timeAfter(instance, MINUTE_MS);
        await scene.override('a', { weight: 5, quarantine: { until } });
        await scene.pass(MINUTE_MS - 1);
        expect(await scene.resolved()).toEqual([]);
        await scene.pass(1);
        expect(await scene.resolved()).toEqual(['a']);
        expect(await scene.read('a')).toMatchObject({ weight: 5, quarantined: false });
        expect(await scene.readOverride('a')).toMatchObject({ weight: 5, updatedAt: until });
      });

      it('[O5] removes the override when nothing else is in it', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { ephemeral: false });
        await scene.override('a', { quarantine: { until: timeAfter(instance, MINUTE_MS) } });
        await scene.pass(MINUTE_MS);
        await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
        expect(await scene.read('a')).toMatchObject({ overridden: false });
      });

      it('[O5] lasts until its newest `until`, which may be earlier or later', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { ephemeral: false });
        await scene.override('a', { quarantine: { until: timeAfter(instance, MINUTE_MS) } });
        await scene.override('a', { quarantine: { until: timeAfter(instance, 3 * MINUTE_MS) } });
        await scene.pass(2 * MINUTE_MS);
        expect(await scene.resolved()).toEqual([]);
        await scene.override('a', { quarantine: { until: timeAfter(instance, 2 * MINUTE_MS + 1) } });
        await scene.pass(1);
        expect(await scene.resolved()).toEqual(['a']);
      });

      it('[O5] has ended in every read even if no alarm fired', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { ephemeral: false });
        await scene.override('a', { quarantine: { until: timeAfter(instance, MINUTE_MS) } });
        await scene.freeze(MINUTE_MS);
        expect(await scene.resolved()).toEqual(['a']);
      });

      it('[O3, O5] outlasts its instance for as long as requested', async () => {
        const scene = stage();
        const { instance } = await scene.register('a');
        await scene.override('a', { quarantine: { until: timeAfter(instance, 60 * MINUTE_MS) } });
        await scene.deregister('a');
        await scene.pass(59 * MINUTE_MS);
        await scene.register('a', { ephemeral: false });
        expect(await scene.resolved()).toEqual([]);
        await scene.pass(MINUTE_MS);
        expect(await scene.resolved()).toEqual(['a']);
      });

      it('[O3] without `until` outlasts its instance until it is lifted', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.override('a', { quarantine: {} });
        await scene.deregister('a');
        await scene.pass(longTime(capabilities));
        await scene.register('a');
        expect(await scene.read('a')).toMatchObject({ quarantined: true });
      });
    });
  });

  where(capabilities.movesTime, () => {
    describe('an override whose instance was removed', () => {
      it.each([
        ['deregistered', (scene: Scene) => scene.deregister('a')],
        ['expired', (scene: Scene) => scene.pass(30_000 + ENDS_AFTER_MS)],
      ])('[O3] is kept for ten minutes after its instance was %s, and dropped then', async (_how, goes) => {
        const scene = stage();
        await scene.register('a');
        await scene.override('a', { weight: 5 });
        await goes(scene);
        await scene.pass(OVERRIDE_LINGER_MS - 1);
        expect(await scene.readOverride('a')).toMatchObject({ weight: 5 });
        await scene.pass(1);
        await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
        await scene.register('a');
        expect(await scene.read('a')).toMatchObject({ weight: 1, overridden: false });
      });

      it('[O3] is kept for ten minutes from the last removal', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.override('a', { weight: 5 });
        await scene.deregister('a');
        await scene.pass(OVERRIDE_LINGER_MS / 2);
        await scene.register('a');
        await scene.deregister('a');
        await scene.pass(OVERRIDE_LINGER_MS - 1);
        expect(await scene.readOverride('a')).toMatchObject({ weight: 5 });
        await scene.pass(1);
        await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      });

      it('[O1] is kept if the instance registers again in time', async () => {
        const scene = stage();
        await scene.register('a', { ephemeral: false });
        await scene.override('a', { weight: 5 });
        await scene.deregister('a');
        await scene.pass(MINUTE_MS);
        await scene.register('a', { ephemeral: false });
        await scene.pass(2 * OVERRIDE_LINGER_MS);
        expect(await scene.read('a')).toMatchObject({ weight: 5 });
      });
    });
  });
}
