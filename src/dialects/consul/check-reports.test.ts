import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';
import type { NamespaceApi } from '../../model/namespace-api';

const KEY = { group: 'DEFAULT_GROUP', service: 'web', id: 'web-1' };
const WEB = { ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 };
const CHECK = 'service:web-1';

/** A registered service with a TTL check. Calls of the namespace are listed. */
async function begin(check: object = { TTL: '10s' }, others: object = {}) {
  const namespace = new NodeNamespace();
  const calls: string[] = [];
  const api: NamespaceApi = new Proxy(namespace.api, {
    get(target, name: keyof NamespaceApi) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls.push(name);
        return Reflect.apply(method, target, args);
      };
    },
  });
  const counted = new Proxy(namespace, {
    get: (target, name) => (name === 'api' ? api : Reflect.get(target, name, target)),
  });
  const stage = new ConsulStage(counted);
  const put = (path: string, body?: unknown) => stage.brief('PUT', `/v1/agent/check/${path}`, body);
  const view = async (key = KEY): Promise<InstanceView> => {
    const { body } = await namespace.api.readInstance({ key });
    if (body === null) throw new Error('the read has no condition');
    return readJsonText(body);
  };
  const checks = async () => (await stage.read<Record<string, Record<string, unknown>>>('/v1/agent/checks')).value;
  const register = () => stage.brief('PUT', '/v1/agent/service/register', { ...WEB, ...others, Check: check });
  expect(await register()).toEqual([200, '']);
  return { stage, namespace, calls, put, view, checks, register };
}

describe('a result of a TTL check', () => {
  it('[CA1] is stored, and shown as the status of the instance', async () => {
    const { put, view, checks } = await begin();
    expect((await view()).status).toBe('starting');
    for (const [path, status, shown] of [
      ['pass', 'passing', 'up'],
      ['warn', 'warning', 'up'],
      ['fail', 'critical', 'down'],
    ]) {
      expect(await put(`${path}/${CHECK}?note=n-${path}`)).toEqual([200, '']);
      expect((await checks())[CHECK]).toMatchObject({ Status: status, Output: `n-${path}`, Type: 'ttl' });
      expect((await view()).status).toBe(shown);
    }
    expect(await put(`update/${CHECK}`, { Status: 'passing', Output: 'fine' })).toEqual([200, '']);
    expect((await checks())[CHECK]).toMatchObject({ Status: 'passing', Output: 'fine', ServiceID: 'web-1' });
    expect(await put(`update/${CHECK}`, { Status: 'pass' })).toEqual([400, "Invalid check status: 'pass'"]);
  });

  it('[CA1] that changes nothing is one renewal, without a revision', async () => {
    const { put, calls, namespace, view } = await begin();
    await put(`pass/${CHECK}?note=`);
    await put(`pass/${CHECK}?note=`);
    const { revision } = await view();
    calls.length = 0;
    for (let n = 0; n < 3; n++) {
      await namespace.pass(6_000);
      expect(await put(`pass/${CHECK}?note=${n}`)).toEqual([200, '']);
    }
    expect(calls).toEqual(['renew', 'renew', 'renew']);
    expect(await view()).toMatchObject({ revision, healthy: true });
  });

  it('[CA1] stores another output alone only every five minutes', async () => {
    const { put, checks, namespace } = await begin();
    await put(`pass/${CHECK}?note=a`);
    await put(`pass/${CHECK}?note=b`);
    expect((await checks())[CHECK]).toMatchObject({ Output: 'a' });
    for (let n = 0; n < 60; n++) {
      await namespace.pass(5_000);
      await put(`pass/${CHECK}?note=b`);
    }
    expect((await checks())[CHECK]).toMatchObject({ Output: 'b' });
  });

  it('notices that another client has replaced the registration', async () => {
    const { put, stage, namespace, view } = await begin();
    await put(`pass/${CHECK}`);
    await put(`pass/${CHECK}`);
    const other = new ConsulStage(namespace);
    await other.brief('PUT', `/v1/agent/check/fail/${CHECK}`);
    expect((await view()).status).toBe('down');
    expect(await stage.brief('PUT', `/v1/agent/check/pass/${CHECK}`)).toEqual([200, '']);
    expect((await view()).status).toBe('up');
    await other.brief('PUT', '/v1/agent/service/deregister/web-1');
    expect(await put(`pass/${CHECK}`)).toEqual([
      404,
      `Unknown check ID "${CHECK}". Ensure that the check ID is passed, not the check name.`,
    ]);
  });

  it('[CA1] is missed once the TTL is over, until the next one', async () => {
    const { put, checks, namespace } = await begin();
    await put(`pass/${CHECK}?note=fine`);
    await namespace.pass(9_500);
    expect((await checks())[CHECK]).toMatchObject({ Status: 'passing' });
    await namespace.pass(1_000);
    expect((await checks())[CHECK]).toMatchObject({
      Status: 'critical',
      Output: 'TTL expired (last output before timeout follows): fine',
    });
    await put(`pass/${CHECK}?note=fine`);
    expect((await checks())[CHECK]).toMatchObject({ Status: 'passing', Output: 'fine' });
  });
});

