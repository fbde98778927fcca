import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../test/fixtures/nacos-stage';

const INSTANCE = '/nacos/v1/ns/instance';
const A = 'serviceName=orders&ip=10.0.0.7&port=8080';

const NAMES = [
  ...['serviceName', 'groupName', 'namespaceId', 'ip', 'port', 'clusterName', 'cluster', 'clusters', 'weight'],
  ...['enabled', 'enable', 'healthy', 'healthyOnly', 'ephemeral', 'metadata', 'beat', 'udpPort', 'clientIP', 'key'],
  ...['pageNo', 'pageSize', 'protectThreshold', 'selector', 'expr', 'instances', 'consistencyType', '__proto__'],
];
const VALUES = [
  ...['', ' ', 'orders', 'g@@orders', '@@', '10.0.0.7', '::1', '8080', '-1', '0', '1e400', 'NaN', 'true', 'public'],
  ...['{', '{}', '[]', '[1]', 'null', '"x"', 'k=v', '__proto__=1', '{"ip":"10.0.0.7","port":8080}', '{"type":"none"}'],
  ...[
    '{"metadata":{"a":{}},"ip":"10.0.0.7","port":1}',
    '{"ip":{},"port":[]}',
    '\u0000',
    '\ud800',
    '中',
    'a'.repeat(300),
  ],
  ...['{"ip":"10.0.0.7","port":1,"weight":"x"}', '[{"ip":null,"port":"x","clusterName":5}]', '##', '.*', '%zz'],
];

describe('hostile input', () => {
  it('[Y8, I10] never causes a fault, and a refused request changes nothing', async () => {
    const stage = new NacosStage();
    await stage.send('POST', `${INSTANCE}?${A}`);
    const v1 = stage.app.app.dialectRoutes.filter(({ path }) => path.startsWith('/nacos/v1/ns/'));
    const revision = async () => JSON.parse((await stage.namespace.api.stats()).body).revision;
    const parameters = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES), { maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...v1), parameters, fc.boolean(), async ({ method, path }, sent, isForm) => {
        const text = Object.entries(sent)
          .map(([name, value]) => `${name}=${value === '%zz' ? value : encodeURIComponent(value.toWellFormed())}`)
          .join('&');
        const before = await revision();
        const inBody = isForm && method !== 'get';
        const [status, answer] = await stage.send(
          method.toUpperCase(),
          inBody ? path : `${path}?${text}`,
          inBody ? text : undefined,
        );
        expect([200, 400, 403, 404]).toContain(status);
        expect(answer).not.toBe('');
        if (status !== 200) expect(await revision()).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a body of 10 MB', `${A}&metadata=${'x'.repeat(10_000_000)}`, 413],
    ['a form with bytes that are not UTF-8', '\ufffd', 400],
  ])('[Y8, I10] refuses %s in plain text', async (_, body, status) => {
    const stage = new NacosStage();
    const bytes = body === '\ufffd' ? new Uint8Array([0x61, 0x3d, 0xff]) : body;
    const headers = { accessToken: stage.token, 'content-type': 'application/x-www-form-urlencoded' };
    const response = await stage.app.send('POST', INSTANCE, { headers, body: bytes });
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/plain;charset=UTF-8']);
    expect(await stage.ids('DEFAULT_GROUP', 'orders')).toEqual([]);
  });

  it.each(['v1/ns/instance', 'v2/ns/instance', 'v3/client/ns/instance'])(
    '[Y8] is 403 at %s without a valid token',
    async (path) => {
      const stage = new NacosStage();
      stage.token = 'rc_abcdefghijkl_secret';
      const [status, text, type] = await stage.sendWhole('POST', `/nacos/${path}?${A}`);
      expect([status, type]).toEqual([403, 'application/json']);
      const shape = path.startsWith('v1')
        ? { status: 403, error: 'Forbidden', path: `/nacos/${path}`, timestamp: expect.any(String) }
        : { code: 10_001, message: 'access denied', data: expect.any(String) };
      expect(JSON.parse(text)).toMatchObject(shape);
      const response = await stage.app.send('POST', `/nacos/${path}?${A}`);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([403, null]);
      expect(text).not.toContain('secret');
    },
  );

  it('[Y8, X2] for an unknown namespace or route is refused', async () => {
    const stage = new NacosStage([{ scope: 'admin', ns: 'unknown' }]);
    const [status, text] = await stage.send('POST', `${INSTANCE}?${A}&namespaceId=unknown`);
    expect([status, text]).toEqual([404, expect.stringContaining('namespace')]);
    const [missing, page] = await stage.send('GET', '/nacos/v1/cs/configs');
    expect([missing, JSON.parse(page)]).toMatchObject([404, { status: 404, error: 'Not Found' }]);
    const [wrongStatus, problem] = await stage.send('PUT', `${INSTANCE}/list`);
    expect([wrongStatus, JSON.parse(problem)]).toMatchObject([405, { error: 'Method Not Allowed' }]);
  });
});

