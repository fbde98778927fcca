import { describe, expect, it } from 'vitest';
import { ORDERS } from '../../fixtures/definition';
import { refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Tests lists of instances and of services. */
export function listing(stage: () => Scene, capabilities: Capabilities): void {
  describe('listInstances', () => {
    it('[V7] returns nothing for a service that does not exist', async () => {
      expect(await stage().list()).toEqual({ instances: [] });
    });

    it('[V7] returns the threshold of the service, if it has one', async () => {
      const scene = stage();
      await scene.register('a');
      expect(await scene.list()).not.toHaveProperty('protectThreshold');
      await scene.putService({ protectThreshold: 0.5 });
      expect(await scene.list()).toMatchObject({ instances: [{ id: 'a' }], protectThreshold: 0.5 });
      expect(await scene.list({}, { limit: 1 })).toMatchObject({ protectThreshold: 0.5 });
    });

    it('[V5] returns exactly what its filters select', async () => {
      const scene = stage();
      await scene.register('a', { cluster: 'blue', tags: ['x', 'y'], metadata: { zone: '1', env: 'prod' } });
      await scene.register('b', { cluster: 'green', tags: ['x'], metadata: { zone: '2', env: 'prod' } });
      await scene.register('c', { status: 'down', metadata: { zone: '1' } });
      expect(await scene.listed({ cluster: 'blue' })).toEqual(['a']);
      expect(await scene.listed({ cluster: 'DEFAULT' })).toEqual(['c']);
      expect(await scene.listed({ tag: 'x' })).toEqual(['a', 'b']);
      expect(await scene.listed({ status: 'down' })).toEqual(['c']);
      expect(await scene.listed({ available: true })).toEqual(['a', 'b']);
      expect(await scene.listed({ available: false })).toEqual(['c']);
      expect(await scene.listed({ metadata: { zone: '1' } })).toEqual(['a', 'c']);
      expect(await scene.listed({ metadata: { zone: '1', env: 'prod' } })).toEqual(['a']);
      expect(await scene.listed({ metadata: { constructor: 'prod' } })).toEqual([]);
      expect(await scene.listed({ cluster: 'blue', tag: 'x', status: 'down' })).toEqual([]);
    });

    it("[V5] filters by the operator's values where they differ", async () => {
      const scene = stage();
      await scene.register('a', { metadata: { env: 'prod' } });
      await scene.override('a', { status: 'down', metadata: { env: 'test' } });
      expect(await scene.listed({ status: 'down', metadata: { env: 'test' } })).toEqual(['a']);
      expect(await scene.listed({ metadata: { env: 'prod' } })).toEqual([]);
    });

    it('[V6] sorts by id, by code unit', async () => {
      const scene = stage();
      const ids = ['b', 'a', 'Z', '10', '9', 'é', 'a-1'];
      for (const id of ids) await scene.register(id);
      expect(await scene.listed()).toEqual([...ids].sort());
    });

    it('[V6] returns pages that show each instance once', async () => {
      const scene = stage();
      for (const id of ['d', 'b', 'e', 'a', 'c']) await scene.register(id);
      const pages: string[][] = [];
      let after: string | undefined;
      do {
        const page = await scene.list({}, { limit: 2, ...(after === undefined ? {} : { after }) });
        pages.push(page.instances.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    });

    it('[V6] returns no next page with the last page, or when no remaining instance matches the filter', async () => {
      const scene = stage();
      for (const id of ['a', 'b', 'c']) await scene.register(id, { tags: id === 'c' ? [] : ['x'] });
      expect(await scene.list({}, { limit: 3 })).not.toHaveProperty('next');
      expect(await scene.list({ tag: 'x' }, { limit: 2 })).not.toHaveProperty('next');
      expect(await scene.list({}, { limit: 2 })).toHaveProperty('next');
    });

    it('[V6] continues from its position even if the instance there has been removed', async () => {
      const scene = stage();
      for (const id of ['a', 'b', 'c', 'd']) await scene.register(id);
      const { next } = await scene.list({}, { limit: 2 });
      await scene.deregister('b');
      const { instances } = await scene.list({}, { after: next ?? '' });
      expect(instances.map(({ id }) => id)).toEqual(['c', 'd']);
    });

    it('shows an instance exactly as a read of it does', async () => {
      const scene = stage();
      await scene.register('a', { metadata: { a: '1' }, tags: ['x'] });
      await scene.override('a', { weight: 5 });
      expect((await scene.list()).instances).toEqual([await scene.read('a')]);
    });
  });

  describe('listServices', () => {
    it('[V6] sorts by name, then by group', async () => {
      const scene = stage();
      const register = (group: string, service: string) =>
        scene.batch({ op: 'register', group, service, id: 'a', address: '10.0.0.1', port: 1 });
      await register('z', 'orders');
      await register('a', 'users');
      await register('b', 'orders');
      await register('b', 'Billing');
      expect((await scene.services()).map(({ name, group }) => `${group}/${name}`)).toEqual([
        'b/Billing',
        'b/orders',
        'z/orders',
        'a/users',
      ]);
    });

    it('counts the instances of each service', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.register('b', { status: 'down' });
      await scene.putService({}, { service: 'empty' });
      expect(await scene.services()).toEqual([
        {
          name: 'empty',
          group: 'DEFAULT_GROUP',
          instances: 0,
          healthy: 0,
          available: 0,
          persistent: true,
          revision: 3,
        },
        {
          name: 'orders',
          group: 'DEFAULT_GROUP',
          instances: 2,
          healthy: 2,
          available: 1,
          persistent: false,
          revision: 2,
        },
      ]);
    });

    it('[V5] filters by group and by prefix of the name', async () => {
      const scene = stage();
      await scene.register('a', {}, { service: 'orders' });
      await scene.register('a', {}, { service: 'orders-eu' });
      await scene.batch({ op: 'register', group: 'other', service: 'orders', id: 'a', url: 'https://o.example' });
      const found = async (command: object) => (await scene.services(command)).map(({ name, group }) => [group, name]);
      expect(await found({ group: 'other' })).toEqual([['other', 'orders']]);
      expect(await found({ prefix: 'orders-' })).toEqual([['DEFAULT_GROUP', 'orders-eu']]);
      expect(await found({ prefix: 'orders', group: 'DEFAULT_GROUP' })).toHaveLength(2);
      expect(await found({ prefix: 'users' })).toEqual([]);
    });

    it('[V6] returns pages that show each service once, including one name in two groups', async () => {
      const scene = stage();
      for (const group of ['a', 'b', 'c']) {
        await scene.batch(
          { op: 'register', group, service: 'orders', id: 'a', url: 'https://o.example' },
          { op: 'register', group, service: 'users', id: 'a', url: 'https://u.example' },
        );
      }
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await scene.listServices({ limit: 4, after });
        expect(page.services.length).toBeLessThanOrEqual(4);
        seen.push(...page.services.map(({ name, group }) => `${name} ${group}`));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual(['orders a', 'orders b', 'orders c', 'users a', 'users b', 'users c']);
    });

    it('refuses a position that no page returned', async () => {
      const scene = stage();
      for (const after of ['orders', '[]', '{"name":1}', '[1,2]'])
        await expect(scene.services({ after })).rejects.toEqual(refusal('INVALID_REQUEST'));
    });
  });

  where(capabilities.movesTime, () => {
    it('[L3] no list counts or shows instances whose lease has ended, in any service', async () => {
      const scene = stage();
      for (const service of ['orders', 'users', 'billing']) await scene.register('a', {}, { service });
      await scene.register('b', { ephemeral: false });
      await scene.passByCalls(30_000);
      expect(await scene.listed()).toEqual(['b']);
      expect((await scene.services()).map(({ name }) => name)).toEqual([ORDERS.service]);
      expect(await scene.stats()).toMatchObject({ instances: 1, services: 1, leases: 0 });
    });
  });
}