describe('a check that removes its service', () => {
  const DEREGISTER = { TTL: '10s', DeregisterCriticalServiceAfter: '1m' };
  const isThere = async ({ view }: Awaited<ReturnType<typeof begin>>) => {
    try {
      return (await view()).id === 'web-1';
    } catch {
      return false;
    }
  };

  it('[CA4] does so a minute after its TTL has ended', async () => {
    const stage = await begin(DEREGISTER);
    await stage.put(`pass/${CHECK}`);
    await stage.namespace.pass(69_000);
    expect(await isThere(stage)).toBe(true);
    await stage.namespace.pass(5_000);
    expect(await isThere(stage)).toBe(false);
  });

  it('[CA4] does so although it goes on reporting that it is critical', async () => {
    const stage = await begin(DEREGISTER);
    await stage.put(`pass/${CHECK}`);
    await stage.put(`fail/${CHECK}`);
    for (let n = 0; n < 11; n++) {
      await stage.namespace.pass(5_000);
      expect(await stage.put(`fail/${CHECK}?note=${n}`)).toEqual([200, '']);
    }
    expect(await isThere(stage)).toBe(true);
    await stage.namespace.pass(10_000);
    expect(await isThere(stage)).toBe(false);
    expect((await stage.put(`fail/${CHECK}`))[0]).toBe(404);
  });

  it('[CA4] does so whatever it reports about why it is critical', async () => {
    const stage = await begin({ TTL: '10s', DeregisterCriticalServiceAfter: '10m' });
    for (let n = 0; n < 59; n++) {
      await stage.put(`fail/${CHECK}?note=${n}`);
      await stage.namespace.pass(10_000);
    }
    expect((await stage.checks())[CHECK]).toMatchObject({ Output: '30' });
    await stage.namespace.pass(15_000);
    expect(await isThere(stage)).toBe(false);
  });

  it('[CA4] does not do so if it passes in time, nor by the status that it is registered with', async () => {
    const stage = await begin(DEREGISTER);
    for (let n = 0; n < 10; n++) {
      expect((await stage.view()).lease).toMatchObject({ ttlMs: 10_000, removeAfterMs: 70_000 });
      await stage.namespace.pass(8_000);
      await stage.register();
    }
    expect((await stage.view()).status).toBe('starting');
    await stage.put(`fail/${CHECK}`);
    await stage.namespace.pass(50_000);
    await stage.put(`warn/${CHECK}`);
    expect((await stage.view()).lease).toMatchObject({ ttlMs: 10_000, removeAfterMs: 70_000 });
    for (let n = 0; n < 10; n++) {
      await stage.namespace.pass(8_000);
      await stage.put(`warn/${CHECK}`);
    }
    expect(await isThere(stage)).toBe(true);
  });
});

describe('a check that is registered apart', () => {
  it('is added to its service, and its TTL becomes the lease', async () => {
    const { put, view, checks } = await begin({});
    expect((await view()).lease).toBeNull();
    const mem = { ID: 'mem', Name: 'Memory', ServiceID: 'web-1', TTL: '20s', Notes: 'n' };
    expect(await put('register', mem)).toEqual([200, '']);
    expect((await view()).lease).toMatchObject({ ttlMs: 20_000 });
    await put('pass/mem');
    const { revision } = await view();
    expect(await put('register', mem)).toEqual([200, '']);
    expect((await view()).revision).toBe(revision);
    expect((await checks()).mem).toMatchObject({ Name: 'Memory', Notes: 'n', Status: 'passing', ServiceName: 'web' });
    expect(await put('deregister/mem')).toEqual([200, '']);
    expect(await view()).toMatchObject({ lease: null, status: 'up' });
    expect(await put('deregister/mem')).toEqual([404, expect.stringMatching(/^Unknown check ID "mem"/)]);
  });

  it('is one of the node without a service', async () => {
    const { put, checks, stage, namespace } = await begin();
    expect(await put('register', { Name: 'disk', TTL: '30s' })).toEqual([200, '']);
    expect((await checks()).disk).toMatchObject({ Status: 'critical', ServiceID: '', Node: 'rollcall' });
    await put('warn/disk?note=full');
    const { value } = await stage.read<{ Checks: { CheckID: string; Status: string }[] }[]>('/v1/health/service/web');
    expect(value[0]?.Checks.map(({ CheckID, Status }) => `${CheckID} ${Status}`)).toEqual([
      'serfHealth passing',
      'disk warning',
      `${CHECK} critical`,
    ]);
    await namespace.pass(31_000);
    expect((await checks()).disk).toMatchObject({ Status: 'critical', Output: expect.stringMatching(/^TTL expired/) });
    expect(await put('deregister/disk')).toEqual([200, '']);
    expect(Object.keys(await checks())).toEqual([CHECK]);
  });

  it('does not renew the lease of its service unless it is a TTL check', async () => {
    const { stage, namespace, view } = await begin();
    await namespace.pass(11_000);
    expect((await view()).healthy).toBe(false);
    const check = { ID: 'h', Name: 'h', ServiceID: 'web-1', HTTP: 'http://10.0.0.1', Interval: '5s' };
    const headers = { 'rollcall-check-runner': 'gw' };
    expect((await stage.send('PUT', '/v1/agent/check/register', check, headers)).status).toBe(200);
    const result = { Status: 'passing', Output: 'ok' };
    expect((await stage.send('PUT', '/v1/agent/check/update/h', result, headers)).status).toBe(200);
    expect(await view()).toMatchObject({ healthy: false, extensions: { consul: { runner: 'gw' } } });
  });

  it('needs a service that exists, a name, and a kind that is supported', async () => {
    const { put } = await begin();
    expect(await put('register', { Name: 'x', TTL: '5s', ServiceID: 'none' })).toEqual([
      404,
      'ServiceID "none" does not exist',
    ]);
    expect(await put('register', { TTL: '5s' })).toEqual([400, 'Missing check name']);
    expect((await put('register', { Name: 'x', Args: ['a'], Interval: '5s' }))[0]).toBe(500);
    expect(await put('register', '{')).toEqual([400, expect.stringMatching(/^Request decode failed/)]);
    expect(await put('pass/none')).toEqual([404, expect.stringMatching(/^Unknown check ID "none"/)]);
  });
});
