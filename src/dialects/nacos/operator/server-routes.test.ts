import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';

const begin = () => new NacosStage([{ scope: 'register', ns: 'public', services: ['g@@x'] }]);

describe('the server', () => {
  it('[Y14] returns its address, as text', () =>
    eachRow(
      [
        ['/nacos/serverlist', 'rollcall.test:80'],
        ['/nacos/v1/console/health/liveness', 'OK'],
        ['/nacos/v1/console/health/readiness', 'OK'],
      ],
      async (path, text) => {
        expect(await begin().sendWhole('GET', path)).toEqual([200, text, 'text/plain;charset=UTF-8']);
      },
    ));

  it('[Y14, Y12] describes itself in v2 and v3', () =>
    eachRow(
      [
        ['/nacos/v2/console/health/liveness', 'ok'],
        ['/nacos/v2/console/health/readiness', 'ok'],
        ['/nacos/v3/admin/core/state/liveness', 'ok'],
        ['/nacos/v3/admin/core/state/readiness', 'ok'],
        ['/nacos/v2/core/cluster/node/self/health', 'UP'],
        ['/nacos/v3/admin/core/cluster/node/self/health', 'UP'],
        ['/nacos/v2/core/cluster/node/list', [{ state: 'UP', address: 'rollcall.test:80' }]],
        ['/nacos/v3/admin/core/cluster/node/list', [{ state: 'UP' }]],
        ['/nacos/v2/core/cluster/node/self', { ip: 'rollcall.test', port: 80 }],
        ['/nacos/v3/admin/core/cluster/node/self', { state: 'UP' }],
        ['/nacos/v3/admin/core/state', { version: '2.5.1', standalone_mode: 'standalone' }],
        ['/nacos/v3/admin/ns/health/checkers', { NONE: { type: 'NONE' } }],
        ['/nacos/v3/admin/ns/client/distro?ip=10.0.0.7&port=80', { responsibleServer: 'rollcall.test:80' }],
      ],
      async (path, data) => {
        expect(await begin().read(path)).toMatchObject({ code: 0, message: 'success', data });
      },
    ));

  it('[Y14, Y12] describes itself to the console of v1', () =>
    eachRow(
      [
        ['/nacos/v1/core/cluster/nodes', [{ state: 'UP', extendInfo: { version: '2.5.1' } }]],
        ['/nacos/v1/core/cluster/simple/nodes', ['rollcall.test:80']],
        ['/nacos/v1/core/cluster/self', { state: 'UP' }],
        ['/nacos/v1/core/cluster/health', 'UP'],
        ['/nacos/v1/console/server/announcement?language=en-US', null],
        ['/nacos/v1/console/server/guide', null],
      ],
      async (path, data) => {
        const { code, ...rest } = (await begin().read(path)) as { code: number };
        expect([code, rest]).toMatchObject([200, { message: null, data }]);
      },
    ));

  it('[Y14] describes itself without an envelope', () =>
    eachRow(
      [
        ['/nacos/v1/console/server/state', { version: '2.5.1', function_mode: 'naming', server_port: '80' }],
        ['/nacos/v1/ns/health/server', { msg: 'Hello! I am Nacos-Naming and healthy! local port:80' }],
        ['/nacos/v1/ns/health/checkers', { TCP: { type: 'TCP' }, HTTP: { expectedResponseCode: 200 } }],
        ['/nacos/v1/ns/operator/servers', { servers: [{ state: 'UP', address: 'rollcall.test:80' }] }],
        ['/nacos/v1/ns/operator/push/state', { succeed: 0, total: 0, ratio: 0, reset: false }],
        ['/nacos/v1/ns/operator/distro/client?ip=a&port=1', { responsibleServer: 'rollcall.test:80' }],
      ],
      async (path, shown) => {
        expect(await begin().read(path)).toMatchObject(shown);
      },
    ));

  it('[Y14, I9] returns nothing without a token', async () => {
    const stage = begin();
    for (const path of ['/nacos/serverlist', '/nacos/v1/console/health/liveness', '/nacos/v1/ns/operator/switches']) {
      expect((await stage.app.send('GET', path)).status).toBe(403);
    }
  });

  it('[Y14] returns its list with a token at the start of the path, for clients that send it nowhere else', async () => {
    const stage = new NacosStage([{ scope: 'read', ns: 'public' }]);
    const response = await stage.app.send('GET', `/t/${stage.token}/nacos/serverlist`);
    expect([response.status, await response.text()]).toEqual([200, 'rollcall.test:80']);
  });
});
