import { expect, it } from 'vitest';
import type { Home } from '../fixtures/home';

/** Tests consoles and later clients at the door of the whole registry, with the real directory and real namespaces. */
export function nacosConsoleSuite({ send, tokenFor, ns }: Home): void {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

  it('[Y11, Y13, Y15, Y16, Y17] a user logs in, creates a namespace, and sees the instance that a client registers in it', async () => {
    const dev = `${ns()}-dev`;
    const password = await tokenFor([{ scope: 'admin', ns: '*' }]);
    const login = await send('POST', '/nacos/v1/auth/users/login?username=nacos', {
      headers: FORM,
      body: `password=${password}`,
    });
    const { accessToken, globalAdmin } = (await login.json()) as { accessToken: string; globalAdmin: boolean };
    expect([accessToken, globalAdmin]).toEqual([password, true]);
    const call = async (method: string, path: string): Promise<[number, unknown]> => {
      const response = await send(method, `/nacos/${path}`, { headers: { accessToken } });
      const text = await response.text();
      return [response.status, /^[[{tf]/.test(text) ? JSON.parse(text) : text];
    };
    expect(await call('POST', `v1/console/namespaces?customNamespaceId=${dev}&namespaceName=Dev`)).toEqual([200, true]);
    const orders = `namespaceId=${dev}&serviceName=orders&ip=10.0.0.7&port=80`;
    expect(await call('POST', `v3/client/ns/instance?${orders}`)).toMatchObject([200, { code: 0, data: 'ok' }]);
    expect(await call('POST', `v3/client/ns/instance?${orders}&heartBeat=true`)).toMatchObject([200, { code: 0 }]);
    expect(await call('GET', `v2/ns/instance/list?${orders}`)).toMatchObject([
      200,
      { data: { name: 'DEFAULT_GROUP@@orders', hosts: [{ ip: '10.0.0.7', healthy: true }] } },
    ]);
    expect(await call('GET', `v1/ns/catalog/services?namespaceId=${dev}&pageNo=1&pageSize=10`)).toMatchObject([
      200,
      { count: 1, serviceList: [{ name: 'orders', ipCount: 1 }] },
    ]);
    expect(await call('GET', `v2/ns/client/list?namespaceId=${dev}`)).toMatchObject([
      200,
      { data: ['10.0.0.7:80#true'] },
    ]);
    expect(await call('GET', `v1/ns/operator/metrics?namespaceId=${dev}&onlyStatus=false`)).toMatchObject([
      200,
      { status: 'UP', instanceCount: 1 },
    ]);
    expect(await call('DELETE', `v1/console/namespaces?namespaceId=${dev}`)).toEqual([200, false]);
    expect(await call('DELETE', `v2/ns/instance?${orders}`)).toMatchObject([200, { data: 'ok' }]);
    expect(await call('DELETE', `v1/console/namespaces?namespaceId=${dev}`)).toEqual([200, true]);
    const [status, { data }] = (await call('GET', 'v3/admin/core/namespace/list')) as [
      number,
      { data: { namespace: string }[] },
    ];
    expect([status, data.filter(({ namespace }) => [ns(), dev].includes(namespace))]).toMatchObject([
      200,
      [{ namespace: ns() }],
    ]);
  });

  it('[Y8, Y11] requests without a token are refused in the format of Nacos', async () => {
    const wrong = await send('POST', '/nacos/v3/auth/user/login', { headers: FORM, body: 'username=a&password=b' });
    expect([wrong.status, await wrong.json()]).toMatchObject([403, { code: 10_001, data: 'user not found!' }]);
    const none = await send('GET', '/nacos/v1/ns/catalog/services');
    expect([none.status, await none.json()]).toMatchObject([403, { error: 'Forbidden', message: 'token invalid!' }]);
  });
}
