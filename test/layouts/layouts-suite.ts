import { describe, expect, it } from 'vitest';
import type { Service } from '../../src/codecs/go-micro/service';
import { LAYOUT_KINDS } from '../../src/layouts/layouts';
import { type Home, NS } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

const NACOS = '/n/:ns/nacos/v1/ns/instance';

interface Resolved {
  instances: { id: string; address: string; port: number }[];
}

/** Tests entries of frameworks through the doors of other registries, on the whole registry. */
export function layoutsSuite({ ask, send, sleep }: Home): void {
  const headers = { authorization: `Bearer ${ROOT_TOKEN}` };

  const grant = async (): Promise<string> =>
    (await ask<{ id: string }>('POST', `${NS}/leases`, { ttlMs: 30_000 })).body.id;
  /** Puts an entry, and returns its revision. */
  async function put(key: string, value: string, lease?: string): Promise<number> {
    const query = lease === undefined ? '' : `?lease=${lease}`;
    const response = await send('PUT', `${NS}/kv/${key}${query}`, { headers, body: value });
    expect(response.status).toBeLessThan(300);
    return ((await response.json()) as { revision: number }).revision; // `as`: the answer of a put
  }
  const entries = async (prefix: string): Promise<Record<string, string>> => {
    const { body } = await ask<{ entries: { key: string; value: string }[] }>(
      'GET',
      `${NS}/kv?prefix=${encodeURIComponent(prefix)}`,
    );
    return Object.fromEntries(body.entries.map(({ key, value }) => [key, value]));
  };
  const resolve = async (service: string) => {
    const path = `${NS}/groups/DEFAULT_GROUP/services/${service}/resolve`;
    const { status, body } = await ask<Resolved>('GET', path);
    return status === 404 ? [] : body.instances.map(({ id, address, port }) => ({ id, address, port }));
  };
  const nacosHosts = async (service: string) => {
    const response = await send('GET', `${NACOS}/list?serviceName=${service}`, { headers });
    const { hosts } = (await response.json()) as { hosts: { ip: string; port: number }[] }; // `as`: Nacos' answer
    return hosts.map(({ ip, port }) => `${ip}:${port}`);
  };
  const registerWithNacos = (service: string, ip: string) =>
    send('POST', `${NACOS}?serviceName=${service}&ip=${ip}&port=8080&ephemeral=true`, { headers });
  const goMicroServices = async (service: string): Promise<Service[]> =>
    // `as`: the answer of go-micro's registry
    (await (await send('GET', `/n/:ns/registry?service=${service}`, { headers })).json()) as Service[];
  const layOut = (...layouts: object[]) => ask('PATCH', NS, { layouts });
  const stats = async () => (await ask<{ revision: number }>('GET', `${NS}/stats`)).body.revision;

  describe('entries of frameworks', () => {
    it('[LO11, LO16] a go-zero publisher is resolved through every door, and gone with its lease in one revision', async () => {
      const lease = await grant();
      await put(`user.rpc/${lease}`, '10.0.0.5:8080', lease);
      expect(await resolve('user.rpc')).toEqual([{ id: lease, address: '10.0.0.5', port: 8080 }]);
      expect(await nacosHosts('user.rpc')).toEqual(['10.0.0.5:8080']);
      expect(await goMicroServices('user.rpc')).toMatchObject([{ nodes: [{ id: lease, address: '10.0.0.5:8080' }] }]);
      await sleep();
      expect(await nacosHosts('user.rpc')).toEqual(['10.0.0.5:8080']);
      const before = await stats();
      expect((await ask('DELETE', `${NS}/leases/${lease}`)).status).toBeLessThan(300);
      expect(await resolve('user.rpc')).toEqual([]);
      expect(await nacosHosts('user.rpc')).toEqual([]);
      expect(await goMicroServices('user.rpc')).toEqual([]);
      expect(await entries('user.rpc/')).toEqual({});
      expect(await stats()).toBe(before + 1);
    });

    it('[LO11, LO12, LO14, LO15, LO16] an instance of Nacos is shown in each layout, and gone from all in one revision', async () => {
      await layOut(
        { kind: 'go-zero', prefix: '', show: true },
        { kind: 'grpc-naming', prefix: 'grpc/', show: true },
        { kind: 'go-micro', prefix: '/micro/registry/', show: true },
        { kind: 'go-kit', prefix: '/services/orders/', show: true },
        { kind: 'kratos', prefix: '/microservices/', show: true },
      );
      await registerWithNacos('orders', '10.0.0.7');
      await registerWithNacos('payments', '10.0.0.8');
      const id = (await resolve('orders')).map((each) => each.id)[0] ?? '';
      const service = {
        ...{ name: 'orders', version: 'latest', metadata: {}, endpoints: [] },
        nodes: [{ id, address: '10.0.0.7:8080', metadata: { protocol: 'http' } }],
      };
      const kratos = { id, name: 'orders', version: '', metadata: {}, endpoints: ['http://10.0.0.7:8080'] };
      expect(await entries('orders/')).toEqual({ [`orders/${id}`]: '10.0.0.7:8080' });
      expect(await entries('grpc/orders/')).toEqual({
        [`grpc/orders/${id}`]: '{"Op":0,"Addr":"10.0.0.7:8080","Metadata":null}',
      });
      expect(await entries('/micro/registry/orders/')).toEqual({
        [`/micro/registry/orders/${id}`]: JSON.stringify(service),
      });
      expect(await entries('/services/')).toEqual({ [`/services/orders/${id}`]: '10.0.0.7:8080' });
      expect(await entries('/microservices/orders')).toEqual({
        [`/microservices/orders/${id}`]: JSON.stringify(kratos),
      });
      const before = await stats();
      await send('DELETE', `${NACOS}?serviceName=orders&ip=10.0.0.7&port=8080&ephemeral=true`, { headers });
      const left = Object.values(await entries(''));
      expect(left.filter((value) => value.includes('10.0.0.7'))).toEqual([]);
      expect(left.filter((value) => value.includes('10.0.0.8'))).toHaveLength(4);
      expect(await stats()).toBe(before + 1);
    });

    it('[LO15, LO16] go-micro’s registries in etcd and over HTTP show each other’s services alike', async () => {
      await layOut({ kind: 'go-micro', prefix: '/micro/registry/', show: true });
      const endpoint = {
        name: 'Say.Hello',
        request: { name: 'Request', type: 'Request', values: [{ name: 'name', type: 'string', values: [] }] },
        response: null,
        metadata: { stream: 'true' },
      };
      const service = (name: string) => ({
        ...{ name, version: '2.1', metadata: { team: 'x' }, endpoints: [endpoint] },
        nodes: [{ id: `${name}-1`, address: '10.0.0.5:080', metadata: { protocol: 'mucp' } }],
      });
      const lease = await grant();
      await put('%2Fmicro%2Fregistry%2Fgreeter%2Fgreeter-1', JSON.stringify(service('greeter')), lease);
      expect(await goMicroServices('greeter')).toEqual([service('greeter')]);
      expect((await ask('POST', '/n/:ns/registry', service('teller'))).status).toBe(200);
      const shown = await entries('/micro/registry/teller/');
      expect(Object.keys(shown)).toEqual(['/micro/registry/teller/teller-1']);
      expect(Object.values(shown).map((text) => JSON.parse(text))).toEqual([service('teller')]);
      // Through others, too.
      expect([await nacosHosts('greeter'), await nacosHosts('teller')]).toEqual([['10.0.0.5:80'], ['10.0.0.5:80']]);
    });

    it('[LO13, LO14] entries of go-kit and Kratos are instances while the settings name their prefixes', async () => {
      const lease = await grant();
      await put('%2Fservices%2Faddsvc%2Fone', 'http://10.0.0.5:8080', lease);
      const kratos = { id: 'f0', name: 'hello', version: '1', metadata: {}, endpoints: ['grpc://10.0.0.6:9000'] };
      await put('%2Fmicroservices%2Fhello%2Ff0', JSON.stringify(kratos), lease);
      expect([await resolve('addsvc'), await resolve('hello')]).toEqual([[], []]);
      await layOut({ kind: 'go-kit', prefix: '/services/addsvc/' }, { kind: 'kratos', prefix: '/microservices' });
      await expect.poll(() => resolve('addsvc')).toEqual([{ id: 'one', address: '10.0.0.5', port: 8080 }]);
      await expect.poll(() => resolve('hello')).toEqual([{ id: 'f0', address: '10.0.0.6', port: 9000 }]);
      await layOut();
      await expect.poll(() => resolve('hello')).toEqual([]);
    });

    it('[LO8, LO1] settings accept the kinds of this registry, and name them', async () => {
      const { status, body } = await layOut({ kind: 'roster', prefix: 'a/' });
      expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining('go-zero')]);
      expect((await layOut(...LAYOUT_KINDS.map((kind) => ({ kind, prefix: 'a/' })))).status).toBe(200);
    });
  });
}
