import { describe, expect, it } from 'vitest';
import { ATTENTION_HASTE_MS, LEASE_SLACK_MS } from '../../../src/model/limits';
import { OWNER } from '../../fixtures/callers';
import { key } from '../../fixtures/definition';
import { ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Unhealthy after ten seconds, removed after a minute. */
const LONG = { ttlMs: 10_000, removeAfterMs: 60_000 };
/** Unhealthy after ten seconds, and never removed. */
const FOREVER = { ttlMs: 10_000, removeAfterMs: null };

/** Patches an extension, as a dialect does. */
const extend = (scene: Scene, value: unknown) =>
  scene.api.patch(OWNER, { key: key('a'), patch: {}, extension: { name: 'consul', value }, precondition: {} });

/** Tests renewals and expiry. */
export function leases(stage: () => Scene, capabilities: Capabilities): void {
  describe('renew', () => {
    it('[L4] reports the lease and when it ends', async () => {
      const scene = stage();
      const { instance } = await scene.register('a', { lease: LONG });
      const renewal = await scene.beat('a');
      expect(renewal.lease).toEqual({ ...LONG, intervalMs: 3_333 });
      expect(Date.parse(renewal.expiresAt)).toBeGreaterThanOrEqual(Date.parse(instance.expiresAt ?? ''));
    });

    it('[L4] refuses an unknown instance', async () => {
      const scene = stage();
      await expect(scene.beat('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      await scene.register('a');
      await scene.deregister('a');
      await expect(scene.beat('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    it('[L5] renews the known instances of many and names the unknown ones', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.register('b', { ephemeral: false });
      const missing = { group: 'other', service: 'orders', id: 'a' };
      const answer = await scene.api.renewMany(OWNER, [key('a'), missing, key('b'), key('z')]);
      expect(JSON.parse(answer.body)).toEqual({ renewed: 2, unknown: [missing, key('z')] });
      expect(await scene.revision()).toBe(2);
    });
  });

  where(capabilities.movesTime, () => {
    describe('a lease', () => {
      it('[L1] without heartbeats is removed half a second after its time to live, to the millisecond', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.pass(29_999 + ENDS_AFTER_MS);
        expect(await scene.resolved()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.resolved()).toEqual([]);
        await expect(scene.read('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
        await expect(scene.beat('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
        expect(await scene.revision()).toBe(2);
      });

      it('[L1, I6] that is renewed in time stays, and counts from its last renewal', async () => {
        const scene = stage();
        await scene.register('a');
        for (let round = 0; round < 20; round++) {
          await scene.pass(29_000);
          const { expiresAt } = await scene.beat('a');
          expect(await scene.resolved()).toEqual(['a']);
          if (round === 0) continue;
          const { registeredAt } = await scene.read('a');
          expect(Date.parse(expiresAt) - Date.parse(registeredAt)).toBe((round + 1) * 29_000 + 30_000);
        }
        expect(await scene.revision()).toBe(1);
        await scene.pass(30_000 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual([]);
      });

      it('[R2] is renewed when the same registration is repeated', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.pass(20_000);
        await scene.register('a');
        await scene.pass(29_999 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L1] with a later removal becomes unhealthy first', async () => {
        const scene = stage();
        await scene.register('a', { lease: LONG });
        await scene.pass(9_999 + ENDS_AFTER_MS);
        expect(await scene.read('a')).toMatchObject({ healthy: true, revision: 1 });
        await scene.pass(1);
        expect(await scene.read('a')).toMatchObject({ healthy: false, available: false, revision: 2, changes: 2 });
        expect(await scene.resolved()).toEqual([]);
        expect(await scene.readService()).toMatchObject({ instances: 1, healthy: 0 });
        // It has been asked since its time to live ended, so it is removed at the first pass after its removal is due.
        await scene.pass(49_999 - LEASE_SLACK_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
        expect(await scene.revision()).toBe(3);
      });

      it('[L2] that is never removed becomes unhealthy and stays', async () => {
        const scene = stage();
        await scene.register('a', { lease: { ttlMs: 600_000, removeAfterMs: null } });
        await scene.pass(4 * 600_000);
        expect(await scene.read('a')).toMatchObject({ healthy: false });
        await scene.beat('a');
        expect(await scene.resolved()).toEqual(['a']);
      });

      it.each([
        ['its heartbeat', (scene: Scene) => scene.beat('a')],
        ['a heartbeat for many', (scene: Scene) => scene.api.renewMany(OWNER, [key('a')])],
        ['the same registration', (scene: Scene) => scene.register('a', { lease: LONG })],
        ['another registration', (scene: Scene) => scene.register('a', { lease: LONG, weight: 2 })],
        ['a patch of an extension', (scene: Scene) => extend(scene, { output: 'ok' })],
        ['a patch with the same extension', (scene: Scene) => extend(scene, undefined)],
      ])('[L12] that became unhealthy is healthy again after %s and starts anew', async (_by, recovers) => {
        const scene = stage();
        await scene.register('a', { lease: LONG });
        await scene.pass(15_000);
        await recovers(scene);
        expect(await scene.read('a')).toMatchObject({ healthy: true, available: true, revision: 3, changes: 3 });
        expect(await scene.resolved()).toEqual(['a']);
        await scene.pass(10_000 + ENDS_AFTER_MS);
        expect(await scene.read('a')).toMatchObject({ healthy: false });
        await scene.pass(50_000);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L12] and others that recover with one heartbeat share a revision', async () => {
        const scene = stage();
        for (const id of ['a', 'b', 'c']) await scene.register(id, { lease: LONG });
        await scene.pass(10_000 + ENDS_AFTER_MS);
        expect(await scene.revision()).toBe(4);
        await scene.api.renewMany(OWNER, [key('a'), key('b'), key('a')]);
        expect(await scene.revision()).toBe(5);
        expect((await scene.list()).instances).toMatchObject([
          { id: 'a', healthy: true, changes: 3 },
          { id: 'b', healthy: true, changes: 3 },
          { id: 'c', healthy: false, changes: 2 },
        ]);
      });

      it('[L11] that recovered is seen by the alarm when its heartbeats stop again', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { lease: FOREVER });
        await scene.pass(60_000);
        await scene.beat('a');
        await scene.pass(60_000);
        const { updatedAt } = await scene.read('a');
        expect(Date.parse(updatedAt) - Date.parse(instance.registeredAt)).toBe(70_000 + ENDS_AFTER_MS);
      });

      it('[L11] is ended by the alarm, even without a call', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { lease: LONG });
        await scene.pass(40_000);
        const { updatedAt } = await scene.read('a');
        expect(Date.parse(updatedAt) - Date.parse(instance.registeredAt)).toBe(10_000 + ENDS_AFTER_MS);
      });

      it('[L1] becomes shorter or longer with the next registration', async () => {
        const scene = stage();
        await scene.register('a', { lease: { ttlMs: 3_600_000 } });
        await scene.register('a', { lease: { ttlMs: 5_000 } });
        await scene.register('b', { lease: { ttlMs: 5_000 } });
        await scene.register('b', { lease: { ttlMs: 3_600_000 } });
        await scene.pass(5_000 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual(['b']);
      });

      it('[L1] that was never renewed has its own removal time', async () => {
        const scene = stage();
        const lease = { ttlMs: 10_000, removeAfterMs: 20_000, firstRemoveAfterMs: 60_000 };
        for (const id of ['silent', 'beats']) await scene.register(id, { lease });
        await scene.pass(5_000);
        await scene.beat('beats');
        await scene.pass(19_999 + LEASE_SLACK_MS);
        expect(await scene.listed()).toEqual(['beats', 'silent']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual(['silent']);
        await scene.pass(34_999);
        expect(await scene.listed()).toEqual(['silent']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L14] ends together with thousands of others', async () => {
        const scene = stage();
        for (const service of ['orders', 'users', 'billing']) {
          const at = { op: 'register', service, address: '10.0.0.1', port: 8080 };
          await scene.batch(...Array.from({ length: 1_000 }, (_, index) => ({ ...at, id: `i-${index}` })));
        }
        await scene.pass(30_000 + ENDS_AFTER_MS);
        expect(await scene.stats()).toMatchObject({ instances: 0, leases: 0, services: 0 });
      });
    });

    describe('reads', () => {
      /** Registers an instance whose lease has ended, with no alarm since its limit. */
      const overdue = async (scene: Scene) => {
        await scene.register('a');
        await scene.passByCalls(30_000);
      };

      it.each<[string, (scene: Scene) => Promise<unknown>, unknown]>([
        ['listInstances', (scene) => scene.listed(), []],
        ['resolve', (scene) => scene.resolved(), []],
        ['listServices', (scene) => scene.services(), []],
        ['stats', async (scene) => (await scene.stats()).instances, 0],
        ['renewMany', async (scene) => JSON.parse((await scene.api.renewMany(OWNER, [key('a')])).body).renewed, 0],
        ['register', async (scene) => (await scene.register('a')).created, true],
      ])('[L3] %s treats an ended lease as dead even if no alarm fired', async (_name, read, dead) => {
        const scene = stage();
        await overdue(scene);
        expect(await read(scene)).toEqual(dead);
      });

      it.each<[string, (scene: Scene) => Promise<unknown>, string]>([
        ['readInstance', (scene) => scene.read('a'), 'INSTANCE_NOT_FOUND'],
        ['readService', (scene) => scene.readService(), 'SERVICE_NOT_FOUND'],
        ['renew', (scene) => scene.beat('a'), 'INSTANCE_NOT_FOUND'],
        ['patch', (scene) => scene.patch('a', { weight: 2 }), 'INSTANCE_NOT_FOUND'],
        ['drain', (scene) => scene.drain('a'), 'INSTANCE_NOT_FOUND'],
        ['putOverride', (scene) => scene.override('a', { weight: 2 }), 'INSTANCE_NOT_FOUND'],
      ])('[L3] %s does not find an ended lease even if no alarm fired', async (_name, call, code) => {
        const scene = stage();
        await overdue(scene);
        await expect(call(scene)).rejects.toEqual(refusal(code));
      });

      it('[L3] show an instance as unhealthy after its time to live even if no alarm fired', async () => {
        const scene = stage();
        await scene.register('a', { lease: LONG });
        await scene.passByCalls(10_000);
        expect(await scene.read('a')).toMatchObject({ healthy: false });
      });

      it('[L15] show a lease whose holder is asked at its limit until it has ended', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.pass(30_000 + LEASE_SLACK_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(LEASE_SLACK_MS - 1);
        expect(await scene.listed()).toEqual(['a']);
        expect(await scene.revision()).toBe(1);
      });

      where(capabilities.remembers, () => {
        it('[L3, L9] that come without a pause prove that the registry listens, even if the alarm was lost', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.register('stays', { ephemeral: false });
          // Asked by the read at 29.3 s, and ended by the first read after a further 1.25 s.
          for (let ms = 0; ms < 30_500; ms += ATTENTION_HASTE_MS) {
            await scene.freeze(ATTENTION_HASTE_MS);
            expect(await scene.listed()).toEqual(['a', 'stays']);
          }
          await scene.freeze(ATTENTION_HASTE_MS);
          expect(await scene.listed()).toEqual(['stays']);
        });
      });
    });

    describe('flapping', () => {
      const flap = async (scene: Scene) => {
        await scene.pass(10_000 + ENDS_AFTER_MS);
        await scene.beat('a');
      };

      it('[L13] is more than two changes of health in five minutes', async () => {
        const scene = stage();
        await scene.register('a', { lease: FOREVER });
        await flap(scene);
        expect(await scene.read('a')).toMatchObject({ flapping: false });
        await scene.pass(10_000 + ENDS_AFTER_MS);
        expect(await scene.read('a')).toMatchObject({ flapping: true, healthy: false });
        expect(await scene.stats()).toMatchObject({ flappingInstances: 1 });
        expect((await scene.list()).instances).toMatchObject([{ flapping: true }]);
      });

      it('[L13] ends with time and is only a mark', async () => {
        const scene = stage();
        await scene.register('a', { lease: FOREVER });
        await flap(scene);
        await flap(scene);
        expect(await scene.resolved()).toEqual(['a']);
        for (let beats = 0; beats < 40; beats++) {
          await scene.pass(8_000);
          await scene.beat('a');
        }
        expect(await scene.read('a')).toMatchObject({ flapping: false });
        expect((await scene.list()).instances).toMatchObject([{ flapping: false }]);
        expect(await scene.stats()).toMatchObject({ flappingInstances: 0 });
      });

      it('[L13] does not include slower changes', async () => {
        const scene = stage();
        await scene.register('a', { lease: { ttlMs: 60_000, removeAfterMs: null } });
        for (let round = 0; round < 4; round++) {
          await scene.pass(400_000);
          await scene.beat('a');
        }
        expect(await scene.read('a')).toMatchObject({ flapping: false, changes: 9 });
      });
    });
  });
}
