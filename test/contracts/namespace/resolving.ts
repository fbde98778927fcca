import { describe, expect, it } from 'vitest';
import { ORDERS } from '../../fixtures/definition';
import { ENDS_AFTER_MS, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const BERLIN = { latitude: 52.52, longitude: 13.4 };
const PARIS = { latitude: 48.86, longitude: 2.35 };
const TOKYO = { latitude: 35.68, longitude: 139.69 };

/** Tests the choice of endpoints to call. */
export function resolving(stage: () => Scene, capabilities: Capabilities): void {
  describe('resolve', () => {
    it('[V7] returns nothing for a service that does not exist', async () => {
      expect(await stage().resolve({ service: 'unknown' })).toEqual({
        service: 'unknown',
        protected: false,
        instances: [],
      });
    });

    it('[V1] returns what a caller needs, and nothing internal to the registry', async () => {
      const scene = stage();
      await scene.register('a', {
        url: 'https://a.example',
        ports: { grpc: { port: 9443, secure: true } },
        weight: 2,
        metadata: { team: 'shop' },
        cluster: 'blue',
        tags: ['x'],
        location: { zone: 'eu-1' },
      });
      expect((await scene.resolve()).instances).toEqual([
        {
          id: 'a',
          address: '10.0.0.1',
          port: 8080,
          url: 'https://a.example',
          ports: { grpc: { port: 9443, secure: true } },
          weight: 2,
          metadata: { team: 'shop' },
          cluster: 'blue',
          zone: 'eu-1',
        },
      ]);
    });

    it('[V1] returns exactly the available instances', async () => {
      const scene = stage();
      await scene.register('up');
      await scene.register('starting', { status: 'starting' });
      await scene.register('says-draining', { status: 'draining' });
      await scene.register('down', { status: 'down' });
      await scene.register('out', { status: 'out-of-service' });
      await scene.register('weightless', { weight: 0 });
      await scene.register('disabled');
      await scene.override('disabled', { enabled: false });
      await scene.register('quarantined');
      await scene.override('quarantined', { quarantine: {} });
      await scene.register('drained');
      await scene.drain('drained', { graceMs: 60_000 });
      expect(await scene.resolved()).toEqual(['up']);
      expect(await scene.listed({ available: true })).toEqual(['up']);
      expect(await scene.listed()).toHaveLength(9);
    });

    it('[V6] sorts them by id, by code unit', async () => {
      const scene = stage();
      const ids = ['b', 'a', 'Z', '10', '9', 'é', 'a-1'];
      for (const id of ids) await scene.register(id);
      expect(await scene.resolved()).toEqual([...ids].sort());
    });

    it('[V5] filters by cluster and tag', async () => {
      const scene = stage();
      await scene.register('a', { cluster: 'blue', tags: ['x', 'y'] });
      await scene.register('b', { cluster: 'green', tags: ['x'] });
      await scene.register('c', { tags: ['y'] });
      expect(await scene.resolved({ cluster: 'blue' })).toEqual(['a']);
      expect(await scene.resolved({ cluster: 'DEFAULT' })).toEqual(['c']);
      expect(await scene.resolved({ tag: 'x' })).toEqual(['a', 'b']);
      expect(await scene.resolved({ tag: 'y', cluster: 'green' })).toEqual([]);
    });

    it('shows a change at once, whatever was read before', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.resolve();
      await scene.patch('a', { weight: 9 });
      expect((await scene.resolve()).instances).toMatchObject([{ weight: 9 }]);
      await scene.override('a', { weight: 4 });
      expect((await scene.resolve()).instances).toMatchObject([{ weight: 4 }]);
      await scene.register('b');
      expect(await scene.resolved()).toEqual(['a', 'b']);
      await scene.deregister('a');
      expect(await scene.resolved()).toEqual(['b']);
    });
  });

  describe('resolve with near', () => {
    it('[V4] returns the nearest to a point first, and instances without a location last', async () => {
      const scene = stage();
      await scene.register('a', { location: TOKYO });
      await scene.register('b', { location: { zone: 'somewhere' } });
      await scene.register('c', { location: PARIS });
      await scene.register('d', { location: BERLIN });
      const near = { kind: 'point', ...BERLIN } as const;
      const { instances } = await scene.resolve({ near });
      expect(instances.map(({ id }) => id)).toEqual(['d', 'c', 'a', 'b']);
      expect(instances.map(({ distanceKm }) => distanceKm && Math.round(distanceKm / 10) * 10)).toEqual([
        0,
        880,
        8_920,
        undefined,
      ]);
      expect(await scene.resolved({ near, limit: 2 })).toEqual(['d', 'c']);
    });

    it('[V4] returns those of a zone first, then those of its region, then the rest', async () => {
      const scene = stage();
      await scene.register('a', { location: { region: 'us', zone: 'us-1' } });
      await scene.register('b', { location: { region: 'eu', zone: 'eu-2' } });
      await scene.register('c', { location: { region: 'eu', zone: 'eu-1' } });
      await scene.register('d');
      expect(await scene.resolved({ near: { kind: 'zone', zone: 'eu-1' } })).toEqual(['c', 'b', 'a', 'd']);
      expect(await scene.resolved({ near: { kind: 'zone', zone: 'nowhere' } })).toEqual(['a', 'b', 'c', 'd']);
    });
  });

  describe('resolve with a limit', () => {
    it('[V3] returns at most that many', async () => {
      const scene = stage();
      for (const id of ['a', 'b', 'c']) await scene.register(id);
      expect(await scene.resolved({ limit: 2 })).toHaveLength(2);
      expect((await scene.resolved({ limit: 9 })).sort()).toEqual(['a', 'b', 'c']);
    });

    where(capabilities.isFast, () => {
      it('[V3] chooses in proportion to weight, and never a weight of 0', async () => {
        const scene = stage();
        const weights = { none: 0, one: 1, two: 2, seven: 7 };
        for (const [id, weight] of Object.entries(weights)) await scene.register(id, { weight });
        const chosen: Record<string, number> = { none: 0, one: 0, two: 0, seven: 0 };
        for (let round = 0; round < 100; round++) {
          const picks = await Promise.all(Array.from({ length: 100 }, () => scene.resolved({ limit: 1 })));
          for (const [id = 'unknown'] of picks) chosen[id] = (chosen[id] ?? 0) + 1;
        }
        expect(chosen.none).toBe(0);
        for (const [id, weight] of Object.entries(weights)) {
          // Five standard deviations: a host's numbers are random. The exact shares are tested with numbers from a seed.
          expect(Math.abs((chosen[id] ?? 0) / 10_000 - weight / 10), id).toBeLessThan(0.025);
        }
      });
    });
  });

  where(capabilities.movesTime, () => {
    describe('resolve with a protect threshold', () => {
      /** Registers four instances, one of which keeps sending heartbeats while the others become unhealthy. */
      const threeSilent = async (scene: Scene) => {
        const lease = { ttlMs: 10_000, removeAfterMs: 600_000 };
        for (const id of ['a', 'b', 'c', 'd'])
          await scene.register(id, { lease, cluster: id === 'd' ? 'far' : 'near' });
        await scene.pass(5_000);
        await scene.beat('a');
        await scene.pass(5_000 + ENDS_AFTER_MS);
      };

      it('[V2] ignores health if too few are healthy, and says so', async () => {
        const scene = stage();
        await scene.putService({ protectThreshold: 0.5 });
        await threeSilent(scene);
        expect(await scene.resolve()).toMatchObject({ protected: true });
        expect(await scene.resolved()).toEqual(['a', 'b', 'c', 'd']);
      });

      it('[V2] ignores nothing else', async () => {
        const scene = stage();
        await scene.putService({ protectThreshold: 1 });
        await threeSilent(scene);
        await scene.override('b', { enabled: false });
        await scene.patch('c', { status: 'down' });
        expect(await scene.resolved()).toEqual(['a', 'd']);
      });

      it('[V2] respects health while the healthy share is at or above the threshold', async () => {
        const scene = stage();
        await scene.putService({ protectThreshold: 0.25 });
        await threeSilent(scene);
        expect(await scene.resolve()).toMatchObject({ protected: false });
        expect(await scene.resolved()).toEqual(['a']);
      });

      it('[V2] computes the share among instances that match every other condition', async () => {
        const scene = stage();
        await scene.putService({ protectThreshold: 0.3 });
        await threeSilent(scene);
        expect(await scene.resolve({ cluster: 'near' })).toMatchObject({ protected: false });
        expect(await scene.resolved({ cluster: 'near' })).toEqual(['a']);
        expect(await scene.resolve({ cluster: 'far' })).toMatchObject({ protected: true });
        expect(await scene.resolved({ cluster: 'far' })).toEqual(['d']);
        await scene.patch('b', { weight: 0 });
        expect(await scene.resolved()).toEqual(['a']);
      });

      it('[V2] has no effect by default', async () => {
        const scene = stage();
        await threeSilent(scene);
        await scene.pass(4_999);
        expect(await scene.resolved()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.resolve()).toEqual({ service: ORDERS.service, protected: false, instances: [] });
      });
    });
  });
}
