import { describe, expect, it } from 'vitest';
import { readJsonText } from '../../../src/model/json';
import { DRAIN_QUARANTINE_MS } from '../../../src/model/limits';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { ORDERS } from '../../fixtures/definition';
import { refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Tests drains, which take an instance out of traffic before it stops. */
export function drains(stage: () => Scene, capabilities: Capabilities): void {
  describe('drain', () => {
    it('[O6] without a grace removes the instance at once', async () => {
      const scene = stage();
      const { instance } = await scene.register('a');
      const report = await scene.drain('a');
      expect(report).toMatchObject({
        drained: true,
        acknowledged: 0,
        subscribers: 0,
        laggards: [],
        blind: {},
        safeAfterMs: 0,
      });
      expect(Date.parse(report.removedAt)).toBeGreaterThanOrEqual(Date.parse(instance.registeredAt));
      expect(await scene.resolved()).toEqual([]);
      await expect(scene.read('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    it('[O6] with a grace keeps the instance in lists, draining', async () => {
      const scene = stage();
      await scene.register('a');
      const { instance } = await scene.register('b');
      const { removedAt } = await scene.drain('a', { graceMs: 20_000 });
      expect(Date.parse(removedAt)).toBeGreaterThanOrEqual(Date.parse(instance.registeredAt) + 20_000);
      expect(await scene.resolved()).toEqual(['b']);
      expect(await scene.read('a')).toMatchObject({ status: 'draining', available: false, healthy: true });
    });

    it('of an unknown instance is refused', () =>
      expect(stage().drain('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND')));

    it('[O7] ends when the instance registers with a new incarnation, not when it repeats its registration', async () => {
      const scene = stage();
      await scene.register('a', { incarnation: 'run-1' });
      await scene.drain('a', { graceMs: 20_000 });
      await scene.register('a', { incarnation: 'run-1' });
      await scene.register('a', { incarnation: 'run-1', port: 9_000 });
      await scene.beat('a');
      await scene.patch('a', { weight: 2 });
      expect(await scene.read('a')).toMatchObject({ status: 'draining' });
      const { created } = await scene.register('a', { incarnation: 'run-2' });
      expect(created).toBe(false);
      expect(await scene.read('a')).toMatchObject({ status: 'up', available: true });
      expect(await scene.resolved()).toEqual(['a']);
    });

    it('[O7] goes on when the instance registers without an incarnation', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.drain('a', { graceMs: 20_000 });
      await scene.register('a', { port: 9_000 });
      expect(await scene.read('a')).toMatchObject({ status: 'draining' });
    });

    it('[O6] is not undone by an override', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.drain('a', { graceMs: 20_000 });
      await scene.override('a', { status: 'up', enabled: true });
      expect(await scene.resolved()).toEqual([]);
    });

    it('[O7] ends when the instance is removed: a later registration takes traffic', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.drain('a', { graceMs: 20_000 });
      await scene.deregister('a');
      await scene.register('a');
      expect(await scene.resolved()).toEqual(['a']);
    });

    it('[O8] by an operator sets a quarantine of ten minutes', async () => {
      const scene = stage();
      const { instance } = await scene.register('a');
      await scene.drain('a', { caller: OPERATOR });
      await scene.register('a', { incarnation: 'run-2' });
      expect(await scene.read('a')).toMatchObject({ quarantined: true, available: false });
      const { quarantine, actor } = await scene.readOverride('a');
      expect(actor).toBe(OPERATOR.tokenId);
      expect(Date.parse(quarantine?.until ?? '')).toBeGreaterThanOrEqual(
        Date.parse(instance.registeredAt) + DRAIN_QUARANTINE_MS,
      );
    });

    it('[O8] by an operator keeps an existing quarantine and the rest of the override', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { weight: 5, quarantine: { reason: 'bad disk' } });
      await scene.drain('a', { caller: OPERATOR });
      expect(await scene.readOverride('a')).toMatchObject({ weight: 5, quarantine: { reason: 'bad disk' } });
      await scene.register('b');
      await scene.override('b', { weight: 5 });
      await scene.drain('b', { caller: OPERATOR });
      expect(await scene.readOverride('b')).toMatchObject({ weight: 5, quarantine: { reason: expect.any(String) } });
    });

    it('[O6] can be repeated without extending its grace', async () => {
      const scene = stage();
      await scene.register('a');
      const first = await scene.drain('a', { graceMs: 20_000 });
      const revision = await scene.revision();
      expect(await scene.drain('a', { graceMs: 60_000 })).toEqual(first);
      expect(await scene.revision()).toBe(revision);
      const sooner = await scene.drain('a', { graceMs: 5_000 });
      expect(Date.parse(sooner.removedAt)).toBeLessThan(Date.parse(first.removedAt));
    });

    it('[O9] that is cancelled leaves the instance as it was, and says so in the history', async () => {
      const scene = stage();
      const { instance } = await scene.register('a', { weight: 3 });
      await scene.drain('a', { graceMs: 20_000 });
      const { cursor } = await scene.cancelDrain('a');
      expect(await scene.cursor()).toBe(cursor);
      expect(await scene.resolved()).toEqual(['a']);
      const { revision, updatedAt, changes, ...rest } = await scene.read('a');
      expect(instance).toMatchObject(rest);
      expect([revision, changes, updatedAt >= instance.updatedAt]).toEqual([3, 3, true]);
      const { entries } = readJsonText((await scene.api.history({ ...ORDERS, instance: 'a', limit: 1 })).body);
      expect(entries).toMatchObject([{ cause: 'drain-cancelled', actor: OWNER.tokenId }]);
      await scene.cancelDrain('a');
      expect(await scene.cursor()).toBe(cursor);
    });

    it('[O9] by an operator that is cancelled lifts its quarantine, and no other', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.drain('a', { caller: OPERATOR, graceMs: 20_000 });
      await expect(scene.cancelDrain('a')).rejects.toEqual(refusal('FORBIDDEN'));
      expect(await scene.read('a')).toMatchObject({ status: 'draining', quarantined: true });
      await scene.cancelDrain('a', { caller: OPERATOR });
      expect(await scene.resolved()).toEqual(['a']);
      await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      await scene.override('a', { quarantine: { reason: 'bad disk' } });
      await scene.drain('a', { caller: OPERATOR, graceMs: 20_000 });
      await scene.cancelDrain('a', { caller: OPERATOR });
      expect(await scene.read('a')).toMatchObject({ status: 'up', quarantined: true });
      expect(await scene.readOverride('a')).toMatchObject({ quarantine: { reason: 'bad disk' } });
    });

    it('[O9] of two callers is cancelled for both, and can begin again', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.drain('a', { graceMs: 20_000 });
      await scene.drain('a', { caller: OPERATOR, graceMs: 10_000 });
      await scene.cancelDrain('a', { caller: OPERATOR });
      expect(await scene.read('a')).toMatchObject({ status: 'up', available: true });
      await scene.drain('a', { graceMs: 20_000 });
      expect(await scene.resolved()).toEqual([]);
    });

    it('[O9] can no longer be cancelled once the instance is removed', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.drain('a');
      await expect(scene.cancelDrain('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    where(capabilities.remembers, () => {
      it('reports how many callers hold a cached answer, and for how long they may use it', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.api.resolve({ ...ORDERS, keepForMs: 5_000 });
        await scene.api.listInstances({ ...ORDERS, filter: {}, keepForMs: 2_000 });
        await scene.resolve();
        const report = await scene.drain('a', { graceMs: 20_000 });
        expect(report.blind).toEqual({ cached: 2, plain: 1 });
        expect(report.safeAfterMs).toBeGreaterThan(4_000);
        expect(report.safeAfterMs).toBeLessThanOrEqual(5_000);
      });

      it('[W29] reports the same in the list of subscribers, for a quarantine', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.api.resolve({ ...ORDERS, keepForMs: 5_000 });
        await scene.resolve();
        await scene.override('a', { quarantine: {} });
        const list = readJsonText((await scene.api.listSubscribers(ORDERS)).body);
        expect(list).toMatchObject({ subscribers: [], blind: { cached: 1, plain: 1 } });
        expect(list.safeAfterMs).toBeGreaterThan(4_000);
        expect(list.safeAfterMs).toBeLessThanOrEqual(5_000);
      });
    });

    where(capabilities.movesTime, () => {
      it('[O6] removes the instance after the grace, even if it sends heartbeats', async () => {
        const scene = stage();
        const { instance } = await scene.register('a');
        const { removedAt } = await scene.drain('a', { graceMs: 20_000 });
        expect(Date.parse(removedAt) - Date.parse(instance.registeredAt)).toBe(20_000);
        await scene.pass(19_999);
        await scene.beat('a');
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      it('[O9] that is cancelled removes nothing later', async () => {
        const scene = stage();
        await scene.register('a', { ephemeral: false });
        await scene.drain('a', { graceMs: 20_000 });
        await scene.pass(19_999);
        await scene.cancelDrain('a');
        await scene.pass(60_000);
        expect(await scene.resolved()).toEqual(['a']);
        await scene.drain('a', { graceMs: 20_000 });
        await scene.pass(20_000);
        await expect(scene.cancelDrain('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      });

      it('[O7] cancels the pending removal when it ends', async () => {
        const scene = stage();
        await scene.register('a', { ephemeral: false, incarnation: 'run-1' });
        await scene.drain('a', { graceMs: 20_000 });
        await scene.register('a', { ephemeral: false, incarnation: 'run-2' });
        await scene.pass(60_000);
        expect(await scene.resolved()).toEqual(['a']);
      });

      it('[O8] by an operator keeps traffic away for ten minutes', async () => {
        const scene = stage();
        await scene.register('a', { ephemeral: false });
        await scene.drain('a', { caller: OPERATOR, graceMs: 20_000 });
        await scene.pass(20_000);
        await scene.register('a', { ephemeral: false });
        await scene.pass(DRAIN_QUARANTINE_MS - 1);
        expect(await scene.resolved()).toEqual([]);
        await scene.pass(1);
        expect(await scene.resolved()).toEqual(['a']);
        await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      });

      it('[W25] bounds how long a cached answer may still be served', async () => {
        const scene = stage();
        await scene.register('a', { ephemeral: false });
        await scene.api.resolve({ ...ORDERS, keepForMs: 5_000 });
        await scene.pass(2_000);
        const { safeAfterMs } = await scene.drain('a');
        expect(safeAfterMs).toBeGreaterThanOrEqual(3_000);
        expect(safeAfterMs).toBeLessThanOrEqual(5_000);
      });

      where(capabilities.remembers, () => {
        it('[W25] counts cached answers only while they may be used', async () => {
          const scene = stage();
          await scene.register('a', { ephemeral: false });
          await scene.api.resolve({ ...ORDERS, keepForMs: 5_000 });
          await scene.pass(5_000);
          expect(await scene.drain('a')).toMatchObject({ blind: {}, safeAfterMs: 0 });
        });
      });
    });
  });
}
