import { expect, it } from 'vitest';
import type { Home } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

/** Tests Eureka's door on the whole registry, and the platform's own compression. */
export function eurekaSuite({ send, sleep }: Home): void {
  const headers = { authorization: `Basic ${btoa(`spring:${ROOT_TOKEN}`)}` };
  const json = { ...headers, accept: 'application/json' };

  const instance = (id: string) => ({
    instanceId: id,
    hostName: 'h1.example',
    app: 'ORDERS',
    ipAddr: '10.0.0.1',
    port: { $: 8080, '@enabled': 'true' },
    vipAddress: 'orders',
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    metadata: { filler: 'x'.repeat(500) },
  });

  const register = (id: string) =>
    send('POST', '/n/:ns/eureka/apps/ORDERS', {
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ instance: instance(id) }),
    });

  interface List {
    applications: {
      versions__delta: string;
      apps__hashcode: string;
      application: { instance: { instanceId: string; actionType: string }[] }[];
    };
  }

  async function list(path: string): Promise<string[]> {
    const { applications } = (await (await send('GET', path, { headers: json })).json()) as List; // `as`: checked below
    const instances = applications.application.flatMap(({ instance: all }) => all);
    return [
      applications.apps__hashcode,
      ...instances.map(({ instanceId, actionType }) => `${actionType} ${instanceId}`),
    ];
  }

  it('[F1, F2, F4] registers, sends heartbeats, is read and deregisters, even if the object hibernates in between', async () => {
    expect((await register('a')).status).toBe(204);
    expect((await register('b')).status).toBe(204);
    expect(await list('/n/:ns/eureka/apps/')).toEqual(['UP_2_', 'ADDED a', 'ADDED b']);
    await sleep();
    const beat = await send('PUT', '/n/:ns/eureka/apps/ORDERS/a?status=UP&lastDirtyTimestamp=5', { headers });
    expect([beat.status, await beat.text()]).toEqual([200, '']);
    expect((await send('DELETE', '/n/:ns/eureka/apps/ORDERS/b', { headers })).status).toBe(200);
    expect(await list('/n/:ns/eureka/apps/')).toEqual(['UP_1_', 'ADDED a']);
    expect(await list('/n/:ns/eureka/apps/delta')).toEqual(['UP_1_', 'ADDED a', 'DELETED b']);
    const gone = await send('PUT', '/n/:ns/eureka/apps/ORDERS/b', { headers });
    expect([gone.status, await gone.text()]).toEqual([404, '']);
  });

  it('[F3] compresses once if asked to, and otherwise not at all', async () => {
    await register('a');
    const plain = await (await send('GET', '/n/:ns/eureka/apps', { headers })).text();
    for (const path of ['/n/:ns/eureka/apps', '/n/:ns/eureka/apps/ORDERS']) {
      const response = await send('GET', path, { headers: { ...headers, 'accept-encoding': 'gzip' } });
      expect(response.headers.get('content-encoding')).toBe('gzip');
      const text = await response.text();
      // Compressed exactly once: this test's fetch may or may not have decompressed it.
      expect(text.startsWith('<')).toBe(true);
      if (path === '/n/:ns/eureka/apps') expect(text).toBe(plain);
    }
  });
}
