import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { key } from '../../fixtures/definition';
import { ENDS_AFTER_MS, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const AT = { address: '10.0.0.1', port: 8080 };
const LONG = { ttlMs: 60_000, removeAfterMs: 3_600_000 };

/** Tests how many rows each call may write, as the namespace counts them, because rows written cost money. */
export function rows(stage: () => Scene, capabilities: Capabilities): void {
  const written = async (scene: Scene, work: () => Promise<unknown>): Promise<number> => {
    const before = await scene.stats();
    await work();
    const after = await scene.stats();
    return after.sinceStart.rowsWritten - before.sinceStart.rowsWritten;
  };

  /** Registers instances. The alarm is armed for the first, so that no later one arms it. The checkpoint is open. */
  const furnish = async (scene: Scene) => {
    await scene.register('early', { lease: { ttlMs: 30_000, removeAfterMs: null } });
    for (const id of ['a', 'b', 'c']) await scene.register(id, { lease: LONG });
    await scene.beat('early');
  };

  const extend = (scene: Scene, value: unknown) =>
    scene.api.patch(OWNER, { key: key('a'), patch: {}, extension: { name: 'consul', value }, precondition: {} });

  where(capabilities.remembers, () => {
    describe('rows written', () => {
      it.each<[number, string, (scene: Scene) => Promise<unknown>]>([
        [2, 'a registration', (scene) => scene.register('new', { lease: LONG })],
        [2, 'a registration that replaces', (scene) => scene.register('a', { lease: LONG, weight: 2 })],
        [0, 'a repeated registration', (scene) => scene.register('a', { lease: LONG })],
        [2, 'a patch', (scene) => scene.patch('a', { weight: 2 })],
        [0, 'a patch that changes nothing', (scene) => scene.patch('a', { weight: 1 })],
        [2, 'a patch of an extension, which renews the lease', (scene) => extend(scene, { output: 'ok' })],
        [0, 'a patch with the same extension', (scene) => extend(scene, undefined)],
        [2, 'a deregistration', (scene) => scene.deregister('a')],
        [0, 'a deregistration of an unknown instance', (scene) => scene.deregister('unknown')],
        [2, 'an override', (scene) => scene.override('a', { weight: 2 })],
        [2, 'a drain by the owner', (scene) => scene.drain('a', { graceMs: 600_000 })],
        [3, 'a drain by an operator', (scene) => scene.drain('a', { graceMs: 600_000, caller: OPERATOR })],
        [2, 'a service', (scene) => scene.putService()],
        [4, 'the removal of three instances by force', (scene) => scene.removeService({ force: true })],
        [1, 'a compaction of entries', (scene) => scene.api.compactEntries(OPERATOR, { revision: 1 })],
        [0, 'a heartbeat', (scene) => scene.beat('a')],
        [0, 'a heartbeat for many', (scene) => scene.api.renewMany(OWNER, [key('a'), key('b')])],
        [0, 'a refusal', (scene) => scene.patch('unknown', { weight: 2 }).catch(() => {})],
        [0, 'a read', (scene) => Promise.all([scene.list(), scene.resolve(), scene.services(), scene.read('a')])],
        [
          11,
          'a batch of ten',
          (scene) =>
            scene.batch(
              ...Array.from({ length: 10 }, (_, id) => ({ op: 'register', id: `n-${id}`, ...AT, lease: LONG })),
            ),
        ],
      ])('[I8] are %i for %s', async (budget, what, work) => {
        const scene = stage();
        await furnish(scene);
        const more = what.includes('by force') ? 1 : 0;
        expect(await written(scene, () => work(scene))).toBe(budget + more);
      });

      it('[I8] are one more for a registration that is due before all others: the alarm', async () => {
        const scene = stage();
        await furnish(scene);
        expect(await written(scene, () => scene.register('soon', { lease: { ttlMs: 5_000 } }))).toBe(3);
      });

      where(capabilities.looks, () => {
        it('[I8] are one for the first heartbeat after a checkpoint, and one for the look that it schedules', async () => {
          const scene = stage();
          for (const id of ['a', 'b', 'c']) await scene.register(id, { lease: LONG });
          expect(await written(scene, () => scene.beat('a'))).toBe(1 + 1);
          const more = async () => {
            for (let beats = 0; beats < 10; beats++) await scene.beat('b');
            await scene.register('c', { lease: LONG });
          };
          expect(await written(scene, more)).toBe(0);
        });
      });

      where(capabilities.ticks, () => {
        it('[I8] are none for the first heartbeat after a checkpoint', async () => {
          const scene = stage();
          for (const id of ['a', 'b', 'c']) await scene.register(id, { lease: LONG });
          expect(await written(scene, () => scene.beat('a'))).toBe(0);
          const more = async () => {
            for (let beats = 0; beats < 10; beats++) await scene.beat('b');
            await scene.register('c', { lease: LONG });
          };
          expect(await written(scene, more)).toBe(0);
        });

        it('[I8, L6] are one for the tick that keeps renewals within five seconds', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.beat('a');
          expect(await written(scene, () => scene.pass(4_999))).toBe(0);
          expect(await written(scene, () => scene.pass(1))).toBe(1);
        });

        it('[I8] are none while no lease is renewed', async () => {
          const scene = stage();
          await scene.register('a', { lease: { ttlMs: 3_600_000 } });
          expect(await written(scene, () => scene.pass(600_000))).toBe(0);
        });
      });

      where(capabilities.looks === true ? capabilities.keepsRenewalsByLooks : capabilities.looks, () => {
        it('[I8, L6] are two for the look that keeps renewals within five seconds: its alarm, and the checkpoint', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.beat('a');
          expect(await written(scene, () => scene.pass(4_999))).toBe(0);
          expect(await written(scene, () => scene.pass(1))).toBe(2);
        });

        it('[I8, L16] are three for each look at a fleet that sends heartbeats, with at most one look in five seconds', async () => {
          const scene = stage();
          const lease = { ttlMs: 90_000 };
          for (let id = 0; id < 20; id++) await scene.register(`i-${id}`, { lease });
          await scene.pass(15_000);
          const minute = async () => {
            for (let second = 0; second < 60; second++) {
              await scene.api.renewMany(OWNER, [key('i-0'), key(`i-${second % 20}`)]);
              await scene.pass(1_000);
            }
          };
          const rowsWritten = await written(scene, minute);
          expect(rowsWritten).toBeGreaterThan(0);
          expect(rowsWritten).toBeLessThanOrEqual(13 * 3);
        });
      });

      where(capabilities.movesTime, () => {
        where(capabilities.looks, () => {
          it('[I8, L16] are one for each look while no lease is renewed: its alarm', async () => {
            const scene = stage();
            await scene.register('a', { lease: { ttlMs: 3_600_000 } });
            expect(await written(scene, () => scene.pass(600_000))).toBe(10);
          });
        });

        it('[I8] are k + 1 for k leases that become unhealthy, recover or expire together, and one for each alarm', async () => {
          const scene = stage();
          const lease = { ttlMs: 12_000, removeAfterMs: 24_000 };
          const ids = Array.from({ length: 50 }, (_, id) => `i-${id}`);
          await scene.batch(...ids.map((id) => ({ op: 'register', id, ...AT, lease })));
          // Alarms: the pass that asks, the pass that ends, and five looks.
          const looks = capabilities.looks === true;
          const alarms = looks ? 2 + 5 : 2;
          expect(await written(scene, () => scene.pass(12_000 + ENDS_AFTER_MS))).toBe(50 + 1 + alarms);
          // Without looks, no alarm is armed before that.
          expect(await written(scene, () => scene.api.renewMany(OWNER, ids.map(key)))).toBe(50 + 1 + (looks ? 0 : 1));
          await scene.pass(12_000 + ENDS_AFTER_MS);
          expect(await scene.listed({ available: true })).toEqual([]);
          const rowsOfSilence = await written(scene, () => scene.pass(11_000));
          expect(rowsOfSilence).toBeLessThanOrEqual(11_000 / 2_000 + 3 * 2);
          expect(await scene.listed()).toHaveLength(50);
          expect(await written(scene, () => scene.pass(1_000))).toBe(50 + 1 + 1);
          expect(await scene.listed()).toEqual([]);
        });
      });
    });
  });
}
