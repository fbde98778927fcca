import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { rollcall } from '../../src/client/index';
import { type Resolver, type ResolverOptions, resolver } from '../../src/client/resolver';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { SeededRandom } from '../simulation/seeded-random';

/** Resolvers against a running registry, and services that answer: the client's promises without mocks. */

let registry: RunningRegistry;

beforeAll(async () => {
  const data = mkdtempSync(join(tmpdir(), 'rollcall test-'));
  registry = await startRegistry({ data });
  return async () => {
    await registry.stop();
    rmSync(data, { recursive: true, force: true });
  };
});

/** Makes a call of the native API about a service. */
async function api(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${registry.url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/${path}`, {
    method,
    headers: { authorization: `Bearer ${registry.rootToken}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const register = (service: string, id: string, more: object = {}) =>
  api('PUT', `${service}/instances/${id}`, { address: '127.0.0.1', port: 1, lease: { ttlMs: 600_000 }, ...more });

function open(service: string, options: ResolverOptions = {}, url = registry.url): Resolver {
  const client = rollcall({ url, token: registry.rootToken });
  onTestFinished(() => client.close());
  return resolver(client, service, options);
}

const idsOf = ({ endpoints }: Resolver) => endpoints.map(({ id }) => id);

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`timed out after a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a resolver of a running registry', () => {
  it("[B1] has what the registry's own resolve returns, through registrations, overrides, drains and thresholds", async () => {
    const random = new SeededRandom(11);
    const service = 'compared';
    await register(service, 'a');
    const all = open(service);
    const blue = open(service, { filter: { cluster: 'blue' } });
    await all.ready;
    for (let step = 0; step < 80; step++) {
      const id = random.pick(['a', 'b', 'c', 'd', 'e']);
      const known = ((await api('GET', `${service}/instances`)) as { instances: { id: string }[] }).instances;
      const isKnown = known.some((instance) => instance.id === id);
      const action = random.pick(['register', 'register', 'remove', 'override', 'clear', 'drain', 'threshold']);
      if (action === 'register') {
        await register(service, id, {
          cluster: random.pick(['blue', 'green']),
          status: random.pick(['up', 'up', 'down']),
          weight: random.pick([0, 1, 5]),
          incarnation: String(step),
          lease: { ttlMs: random.pick([1_000, 600_000]), removeAfterMs: 600_000 },
        });
      } else if (action === 'remove') await api('DELETE', `${service}/instances/${id}`);
      else if (action === 'threshold') await api('PUT', service, { protectThreshold: random.pick([0, 0.4, 1]) });
      else if (isKnown && action === 'override') {
        const override = random.pick<object>([
          { enabled: false },
          { quarantine: {} },
          { weight: 9 },
          { status: 'down' },
        ]);
        await api('PUT', `${service}/instances/${id}/override`, override);
      } else if (isKnown && action === 'clear') await api('DELETE', `${service}/instances/${id}/override`);
      else if (isKnown && action === 'drain') await api('POST', `${service}/instances/${id}/drain?wait=0s&grace=1h`);
      // The set of instances changes with time as well: compare until both agree.
      let expected = '';
      let actual = '';
      const end = Date.now() + 30_000;
      do {
        const [whole, part] = (await Promise.all([
          api('GET', `${service}/resolve`),
          api('GET', `${service}/resolve?cluster=blue`),
        ])) as { protected: boolean; instances: { id: string }[] }[];
        const line = (ids: string[] = [], isProtected = false) =>
          `${ids.join(' ')}${isProtected ? ' (protected)' : ''}`;
        const ids = (answer = whole) => answer?.instances.map((instance) => instance.id);
        expected = `${line(ids(), whole?.protected)} | ${line(ids(part), part?.protected)}`;
        actual = `${line(idsOf(all), all.isProtected)} | ${line(idsOf(blue), blue.isProtected)}`;
      } while (expected !== actual && Date.now() < end);
      expect(`${step} ${action} ${id}: ${actual}`).toBe(`${step} ${action} ${id}: ${expected}`);
    }
  });

  it('[B4] lets a drain wait for its calls: none is sent to an instance once it is drained', async () => {
    const service = 'drained';
    const log: string[] = [];
    for (const id of ['a', 'b']) {
      const server = createServer((_, response) => {
        log.push(`${id} asked`);
        setTimeout(() => {
          log.push(`${id} answered`);
          response.end(id);
        }, 300);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo; // `as`: it listens on a port
      await register(service, id, { port });
    }
    const callers = [open(service), open(service)];
    await Promise.all(callers.map(({ ready }) => ready));
    const calls = Array.from({ length: 10 }, (_, index) => callers[index % 2]?.fetch('/'));
    await until('a receives a call', () => log.includes('a asked'));
    const report = await api('POST', `${service}/instances/a/drain?wait=10s`);
    log.push('drained');
    expect(report).toMatchObject({ drained: true, subscribers: 2, acknowledged: 2, laggards: [] });
    await Promise.all(Array.from({ length: 20 }, (_, index) => callers[index % 2]?.fetch('/')));
    await Promise.all(calls);
    expect(log.lastIndexOf('a asked')).toBeLessThan(log.indexOf('drained'));
    expect(log.lastIndexOf('a answered')).toBeLessThan(log.indexOf('drained'));
    expect(log.filter((line) => line === 'b answered').length).toBeGreaterThanOrEqual(20);
  });

  it('[B5] keeps its list while the registry is killed, and catches up', async () => {
    const service = 'outlived';
    await register(service, 'a');
    const one = open(service);
    await one.ready;
    // It is ready after the first list, and connected once the stream has started.
    await until('it is connected', () => one.isConnected);
    expect(one.age).toBe(0);
    const back = registry.kill('SIGKILL');
    await until('the loss is noticed', () => !one.isConnected);
    expect(idsOf(one)).toEqual(['a']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(one.age).toBeGreaterThan(0);
    await back;
    await register(service, 'b');
    await until('the change has arrived', () => idsOf(one).join() === 'a,b');
    await until('it is connected again', () => one.isConnected);
    expect(one.age).toBe(0);
  });

  it('[B5] starts with the list of the previous run if the registry is unreachable', async () => {
    const service = 'remembered';
    let text: string | undefined;
    const snapshot = {
      load: () => text,
      save: (saved: string) => {
        text = saved;
      },
    };
    await register(service, 'a');
    const before = open(service, { snapshot });
    await before.ready;
    before.close();
    const after = open(service, { snapshot }, 'http://127.0.0.1:1');
    await after.ready;
    expect(idsOf(after)).toEqual(['a']);
    expect(after.isConnected).toBe(false);
    expect(after.age).toBeLessThan(60_000);
  });

  it('[B5] reports the error of the registry', async () => {
    const client = rollcall({ url: registry.url, token: 'x'.repeat(40) });
    onTestFinished(() => client.close());
    await expect(resolver(client, 'orders').fetch('/')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
