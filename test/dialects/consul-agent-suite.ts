import { describe, expect, it } from 'vitest';
import type { Home } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

interface Health {
  Node: { Node: string };
  Service: { ID: string; Address: string; Port: number; Tags: string[]; Meta: Record<string, string> };
  Checks: { CheckID: string; Name: string; ServiceID: string; Status: string; Output: string }[];
}

/**
 * Tests the agent and the changes of the catalog on the whole registry, by the requests that clients send.
 *
 * Sources: `hashicorp/consul/api` (`agent.go`), `spring-cloud-consul` 5.0 (`ConsulServiceRegistry`, `TtlScheduler`),
 * `micro/go-micro` (`registry/consul`) and `go-kit/kit` (`sd/consul`).
 */
export function consulAgentSuite({ send, sleep, ask }: Home): void {
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await send(method, `/n/:ns/v1${path}`, {
      headers: { 'x-consul-token': ROOT_TOKEN, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, value: isJson ? JSON.parse(text) : text, headers: response.headers };
  };
  const put = async (path: string, body?: unknown) => {
    const { status, value } = await call('PUT', path, body);
    return [status, value];
  };
  const health = async (service: string, query = ''): Promise<Health[]> =>
    (await call('GET', `/health/service/${service}${query}`)).value;
  const revision = async () => (await ask('GET', '/api/v1/ns/:ns/services')).headers.get('etag');

  describe('a Consul client at an agent', () => {
    it("of Go's API registers, passes, waits for its service and deregisters", async () => {
      // Pointers that are not set are null.
      const registration = {
        ID: 'web-1',
        Name: 'web',
        Tags: ['v1'],
        Port: 8080,
        Address: '10.0.0.5',
        EnableTagOverride: false,
        Meta: null,
        Weights: null,
        Check: { TTL: '15s', DeregisterCriticalServiceAfter: '1m' },
        Checks: null,
        Proxy: null,
        Connect: null,
      };
      expect(await put('/agent/service/register', registration)).toEqual([200, '']);
      expect(await health('web', '?passing=1')).toEqual([]);
      // `UpdateTTL`, and the older `PassTTL`.
      expect(await put('/agent/check/update/service:web-1', { Status: 'passing', Output: 'ok' })).toEqual([200, '']);
      expect(await put('/agent/check/pass/service:web-1?note=')).toEqual([200, '']);
      await sleep();
      const before = await revision();
      expect(await put('/agent/check/pass/service:web-1?note=')).toEqual([200, '']);
      expect(await revision()).toBe(before);
      const [entry] = await health('web', '?passing=1&stale=');
      expect(entry).toMatchObject({
        Service: { ID: 'web-1', Address: '10.0.0.5', Port: 8080, Tags: ['v1'], Meta: {} },
        Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'service:web-1', Status: 'passing' }],
      });
      const shown = await call('GET', '/agent/service/web-1');
      const hash = shown.headers.get('x-consul-contenthash');
      const waiting = call('GET', `/agent/service/web-1?hash=${hash}&wait=60s`);
      expect(await put('/agent/service/register', { ...registration, Port: 8081 })).toEqual([200, '']);
      expect((await waiting).value).toMatchObject({ Port: 8081 });
      expect(await put('/agent/service/deregister/web-1')).toEqual([200, '']);
      expect((await put('/agent/service/deregister/web-1'))[0]).toBe(404);
      expect(await health('web')).toEqual([]);
    });

    it('of Spring Cloud sends its heartbeat, goes out of service, and deregisters', async () => {
      const registration = {
        ID: 'orders-8080',
        Name: 'orders',
        Tags: [],
        Address: 'orders.internal',
        Meta: { secure: 'false', zone: 'a', 'consul-x': 'y' },
        Port: 8080,
        Check: { TTL: '30s', DeregisterCriticalServiceAfter: '120s' },
      };
      expect(await put('/agent/service/register', registration)).toEqual([
        400,
        expect.stringContaining("'consul-' is reserved"),
      ]);
      registration.Meta = { secure: 'false', zone: 'a', 'consul-x': '' };
      const { 'consul-x': _reserved, ...Meta } = registration.Meta;
      expect(await put('/agent/service/register', { ...registration, Meta })).toEqual([200, '']);
      expect(await put('/agent/check/pass/service:orders-8080')).toEqual([200, '']);
      expect((await health('orders', '?passing=true')).map(({ Service }) => Service.Address)).toEqual([
        'orders.internal',
      ]);
      expect(await put('/agent/service/maintenance/orders-8080?enable=true')).toEqual([200, '']);
      expect(await health('orders', '?passing=true')).toEqual([]);
      const { value: checks } = await call('GET', '/health/checks/orders');
      // Spring looks for this name and id to know that it is out of service.
      expect(checks).toContainEqual(
        expect.objectContaining({ Name: 'Service Maintenance Mode', ServiceID: 'orders-8080', Status: 'critical' }),
      );
      expect(await put('/agent/service/maintenance/orders-8080?enable=false')).toEqual([200, '']);
      expect(await health('orders', '?passing=true')).toHaveLength(1);
      expect(await put('/agent/service/deregister/orders-8080')).toEqual([200, '']);
      // A heartbeat after that makes Spring register again.
      expect((await put('/agent/check/pass/service:orders-8080'))[0]).toBe(404);
    });

    it('of go-micro passes at once, keeps its tags, and registers again after an error', async () => {
      const tags = ['t-789c', `e-${'0123456789abcdef'.repeat(20)}`, 'v-789c32d4330300'];
      const registration = {
        ID: 'greeter-1',
        Name: 'greeter',
        Tags: tags,
        Port: 41_000,
        Address: '10.0.0.7',
        Meta: { protocol: 'mucp' },
        Check: { TTL: '90s', DeregisterCriticalServiceAfter: '1m35s' },
      };
      expect(await put('/agent/service/register', registration)).toEqual([200, '']);
      expect(await put('/agent/check/pass/service:greeter-1?note=')).toEqual([200, '']);
      const [entry] = await health('greeter');
      expect(entry?.Service.Tags).toEqual(tags);
      expect(entry?.Checks.some(({ Status }) => Status === 'critical')).toBe(false);
      expect((await call('GET', '/catalog/services')).value).toMatchObject({ greeter: [...tags].sort() });
      await ask('DELETE', '/api/v1/ns/:ns/groups/DEFAULT_GROUP/services/greeter/instances/greeter-1');
      expect((await put('/agent/check/pass/service:greeter-1?note='))[0]).toBe(404);
      expect(await put('/agent/service/register', registration)).toEqual([200, '']);
      expect(await put('/agent/check/pass/service:greeter-1?note=')).toEqual([200, '']);
      // Without a check, the same registration is sent each time, and changes nothing.
      const { Check: _check, ...plain } = { ...registration, ID: 'greeter-2' };
      expect(await put('/agent/service/register', plain)).toEqual([200, '']);
      const before = await revision();
      expect(await put('/agent/service/register', plain)).toEqual([200, '']);
      expect(await revision()).toBe(before);
    });

    it('of go-kit registers a check apart from its service', async () => {
      expect(await put('/agent/service/register', { ID: 'a', Name: 'kit', Address: '10.0.0.8', Port: 1 })).toEqual([
        200,
        '',
      ]);
      const check = { ID: 'a-ttl', Name: 'alive', ServiceID: 'a', TTL: '20s' };
      expect(await put('/agent/check/register', check)).toEqual([200, '']);
      expect(await health('kit', '?passing=1')).toEqual([]);
      expect(await put('/agent/check/update/a-ttl', { Status: 'passing', Output: '' })).toEqual([200, '']);
      expect(await health('kit', '?passing=1')).toHaveLength(1);
      expect(Object.keys((await call('GET', '/agent/checks')).value)).toEqual(['a-ttl']);
      expect(await put('/agent/check/deregister/a-ttl')).toEqual([200, '']);
    });

    it('keeps an external node in the catalog until it is removed', async () => {
      const node = { Node: 'printer', Address: '10.0.9.9', NodeMeta: { 'external-node': 'true' } };
      const Check = { CheckID: 'c', Name: 'http', Status: 'critical', ServiceID: 'printing' };
      const body = { ...node, Service: { Service: 'printing', Port: 631 }, Check };
      expect(await put('/catalog/register', body)).toEqual([200, true]);
      await sleep();
      const { value } = await call('GET', '/catalog/node/printer');
      expect(value).toMatchObject({ Node: { Address: '10.0.9.9' }, Services: { printing: { Port: 631 } } });
      expect(await health('printing', '?passing')).toEqual([]);
      expect(await put('/catalog/deregister', { Node: 'printer' })).toEqual([200, true]);
      expect((await call('GET', '/catalog/node/printer')).value).toBeNull();
    });

    it('describes the agent of a node', async () => {
      const { value } = await call('GET', '/agent/self');
      expect(value.Config).toMatchObject({ Datacenter: 'dc1', NodeName: 'rollcall' });
      const other = await send('GET', '/n/:ns/node/n2/v1/agent/self', { headers: { 'x-consul-token': ROOT_TOKEN } });
      expect(await other.json()).toMatchObject({ Config: { NodeName: 'n2' } });
    });
  });
}
