import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { statusHash } from '../../codecs/eureka/status';
import { EurekaSource } from './eureka-source';
import { SourceHttp } from './source-http';

const instance = (id: string, more: object = {}) => ({
  instanceId: id,
  app: 'ORDERS',
  hostName: `${id}.test`,
  ipAddr: '10.0.0.1',
  status: 'UP',
  port: { $: 8080, '@enabled': 'true' },
  ...more,
});

/** A list as Eureka answers it; `hash` where it says another than what is in it. */
const list = (
  instances: (object & { status: string })[],
  hash = statusHash(instances.map(({ status }) => status)),
) => ({
  applications: { versions__delta: '1', apps__hashcode: hash, application: [{ name: 'ORDERS', instance: instances }] },
});

/** A Eureka server with scripted responses, in order: a status or a body. */
async function scripted(...answers: (number | object)[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers[asked.length - 1] ?? 500;
    response.statusCode = typeof answer === 'number' ? answer : 200;
    response.end(typeof answer === 'number' ? '' : JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // `as`: it listens on a port
  let now = 0;
  const http = new SourceHttp(`http://127.0.0.1:${port}/eureka/`);
  const source = new EurekaSource({ http, filter: () => true, now: () => now });
  return {
    asked,
    all: () => source.read(),
    read: async () => (await source.read()).map(({ id }) => id),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('a Eureka server', () => {
  it('[K21] is read in full once, then by its deltas', async () => {
    const delta = [instance('c', { actionType: 'ADDED' }), instance('a', { actionType: 'DELETED' })];
    const { asked, read } = await scripted(list([instance('a'), instance('b')]), list(delta, 'UP_2_'));
    expect(await read()).toEqual(['a', 'b']);
    expect(await read()).toEqual(['b', 'c']);
    expect(asked).toEqual(['/eureka/apps/', '/eureka/apps/delta']);
  });

  it('[K21] is read in full again if its hash shows a missed change', async () => {
    const { asked, read } = await scripted(
      list([instance('a')]),
      list([], 'UP_2_'),
      list([instance('a'), instance('b')]),
    );
    await read();
    expect(await read()).toEqual(['a', 'b']);
    expect(asked.slice(1)).toEqual(['/eureka/apps/delta', '/eureka/apps/']);
  });

  it.each([403, 404])('[K21] is read in full if it has no deltas: %d', async (status) => {
    const { read } = await scripted(list([instance('a')]), status, list([instance('b')]));
    await read();
    expect(await read()).toEqual(['b']);
  });

  it('[K21] is read in full after so long that deltas may be missing', async () => {
    const { asked, read, pass } = await scripted(list([instance('a')]), list([instance('b')]));
    await read();
    pass(120_000);
    expect(await read()).toEqual(['b']);
    expect(asked).toEqual(['/eureka/apps/', '/eureka/apps/']);
  });

  it('[K29] that fails is reported as an error, and read from its last known state later', async () => {
    const { read } = await scripted(
      list([instance('a')]),
      503,
      list([instance('b', { actionType: 'ADDED' })], 'UP_2_'),
    );
    await read();
    await expect(read()).rejects.toThrow('503');
    expect(await read()).toEqual(['a', 'b']);
  });

  it('[K26] has its instances converted', async () => {
    const { all } = await scripted(list([instance('h1:orders:8080', { ...SPRING_INSTANCE, actionType: 'ADDED' })]));
    const [found, ...others] = await all();
    expect(others).toEqual([]);
    expect(found).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'orders',
      id: 'h1:orders:8080',
      body: {
        node: 'h1.example',
        address: '10.0.0.1',
        port: 8080,
        ports: {},
        status: 'up',
        metadata: { 'management.port': '8080' },
        extensions: {
          eureka: {
            homePageUrl: 'http://h1.example:8080/',
            statusPageUrl: 'http://h1.example:8080/actuator/info',
            healthCheckUrl: 'http://h1.example:8080/actuator/health',
            vipAddress: 'orders',
            secureVipAddress: 'orders',
            status: 'UP',
            lastDirtyTimestamp: 1699999999000,
          },
        },
      },
    });
  });

  it('[K26] has instances without a usable address, which are skipped', async () => {
    const { read } = await scripted(
      list([
        instance('a', { ipAddr: 'a b', hostName: 'c d' }),
        instance('b', { port: { $: 0, '@enabled': 'true' } }),
        instance('c'),
      ]),
    );
    expect(await read()).toEqual(['c']);
  });

  it('[K26] is not mistaken for an empty one if it sends an unknown response', async () => {
    const { read } = await scripted({});
    await expect(read()).rejects.toThrow('not return a list of applications');
  });
});
