import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollcall } from '../../../src/client';
import { idsOf } from '../../watch-proofs/registry-calls';
import { until } from '../../watch-proofs/until';
import { type RustClient, rustClient } from './rust-client';
import { NACOS_TARGETS, type RunningTarget } from './targets';

/** Nacos' own client for Rust, through its binding for Node, unchanged. */

const A = { ip: '10.0.0.1', port: 8_080 };
const B = { ip: '10.0.0.2', port: 8_080 };
const [ID_A, ID_B] = ['10.0.0.1:8080', '10.0.0.2:8080'];

const same = (one: readonly string[] | undefined, other: readonly string[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

describe.each(NACOS_TARGETS)("Nacos' Rust client on $name", (target) => {
  let running: RunningTarget;
  beforeAll(async () => {
    running = await target.start();
  });
  afterAll(() => running.stop());

  const client = (options: { namespace?: string; user?: string } = {}): Promise<RustClient> =>
    rustClient({ server: running.server, token: running.token, ...options });
  const ids = (service: string) => idsOf({ url: running.url, rootToken: running.token }, service);
  const showing = async (subscriber: RustClient, service: string, hosts: readonly string[]): Promise<void> => {
    await until(`${service} is shown with ${hosts}`, () => same(subscriber.pushed(service), hosts)).catch(
      async (error) => {
        const lists = JSON.stringify(subscriber.pushes.get(service));
        throw new Error(`pushed were ${lists}, and there are ${await ids(service)}`, { cause: error });
      },
    );
  };

  it('[NG3, NG5] registers, queries, subscribes and removes', async () => {
    const [one, two] = await Promise.all([client(), client()]);
    await two.subscribe('basic');
    await one.register('basic', { ...A, weight: 2.5, clusterName: 'east', metadata: { zone: 'a', text: 'ü,=' } });
    await showing(two, 'basic', [ID_A]);
    expect(await two.hosts('basic')).toEqual([
      {
        ...A,
        instanceId: '10.0.0.1#8080#east#DEFAULT_GROUP@@basic',
        clusterName: 'east',
        serviceName: 'DEFAULT_GROUP@@basic',
        weight: 2.5,
        healthy: true,
        enabled: true,
        ephemeral: true,
        metadata: { zone: 'a', text: 'ü,=' },
      },
    ]);
    // Another client's instance is beside it, and a second one of the same client takes its place.
    await two.register('basic', B);
    await showing(two, 'basic', [ID_A, ID_B]);
    await one.registerAll('basic', [A, { ...A, port: 8_081 }]);
    await showing(two, 'basic', [ID_A, '10.0.0.1:8081', ID_B]);
    await one.deregister('basic', A);
    await two.deregister('basic', B);
    await until('all are gone', async () =>
      same(
        (await two.hosts('basic')).map(({ ip }) => ip),
        [],
      ),
    );
    await showing(two, 'basic', []);
  });

  it('[NG4] that is killed takes its instance with it', async () => {
    const [one, two] = await Promise.all([client(), client()]);
    await one.register('killed', A);
    await two.register('killed', B);
    await two.subscribe('killed');
    await one.end();
    await until('the other one remains', async () => same(await ids('killed'), [ID_B]));
    await showing(two, 'killed', [ID_B]);
  });

  it('[NG4] that is frozen loses its instance, and registers it again when it goes on', async () => {
    const frozen = await client();
    await frozen.register('frozen', A);
    frozen.process.kill('SIGSTOP');
    await until('it is gone', async () => same(await ids('frozen'), []));
    frozen.process.kill('SIGCONT');
    await until('it is back', async () => same(await ids('frozen'), [ID_A]));
  });

  it('[NG6] with a wrong password is refused, and one that logs in to a namespace has its own instances', async () => {
    const wrong = await rustClient({ server: running.server, token: 'wrong-'.repeat(8) });
    await expect(wrong.register('refused', A)).rejects.toThrow(/403|no access token|token/);
    expect(await ids('refused')).toEqual([]);
    const response = await fetch(`${running.url}/api/v1/ns`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.token}`, 'content-type': 'application/json' },
      body: '{"id":"team"}',
    });
    expect(response.status).toBe(201);
    const [inTeam, byName] = await Promise.all([client({ user: 'team/x' }), client({ namespace: 'team' })]);
    await inTeam.register('ours', A);
    expect((await byName.hosts('ours')).map(({ ip }) => ip)).toEqual([A.ip]);
    expect(await ids('ours')).toEqual([]);
  });

  it('[NG4, NG10] has its instance through every restart, without an event', async () => {
    const [one, two] = await Promise.all([client(), client()]);
    await one.register('steady', A);
    await two.register('steady', B);
    await two.subscribe('steady');
    const watcher = rollcall({ url: running.url, token: running.token, onWarning: false });
    const removed: string[] = [];
    const lists: number[] = [];
    const watch = watcher.watch(
      { services: ['steady'] },
      {
        observer: true,
        onFrame: (frame) => {
          if (frame.type === 'snapshot') lists.push(frame.services[0]?.instances.length ?? 0);
          if (frame.type !== 'changes') return;
          for (const change of frame.changes)
            if (change.type === 'delete') removed.push(`${frame.cause} ${change.kind}`);
        },
      },
    );
    for (const [name, restart] of Object.entries(running.restarts)) {
      await restart();
      // Until the clients are back: one of them changes its instance.
      const metadata = { after: name.replaceAll(' ', '-') };
      await until(`a change of a client is seen after the server ${name}`, async () => {
        await one.register('steady', { ...A, metadata }).catch(() => sleep(200));
        const shown = await two.hosts('steady').catch(() => []);
        return shown.some((host) => host.ip === A.ip && host.metadata.after === metadata.after) && shown.length === 2;
      });
    }
    expect([removed, lists.every((count) => count === 2)]).toEqual([[], true]);
    watch.close();
    await watcher.close();
    // Longer than a session lasts: nothing that the first connections held is left to end.
    await sleep(50_000);
    expect(await ids('steady')).toEqual([ID_A, ID_B]);
    await one.deregister('steady', A);
    await until('the pushes go on', () => same(two.pushed('steady'), [ID_B]));
  });
});
