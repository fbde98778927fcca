import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from '../../codecs/etcd/messages/rpc_pb';
import { Election } from '../../codecs/etcd/messages/v3election_pb';
import { Lock } from '../../codecs/etcd/messages/v3lock_pb';

const STATUSES = ['supported', 'partly', 'without effect', 'not'];

/** Rows of the table of support. */
const ROWS = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, method = '', paths = '', status = ''] = line.split('|').map((cell) => cell.trim());
    if (!STATUSES.includes(status)) return [];
    return [{ method: method.replaceAll('`', ''), paths: paths.replaceAll('`', '').split(', '), status }];
  });

describe('the table of supported methods', () => {
  it('has each method of etcd once', () => {
    const services = [KV, Watch, Lease, Lock, Election, Cluster, Maintenance, Auth];
    const methods = services.flatMap(({ name, methods }) => methods.map((method) => `${name}.${method.name}`));
    expect(ROWS.map(({ method }) => method).sort()).toEqual(methods.sort());
  });

  it('has the paths of the routes', () => {
    const { dialectRoutes } = new EtcdStage().app.app;
    const routes = dialectRoutes.filter(({ path }) => path.startsWith('/v3/'));
    const found = routes.map(({ operation, path }) => `${operation} ${path.slice('/v3/'.length)}`);
    expect(ROWS.flatMap(({ method, paths }) => paths.map((path) => `${method} ${path}`)).sort()).toEqual(found.sort());
  });

  it('is right about what is supported', async () => {
    const stage = new EtcdStage();
    const wrong: string[] = [];
    for (const { method, paths, status } of ROWS) {
      if (method === 'Watch.Watch' || method === 'Election.Observe') continue; // They answer nothing to an empty request.
      const { text } = await stage.answer(paths[0] ?? '', method.startsWith('Lock.') ? { name: 'YQ==' } : {});
      const { code = 0, message = '' } = JSON.parse(text) as { code?: number; message?: string }; // `as`: of a refusal
      const isRefused = code === 12 || /not capable|bad leader transferee/.test(message);
      if (isRefused !== (status === 'not')) wrong.push(`${method}, ${status}: ${text}`);
    }
    expect(wrong).toEqual([]);
  });
});