describe('a client', () => {
  it('[Y4] sets the times of its lease by metadata, unless they contradict', async () => {
    const stage = new NacosStage();
    const times = (interval: number, timeout: number, removal: number) =>
      encodeURIComponent(
        `preserved.heart.beat.interval=${interval},preserved.heart.beat.timeout=${timeout},preserved.ip.delete.timeout=${removal}`,
      );
    expect(await stage.send('POST', `${INSTANCE}?${A}&metadata=${times(5_000, 1_000, 9_000)}`)).toEqual([
      400,
      "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.",
    ]);
    await stage.send('POST', `${INSTANCE}?${A}&metadata=${times(1_000, 3_000, 6_000)}`);
    expect(await stage.json('PUT', `${INSTANCE}/beat?${A}`)).toMatchObject({ clientBeatInterval: 1_000 });
    await stage.namespace.pass(4_000);
    expect(await stage.hosts(`${INSTANCE}/list?serviceName=orders`)).toMatchObject([{ healthy: false }]);
    await stage.namespace.pass(3_000);
    expect(await stage.hosts(`${INSTANCE}/list?serviceName=orders`)).toEqual([]);
  });

  it('[Y4] registers persistently: its instance stays without heartbeats, beside others that don’t', async () => {
    const stage = new NacosStage();
    await stage.send('POST', `${INSTANCE}?${A}&ephemeral=false&healthy=false`);
    await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.8&port=1`);
    await stage.namespace.pass(60_000);
    const list = () => stage.hosts(`${INSTANCE}/list?serviceName=orders`);
    expect(await list()).toMatchObject([{ ip: '10.0.0.7', ephemeral: false, healthy: false }]);
    expect(await stage.json('PUT', `${INSTANCE}/beat?${A}`)).toMatchObject({ code: 10_200 });
    await stage.send('POST', `${INSTANCE}?${A}&ephemeral=false`);
    expect(await list()).toMatchObject([{ healthy: true }]);
  });

  it('[Y3, I8] costs two rows to register, none for a heartbeat, and one an hour for all pollers', async () => {
    const stage = new NacosStage();
    const { counters } = stage.namespace.state;
    await stage.send('POST', `${INSTANCE}?${A}`);
    const before = counters.rowsWritten;
    await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.8&port=1`);
    expect(counters.rowsWritten - before).toBe(2);
    // The first renewal after a checkpoint writes a row of its own, for all that follow.
    await stage.send('PUT', `${INSTANCE}/beat?${A}`);
    const beaten = counters.rowsWritten;
    for (let round = 0; round < 3; round++) {
      await stage.send('PUT', `${INSTANCE}/beat?${A}`);
      await stage.send('POST', `${INSTANCE}?${A}`);
      await stage.send('GET', `${INSTANCE}/list?serviceName=orders&clientIP=10.0.0.2&udpPort=5`);
    }
    expect(counters.rowsWritten).toBe(beaten + 1);
  });
});
