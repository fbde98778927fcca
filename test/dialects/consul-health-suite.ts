import { describe, expect, it } from 'vitest';
import type { ShownHealth } from '../../src/codecs/consul/shown';
import type { Home } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tests check its members
  value: any;
  headers: Headers;
  index: number;
}

/** Tests reads of Consul's clients on the whole registry, with the requests that their sources send. */
export function consulHealthSuite({ send, sleep, tokenFor, ns }: Home): void {
  const call = async (method: string, path: string, body?: unknown, token = ROOT_TOKEN): Promise<Reply> => {
    const response = await send(method, `/n/:ns/v1${path}`, {
      headers: { 'x-consul-token': token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    const text = await response.text();
    const isJson = headers.get('content-type') === 'application/json';
    return { status, headers, value: isJson ? JSON.parse(text) : text, index: Number(headers.get('x-consul-index')) };
  };
  const register = (id: string, more: object = {}) =>
    call('PUT', '/agent/service/register', {
      ...{ ID: id, Name: 'web', Address: '10.0.0.1', Port: 80, Tags: ['v1'] },
      Check: { TTL: '60s', Status: 'passing' },
      ...more,
    });
  const ids = ({ value }: Reply): string[] => value.map(({ Service }: ShownHealth) => Service.ID);

  describe('reads of Consul clients of a complete registry', () => {
    it('[CH1, CH3] show a change to what waits for it, even if the namespace hibernates', async () => {
      const first = await call('GET', '/health/service/web?passing=1');
      expect([first.value, first.index]).toEqual([[], 2]);
      await register('a');
      await sleep();
      const { index, value } = await call('GET', '/health/service/web?passing=1');
      expect(value[0].Checks.map((check: { CheckID: string }) => check.CheckID)).toEqual(['serfHealth', 'service:a']);
      const waiting = call('GET', `/health/service/web?passing=1&index=${index}&wait=60s`);
      await register('other', { Name: 'db' });
      await call('PUT', '/agent/check/pass/service:a');
      await register('b');
      const woken = await waiting;
      expect([ids(woken), woken.index > index]).toEqual([['a', 'b'], true]);
      await call('PUT', '/agent/check/fail/service:a');
      expect(ids(await call('GET', `/health/service/web?passing=1&index=${woken.index}&wait=60s`))).toEqual(['b']);
      await sleep();
      const now = await call('GET', '/health/service/web?passing=1');
      const unchanged = await call('GET', `/health/service/web?passing=1&index=${now.index}&wait=5ms`);
      expect([ids(unchanged), unchanged.index, unchanged.status]).toEqual([['b'], now.index, 200]);
    });

    it('[CH3] follow the catalog as Prometheus does', async () => {
      await register('a');
      const names = await call('GET', '/catalog/services?index=0&stale=&wait=120000ms');
      expect(names.value).toEqual({ consul: [], web: ['v1'] });
      // The Go client reads these in this order, and stops at one that is missing.
      const { headers } = names;
      expect([headers.get('x-consul-lastcontact'), headers.get('x-consul-knownleader')]).toEqual(['0', 'true']);
      const watched = await call('GET', '/health/service/web?index=0&stale=&wait=120000ms');
      expect(ids(watched)).toEqual(['a']);
      const [one, other] = [
        call('GET', `/catalog/services?index=${names.index}&stale=&wait=120000ms`),
        call('GET', `/health/service/web?index=${watched.index}&stale=&wait=120000ms`),
      ];
      await register('a', { Tags: ['v2'] });
      expect([(await one).value, (await other).value[0].Service.Tags]).toEqual([{ consul: [], web: ['v2'] }, ['v2']]);
    });

    it('[CH3] follow a service as the Instancer of go-kit does', async () => {
      await register('a', { Tags: ['v1', 'prod'] });
      await register('b', { Tags: ['v2'] });
      const path = '/health/service/web?passing=1&tag=v1';
      const first = await call('GET', path);
      expect(ids(first)).toEqual(['a']);
      const waiting = call('GET', `${path}&index=${first.index}`);
      await call('PUT', '/agent/service/deregister/a');
      const empty = await waiting;
      expect([empty.value, empty.index > first.index, empty.index > 0]).toEqual([[], true, true]);
      const again = call('GET', `${path}&index=${empty.index}`);
      await register('c');
      expect(ids(await again)).toEqual(['c']);
    });

    it('[CH3] follow the names of services as the catalog watch of Spring does', async () => {
      let { index } = await call('GET', '/catalog/services?wait=2s');
      const indexes = [index];
      for (const name of ['x', 'y']) {
        const waiting = call('GET', `/catalog/services?wait=2s&index=${index}`);
        await register(name, { Name: name });
        const answer = await waiting;
        expect(Object.keys(answer.value)).toContain(name);
        ({ index } = answer);
        indexes.push(index);
      }
      const idle = await call('GET', `/catalog/services?wait=10ms&index=${index}`);
      expect([idle.status, idle.index]).toEqual([200, index]);
      expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
      expect((await call('GET', '/health/service/x?passing=true')).value[0].Service.Meta).toEqual({});
    });

    it('[CH5] show a token what it may read', async () => {
      await register('a');
      await register('b', { Name: 'db' });
      const token = await tokenFor([{ scope: 'read', ns: ns(), services: ['DEFAULT_GROUP@@web'] }]);
      expect((await call('GET', '/catalog/services', undefined, token)).value).toEqual({ web: ['v1'] });
      const { index } = await call('GET', '/health/service/web', undefined, token);
      const waiting = call('GET', `/health/service/web?index=${index}&wait=60s`, undefined, token);
      await call('PUT', '/agent/maintenance?enable=true&reason=disk');
      const { value } = await waiting;
      expect(value[0].Checks.map((check: { CheckID: string }) => check.CheckID)).toContain('_node_maintenance');
      expect((await call('GET', '/health/service/db', undefined, token)).status).toBe(403);
    });

    it('[CH2] load the engine of patterns for a filter that has one', async () => {
      await register('a');
      const filter = encodeURIComponent('Service.ID matches "^[ab]$" and "v1" in Service.Tags');
      expect(ids(await call('GET', `/health/service/web?filter=${filter}`))).toEqual(['a']);
    });
  });
}
