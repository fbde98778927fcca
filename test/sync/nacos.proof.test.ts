import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncReport } from '../../src/cli/sync/sync-views';
import { until } from '../watch-proofs/until';
import { MirrorStage } from './mirror-stage';

/** Runs `rollcall sync --from nacos` from one registry with the Nacos API to another. */

let stage: MirrorStage;
beforeAll(async () => {
  stage = await MirrorStage.start();
});
afterAll(() => stage.stop());

const nacos = () => `${stage.source.url}/nacos`;
/** Returns a port without a listener. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // `as`: it listens on a port
  server.close();
  return port;
}

/** Metadata of an instance that stays at the source without heartbeats. */
const LASTING = { 'preserved.heart.beat.timeout': '600000', 'preserved.ip.delete.timeout': '600000' };

interface NacosInstance {
  serviceName: string;
  ip: string;
  groupName?: string;
  weight?: string;
  metadata?: Record<string, string>;
}
const query = (ns: string, { metadata, ...rest }: NacosInstance) =>
  new URLSearchParams({
    namespaceId: ns,
    port: '8080',
    ...rest,
    metadata: JSON.stringify({ ...LASTING, ...metadata }),
  });

const register = (ns: string, instance: NacosInstance) =>
  stage.ask('POST', `/nacos/v1/ns/instance?${query(ns, instance)}`);
const remove = (ns: string, instance: NacosInstance) =>
  stage.ask('DELETE', `/nacos/v1/ns/instance?${query(ns, instance)}`);

const words = (ns: string, ...more: string[]) => [
  'sync',
  '--from',
  'nacos',
  nacos(),
  '--source-namespace',
  ns,
  ...more,
];
const withLogin = {
  ROLLCALL_SOURCE_USER: 'nacos',
  get ROLLCALL_SOURCE_PASSWORD() {
    return stage.source.rootToken;
  },
};

async function report(words: string[], env: NodeJS.ProcessEnv): Promise<SyncReport> {
  const { code, stdout, stderr } = await stage.cli.run([...words, '--json'], env);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

describe('rollcall sync --from nacos', () => {
  it('[K21, K27, K28] reports a plan, carries it out once, and then finds no difference', async () => {
    const target = await stage.namespace('once');
    const env = { ...target.env, ...withLogin };
    await register('once', { serviceName: 'orders', ip: '10.0.0.1', weight: '2.5', metadata: { zone: 'a' } });
    await register('once', { serviceName: 'orders', ip: '10.0.0.2' });
    await register('once', { serviceName: 'billing', groupName: 'team', ip: '10.0.0.3' });
    const dry = await report(words('once', '--dry-run'), env);
    expect(dry).toMatchObject({ added: 3, changed: 0, removed: 0, same: 0, skipped: 0 });
    expect(dry.differences).toContainEqual({
      change: 'added',
      group: 'team',
      service: 'billing',
      id: 'nacos:10.0.0.3:8080',
      address: '10.0.0.3:8080',
    });
    expect(await target.ids('orders')).toEqual([]);

    const once = await report(words('once', '--once'), env);
    expect({ ...once, differences: new Set(once.differences) }).toEqual({
      ...dry,
      differences: new Set(dry.differences),
    });
    const [first] = await target.instances('orders');
    expect(first).toMatchObject({
      address: '10.0.0.1',
      port: 8080,
      weight: 2.5,
      cluster: 'DEFAULT',
      metadata: { ...LASTING, zone: 'a' },
      lease: { ttlMs: 90_000 },
      available: true,
    });
    expect(await report(words('once', '--dry-run'), env)).toMatchObject({ added: 0, changed: 0, removed: 0, same: 3 });
    expect(
      await report(words('once', '--dry-run', '--service', 'ord*', '--group', 'DEFAULT_GROUP'), env),
    ).toMatchObject({ added: 0, removed: 0, same: 2 });
  });

  it('[K22, K23, K29] follows the source, yields to instances that move over, and continues after a restart of either side', async () => {
    const target = await stage.namespace('live');
    const mirror = stage.cli.begin(words('live', '--interval', '300ms', '--json'), { ...target.env, ...withLogin });
    await target.registry.registerInstance({ service: 'orders', id: 'own', body: { address: '10.1.1.1', port: 1 } });
    await register('live', { serviceName: 'orders', ip: '10.0.0.1' });
    await register('live', { serviceName: 'orders', ip: '10.0.0.2' });
    const holds = (what: string, ids: string[]) =>
      until(what, async () => JSON.stringify(await target.ids('orders')) === JSON.stringify(ids));
    await holds('both are mirrored', ['nacos:10.0.0.1:8080', 'nacos:10.0.0.2:8080', 'own']);

    await remove('live', { serviceName: 'orders', ip: '10.0.0.1' });
    await holds('the removed one is removed here too', ['nacos:10.0.0.2:8080', 'own']);

    const mover = { address: '10.0.0.2', port: 8080 };
    await target.registry.registerInstance({ service: 'orders', id: '10.0.0.2:8080', body: mover });
    await holds('the instance that moved is registered once', ['10.0.0.2:8080', 'own']);
    await mirror.prints(/"skipped".*is registered here directly/);
    await target.registry.deregisterInstance({ service: 'orders', id: '10.0.0.2:8080' });
    await holds('the instance that moved back is mirrored again', ['nacos:10.0.0.2:8080', 'own']);

    await stage.cli.registry.kill('SIGKILL');
    await register('live', { serviceName: 'orders', ip: '10.0.0.4' });
    await holds('the mirror continues after a restart of the registry', [
      'nacos:10.0.0.2:8080',
      'nacos:10.0.0.4:8080',
      'own',
    ]);
    await stage.source.kill('SIGKILL');
    await register('live', { serviceName: 'orders', ip: '10.0.0.5', weight: '3' });
    await holds('the mirror continues after a restart of the source', [
      'nacos:10.0.0.2:8080',
      'nacos:10.0.0.4:8080',
      'nacos:10.0.0.5:8080',
      'own',
    ]);
    mirror.kill('SIGTERM');
    expect(await mirror.end()).toMatchObject({ code: 0 });
    expect(await target.ids('orders')).toHaveLength(4);
  });

  it('[K26] reports what is wrong with the source, and quotes the wrong value', async () => {
    const target = await stage.namespace('wrong');
    const wrong = await stage.cli.run(words('wrong', '--dry-run'), {
      ...target.env,
      ROLLCALL_SOURCE_USER: 'nacos',
      ROLLCALL_SOURCE_PASSWORD: 'wrong',
    });
    expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('refused')]);
    expect(wrong.stderr).not.toContain('wrong"');
    const elsewhere = ['sync', '--from', 'nacos', stage.source.url, '--dry-run'];
    const lost = await stage.cli.run(elsewhere, { ...target.env, ROLLCALL_SOURCE_TOKEN: stage.source.rootToken });
    expect([lost.code, lost.stderr]).toEqual([
      1,
      expect.stringContaining('Check that the url is the one that its clients use'),
    ]);
    const unreachable = await stage.cli.run(
      ['sync', '--from', 'nacos', `http://127.0.0.1:${await closedPort()}/nacos`, '--dry-run'],
      target.env,
    );
    expect([unreachable.code, unreachable.stderr]).toEqual([6, expect.stringContaining('connection refused')]);
    const other = await stage.cli.run(['sync', '--from', 'zookeeper', nacos()], target.env);
    expect(other.code).toBe(2);
  });
});
