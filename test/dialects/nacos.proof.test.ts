import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChaosProxy } from '../client/chaos-proxy';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call, idsOf, instancePath } from '../watch-proofs/registry-calls';
import { until } from '../watch-proofs/until';
import { type NacosHost, nacosClient } from './nacos-client';

/** Nacos' own client for Node, as npm installs it, against the real registry. */

/** Number of measurements of a subscriber's delay. */
const ROUNDS = 3;

/**
 * A heartbeat each second keeps the test short, but it still takes more than the 10 s that this client waits before the
 * first.
 */
const TIMES = {
  'preserved.heart.beat.interval': '1000',
  'preserved.heart.beat.timeout': '40000',
  'preserved.ip.delete.timeout': '60000',
};

describe("Nacos' client for Node", () => {
  it('[Y3, Y4, Y5, Y6] registers, receives changes by others, and continues after a lost server and a killed registry', async () => {
    const registry = await startRegistry({ data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    const proxies = [await ChaosProxy.start(registry.url), await ChaosProxy.start(registry.url)] as const;
    for (const proxy of proxies) onTestFinished(() => proxy.stop());
    const token = await tokenOf(registry);
    const serverList = proxies.map(({ url }) => new URL(url).host);
    const client = await nacosClient({ serverList, token });
    const own = { ip: '10.0.0.7', port: 8080, weight: 2, metadata: { v: '1', ...TIMES } };

    expect(await client.getServerStatus()).toBe('UP');
    await client.registerInstance('orders', own);
    const shown = {
      instanceId: '10.0.0.7#8080#DEFAULT#DEFAULT_GROUP@@orders',
      ...own,
      healthy: true,
      enabled: true,
      clusterName: 'DEFAULT',
      serviceName: 'DEFAULT_GROUP@@orders',
    };
    expect(await client.getAllInstances('orders', undefined, '', false)).toMatchObject([shown]);
    expect(await client.selectInstances('orders')).toMatchObject([shown]);
    expect(await idsOf(registry, 'orders')).toEqual(['10.0.0.7:8080']);

    // Last list that the subscriber received.
    let heard: NacosHost[] = [];
    client.subscribe('orders', (hosts) => {
      heard = hosts;
    });
    const hears = (what: string, ...ports: number[]) =>
      until(what, () => String(heard.map(({ port }) => port).sort()) === String(ports.sort()));
    await hears('the subscriber receives its own instance', 8080);
    const late: number[] = [];
    const ports = [8080];
    for (let round = 1; round <= ROUNDS; round++) {
      // Each change has a different distance from the previous poll: the first waits longest for the next poll.
      await sleep((round - 1) * 900);
      const from = performance.now();
      ports.push(round);
      await call(registry, 'PUT', instancePath('orders', `other-${round}`), {
        address: '10.0.0.8',
        port: round,
        ephemeral: false,
      });
      await hears(`the subscriber receives change ${round}`, ...ports);
      late.push(Math.round(performance.now() - from));
    }
    console.log(`a subscribed Nacos client received changes after ${late.join(', ')} ms`);

    // One of two servers is gone: reads and writes use the other.
    proxies[0].refuse();
    proxies[0].cut();
    await client.registerInstance('other', { ip: '10.0.0.9', port: 9 });
    for (let read = 0; read < 4; read++) {
      expect(await client.selectInstances('other', undefined, '', true, false)).toMatchObject([{ port: 9 }]);
    }

    // The instance is removed, and its next heartbeat restores it unchanged.
    await call(registry, 'DELETE', instancePath('orders', '10.0.0.7:8080'));
    await until('a heartbeat registers the instance again', async () =>
      (await idsOf(registry, 'orders')).includes('10.0.0.7:8080'),
    );
    expect(await client.selectInstances('orders', undefined, '', true, false)).toMatchObject([
      { port: 8080, weight: 2, metadata: own.metadata },
      ...ports.slice(1).map((port) => ({ port })),
    ]);

    // The registry dies and restarts: heartbeats and polls continue.
    const { pid } = registry;
    process.kill(pid, 'SIGKILL');
    await until('the registry is back', () => registry.pid !== pid);
    const renewals = async () => {
      const stats = await call<{ sinceStart: { renewals: number } }>(registry, 'GET', '/stats').catch(() => undefined);
      return stats?.sinceStart.renewals ?? 0;
    };
    await until('heartbeats are accepted again', async () => (await renewals()) >= 2);
    await call(registry, 'DELETE', instancePath('orders', 'other-1'));
    await hears('the subscriber receives a change after the restart', ...ports.filter((port) => port !== 1));

    await client.deregisterInstance('orders', own);
    await hears(
      'the subscriber sees that its own instance was removed',
      ...ports.filter((port) => port > 1 && port < 8080),
    );
    await sleep(2_000);
    expect(await idsOf(registry, 'orders')).not.toContain('10.0.0.7:8080');
  });
});

/** Creates a token for a service that registers and calls others. */
async function tokenOf({ url, rootToken }: { url: string; rootToken: string }): Promise<string> {
  const grants = (['register', 'read'] as const).map((scope) => ({ scope, ns: 'public' }));
  const answer = await fetch(`${url}/api/v1/tokens`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'nacos', grants }),
  });
  // `as`: anything else fails on first use.
  return ((await answer.json()) as { token: string }).token;
}
