import { describe, expect, it } from 'vitest';
import {
  DRAIN_QUARANTINE_MS,
  LEASE_SLACK_MS,
  OVERRIDE_LINGER_MS,
  RECONNECT_SPREAD_MIN_MS,
} from '../../../src/model/limits';
import { OPERATOR } from '../../fixtures/callers';
import { key, ORDERS } from '../../fixtures/definition';
import { ENDS_AFTER_MS, isUnchanged, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Creates one of everything that a namespace can hold. */
async function furnish(scene: Scene): Promise<void> {
  await scene.putService({ metadata: { team: 'shop' }, protectThreshold: 0.25 });
  await scene.putService({}, { service: 'empty' });
  await scene.register('plain', { metadata: { ключ: 'значение' }, tags: ['x'], incarnation: 'run-1' });
  await scene.register('patched');
  await scene.patch('patched', { weight: 3, metadata: { a: '1' } });
  await scene.register('placed', { location: { zone: 'eu-1', latitude: 52.5, longitude: 13.4 } });
  await scene.register('overridden');
  await scene.override('overridden', { weight: 5, metadata: { b: '2' } });
  await scene.register('quarantined');
  await scene.override('quarantined', { quarantine: { reason: 'bad disk' } });
  await scene.register('draining');
  await scene.drain('draining', { graceMs: 600_000 });
  await scene.register('down', { status: 'down' });
  await scene.register('forever', { ephemeral: false });
  await scene.register('gone');
  await scene.override('gone', { weight: 9 });
  await scene.deregister('gone');
  await scene.register('a', { lease: { ttlMs: 5_000, removeAfterMs: null } }, { service: 'users' });
}

/** Returns everything that can be read, except counters since the wake. */
async function everything(scene: Scene) {
  const { sinceStart: _sinceStart, ...stats } = await scene.stats();
  return {
    stats,
    cursor: await scene.cursor(),
    list: await scene.list(),
    users: await scene.api.listInstances({ ...ORDERS, service: 'users', filter: {} }),
    resolution: await scene.resolve(),
    near: await scene.resolve({ near: { kind: 'zone', zone: 'eu-1' } }),
    services: await scene.services(),
    service: await scene.readService(),
    instance: await scene.read('plain'),
    override: await scene.readOverride('overridden'),
    lingering: await scene.readOverride('gone'),
  };
}

/** Tests that memory can be lost at any time without a visible effect. */
export function waking(stage: () => Scene, capabilities: Capabilities): void {
  where(capabilities.restarts, () => {
    describe('a namespace that lost its memory', () => {
      it('[S2, I1] answers every read as before', async () => {
        const scene = stage();
        await furnish(scene);
        const before = await everything(scene);
        await scene.restart();
        expect(await everything(scene)).toEqual(before);
      });

      it('[I2, C1] continues with the next revision', async () => {
        const scene = stage();
        const revisions: number[] = [];
        for (const id of ['a', 'b', 'c', 'd']) {
          revisions.push((await scene.register(id)).instance.revision);
          await scene.restart();
        }
        expect(revisions).toEqual([1, 2, 3, 4]);
      });

      it('[Q2, Q3] accepts the cursors it issued', async () => {
        const scene = stage();
        const first = await scene.register('a');
        const second = await scene.register('b');
        await scene.register('a', {}, { service: 'users' });
        await scene.restart();
        const list = (ifNoneMatch: string) => scene.api.listInstances({ ...ORDERS, filter: {}, ifNoneMatch });
        expect(isUnchanged(await list(second.cursor))).toBe(true);
        expect(isUnchanged(await list(first.cursor))).toBe(false);
        expect(await scene.patch('b', { weight: 2 }, { cursor: second.cursor })).toMatchObject({ weight: 2 });
      });

      it('[R2] recognises unchanged content', async () => {
        const scene = stage();
        const input = { metadata: { b: '2', a: '1' }, lease: { ttlMs: 20_000 }, extensions: { nacos: { x: [1] } } };
        await scene.register('a', input);
        await scene.override('a', { weight: 3 });
        await scene.restart();
        await scene.register('a', input);
        await scene.override('a', { weight: 3 });
        expect(await scene.revision()).toBe(2);
      });

      it('[O7] remembers which incarnation it drains', async () => {
        const scene = stage();
        await scene.register('a', { incarnation: 'run-1' });
        await scene.drain('a', { graceMs: 600_000 });
        await scene.restart();
        await scene.register('a', { incarnation: 'run-1' });
        expect(await scene.resolved()).toEqual([]);
        await scene.register('a', { incarnation: 'run-2' });
        expect(await scene.resolved()).toEqual(['a']);
      });

      where(capabilities.movesTime, () => {
        it('[S2, L12] remembers which instances are unhealthy', async () => {
          const scene = stage();
          await scene.register('a', { lease: { ttlMs: 5_000, removeAfterMs: null } });
          await scene.pass(5_000 + ENDS_AFTER_MS);
          await scene.restart();
          expect(await scene.read('a')).toMatchObject({ healthy: false, revision: 2 });
          await scene.beat('a');
          await scene.restart();
          expect(await scene.read('a')).toMatchObject({ healthy: true, revision: 3 });
        });

        it('[O6] ends a drain after its grace', async () => {
          const scene = stage();
          await scene.register('a', { ephemeral: false });
          await scene.drain('a', { graceMs: 60_000 });
          await scene.restart();
          await scene.pass(59_999);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });

        it('[O5, O8] ends a quarantine on time', async () => {
          const scene = stage();
          await scene.register('a', { ephemeral: false });
          await scene.drain('a', { caller: OPERATOR });
          await scene.register('a', { ephemeral: false });
          await scene.restart();
          await scene.pass(DRAIN_QUARANTINE_MS - 1);
          expect(await scene.resolved()).toEqual([]);
          await scene.pass(1);
          expect(await scene.resolved()).toEqual(['a']);
        });

        it('[O3] drops an override ten minutes after its instance was removed', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.override('a', { weight: 5 });
          await scene.pass(30_000 + ENDS_AFTER_MS);
          await scene.restart();
          await scene.pass(OVERRIDE_LINGER_MS - 1);
          expect(await scene.readOverride('a')).toMatchObject({ weight: 5 });
          await scene.restart();
          await scene.pass(1);
          await expect(scene.readOverride('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
        });

        it('[L11] is woken by its alarm', async () => {
          const scene = stage();
          const { instance } = await scene.register('a', { lease: { ttlMs: 10_000, removeAfterMs: null } });
          await scene.restart();
          await scene.pass(60_000);
          const { updatedAt } = await scene.read('a');
          // A new process has a gap.
          const expectedMs =
            capabilities.ticks === true ? RECONNECT_SPREAD_MIN_MS + 10_000 + LEASE_SLACK_MS : 10_000 + ENDS_AFTER_MS;
          expect(Date.parse(updatedAt) - Date.parse(instance.registeredAt)).toBe(expectedMs);
        });

        it('[L13] remembers which instances are flapping', async () => {
          const scene = stage();
          await scene.register('a', { lease: { ttlMs: 5_000, removeAfterMs: null } });
          await scene.pass(5_000 + ENDS_AFTER_MS);
          await scene.api.renew({ tokenId: 'owner' }, key('a'));
          await scene.pass(5_000 + ENDS_AFTER_MS);
          await scene.restart();
          expect(await scene.read('a')).toMatchObject({ flapping: true });
          expect(await scene.stats()).toMatchObject({ flappingInstances: 1 });
        });
      });
    });
  });
}
