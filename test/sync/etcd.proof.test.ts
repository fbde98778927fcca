import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncReport } from '../../src/cli/sync/sync-views';
import { until } from '../watch-proofs/until';
import { MirrorStage, type Target } from './mirror-stage';
import { RealEtcd } from './real-etcd';

/** Runs `rollcall sync --from etcd` from Debian's etcd to a registry. */

let stage: MirrorStage;
beforeAll(async () => {
  stage = await MirrorStage.start();
});
afterAll(() => stage.stop());

const words = (etcd: RealEtcd, ...more: string[]) => ['sync', '--from', 'etcd', etcd.url, ...more];

/** Waits until a service has exactly these instances. */
const holds = (target: Target, service: string, ids: string[]) =>
  until(`${service} has ${ids.join(', ')}`, async () => (await target.ids(service)).join() === ids.join());

const MICRO = {
  name: 'greeter',
  version: 'latest',
  metadata: null,
  endpoints: [{ name: 'Say.Hello', request: null, response: null, metadata: {} }],
  nodes: [{ id: 'greeter-6b0c', address: '10.0.0.7:41873', metadata: { protocol: 'grpc' } }],
};
const NAMING = { Op: 0, Addr: '10.0.0.5:50051', Metadata: { zone: 'a' } };

/** Registers a service of each framework, all of one process. Returns its lease. */
function registerAll(etcd: RealEtcd): { lease: string; entries: [key: string, value: string][] } {
  const { lease, decimal } = etcd.grant();
  const entries: [string, string][] = [
    [`user.rpc/${decimal}`, '10.0.0.5:8080'],
    ['svc/echo/10.0.0.5:50051', JSON.stringify(NAMING)],
    ['/micro/registry/greeter/greeter-6b0c', JSON.stringify(MICRO)],
    ['config/user/pool', '10'],
  ];
  for (const [key, value] of entries) etcd.put(key, value, lease);
  return { lease, entries };
}

describe('rollcall sync --from etcd', () => {
  it('[K21, K26] follows an etcd by a watch, and finds the same instances as in entries that are written here', async () => {
    const [etcd, target] = [await RealEtcd.start(), await stage.namespace('live')];
    const { lease, entries } = registerAll(etcd);
    // A source that becomes empty may have lost its state, and its instances stay for two minutes.
    etcd.put('svc/lasting/a', JSON.stringify(NAMING), etcd.grant().lease);
    // So long an interval that each change arrives by the watch.
    const mirror = stage.cli.begin(words(etcd, '--interval', '10m', '--verbose'), target.env);
    await mirror.prints(/^mirroring etcd /m);
    expect(mirror.printed).toContain('are left out: 1');
    const ids = [`etcd:${entries[0]?.[0].slice(9)}`, 'etcd:10.0.0.5:50051', 'etcd:greeter-6b0c'];
    const services = ['user.rpc', 'svc/echo', 'greeter'];
    for (const [at, service] of services.entries()) await holds(target, service, [ids[at] ?? '']);

    const native = await stage.namespace('native');
    const granted = await native.registry.grantLease({ body: { ttlMs: 600_000, alias: entries[0]?.[0].slice(9) } });
    for (const [key, value] of entries) {
      const url = `${stage.cli.registry.url}/api/v1/ns/native/kv/${encodeURIComponent(key)}?lease=${granted.id}`;
      const headers = { Authorization: `Bearer ${stage.cli.registry.rootToken}` };
      expect((await fetch(url, { method: 'PUT', headers, body: value })).status).toBe(201);
    }
    const shown = async (from: Target, service: string) =>
      (await from.instances(service)).map(({ address, port, ports, metadata, version, weight, extensions }) => {
        const { mirror: _, ...others } = extensions;
        return { address, port, ports, metadata, version, weight, others };
      });
    for (const service of services) {
      expect(await shown(target, service)).toEqual(await shown(native, service));
      expect(await shown(native, service)).toHaveLength(1);
    }

    etcd.put('svc/echo/10.0.0.5:50051', JSON.stringify({ ...NAMING, Metadata: { zone: 'b' } }), lease);
    await until('a change arrives', async () => (await target.instances('svc/echo'))[0]?.metadata.zone === 'b');
    const brief = etcd.grant(2);
    etcd.put(`user.rpc/${brief.decimal}`, '10.0.0.6:8080', brief.lease);
    await mirror.prints(/^added .*10\.0\.0\.6:8080/m);
    // No client renews this lease.
    await holds(target, 'user.rpc', [ids[0] ?? '']);
    etcd.ctl('lease', 'revoke', lease);
    for (const service of services) await holds(target, service, []);
  });

  it('[K21, K29] continues after a restart of etcd and a compaction', async () => {
    const [etcd, target] = [await RealEtcd.start(), await stage.namespace('restarts')];
    const { lease } = etcd.grant();
    etcd.put('svc/echo/a', JSON.stringify(NAMING), lease);
    const mirror = stage.cli.begin(words(etcd, '--interval', '10m', '--layout', 'grpc-naming=svc/'), target.env);
    await holds(target, 'echo', ['etcd:a']);
    for (let n = 0; n < 20; n++) etcd.put('other', String(n));
    etcd.ctl('compact', '20');
    etcd.put('svc/echo/b', JSON.stringify(NAMING), lease);
    await holds(target, 'echo', ['etcd:a', 'etcd:b']);

    await etcd.kill();
    await mirror.prints(/Waiting for the source/);
    expect(await target.ids('echo')).toEqual(['etcd:a', 'etcd:b']);
    await etcd.start();
    etcd.put('svc/echo/c', JSON.stringify(NAMING), lease);
    etcd.ctl('compact', '24');
    await holds(target, 'echo', ['etcd:a', 'etcd:b', 'etcd:c']);
    await mirror.prints(/the source is back/);

    // Changes that no watch can deliver any more when the mirror is back.
    mirror.kill('SIGSTOP');
    etcd.put('svc/echo/d', JSON.stringify(NAMING), lease);
    etcd.put('other', 'last');
    etcd.ctl('compact', '26');
    await etcd.kill();
    await etcd.start();
    mirror.kill('SIGCONT');
    await holds(target, 'echo', ['etcd:a', 'etcd:b', 'etcd:c', 'etcd:d']);
  });

  it('[K23] gives way to a service that registers here at the same address, and comes back after it', async () => {
    const [etcd, target] = [await RealEtcd.start(), await stage.namespace('moving')];
    const { lease, decimal } = etcd.grant();
    etcd.put(`user.rpc/${decimal}`, '10.0.0.5:8080', lease);
    const mirror = stage.cli.begin(words(etcd), target.env);
    await mirror.prints(/^added .*10\.0\.0\.5:8080/m);
    const body = { address: '10.0.0.5', port: 8080 };
    await target.registry.registerInstance({ service: 'user.rpc', id: 'own', body });
    await holds(target, 'user.rpc', ['own']);
    await target.registry.deregisterInstance({ service: 'user.rpc', id: 'own' });
    await holds(target, 'user.rpc', [`etcd:${decimal}`]);
  });

  it('[K26, K28] logs in, and says what is wrong', async () => {
    const [etcd, target] = [await RealEtcd.start(), await stage.namespace('users')];
    registerAll(etcd);
    const sync = (more: string[], user?: string, password = 'secret') =>
      stage.cli.run(words(etcd, '--dry-run', '--json', ...more), {
        ...target.env,
        ...(user !== undefined && { ROLLCALL_SOURCE_USER: user, ROLLCALL_SOURCE_PASSWORD: password }),
      });
    const added = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as SyncReport).added; // `as`: what it prints
    expect(added(await sync([]))).toBe(3);
    expect(await sync(['--group', 'g'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('etcd has neither'),
    });
    const other = ['sync', '--from', 'consul', etcd.url, '--layout', 'go-zero', '--dry-run'];
    expect(await stage.cli.run(other, target.env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--layout'),
    });
    expect(await sync([], 'root')).toMatchObject({ code: 4, stderr: expect.stringContaining('not enabled') });
    for (const name of ['root', 'reader']) etcd.ctl('user', 'add', `${name}:secret`);
    etcd.ctl('user', 'grant-role', 'root', 'root');
    etcd.ctl('role', 'add', 'services');
    etcd.ctl('role', 'grant-permission', 'services', '--prefix=true', 'read', 'svc/');
    etcd.ctl('user', 'grant-role', 'reader', 'services');
    etcd.ctl('auth', 'enable');
    etcd.user = 'root:secret';
    expect(await sync([])).toMatchObject({ code: 4, stderr: expect.stringContaining('user name is empty') });
    expect(await sync([], 'root', 'wrong')).toMatchObject({ code: 4, stderr: expect.stringContaining('invalid user') });
    expect(added(await sync([], 'root'))).toBe(3);
    expect(await sync([], 'reader')).toMatchObject({ code: 4, stderr: expect.stringContaining('permission denied') });
    expect(added(await sync(['--layout', 'grpc-naming=svc/'], 'reader'))).toBe(1);
    // A restart of etcd ends logins of this kind.
    const mirror = stage.cli.begin(words(etcd, '--layout', 'grpc-naming=svc/', '--interval', '300ms'), {
      ...target.env,
      ROLLCALL_SOURCE_USER: 'reader',
      ROLLCALL_SOURCE_PASSWORD: 'secret',
    });
    await holds(target, 'echo', ['etcd:10.0.0.5:50051']);
    await etcd.kill();
    await etcd.start();
    etcd.put('svc/echo/new', JSON.stringify(NAMING), etcd.grant().lease);
    await holds(target, 'echo', ['etcd:10.0.0.5:50051', 'etcd:new']);
    expect(mirror.printed).not.toContain('secret');
  });
});
