import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakeEtcd } from '../../../test/sync/fake-etcd';
import { EtcdSource } from './etcd-source';
import { serviceFilter } from './source';
import { SourceHttp } from './source-http';

interface StageOptions {
  layouts?: string[];
  services?: string[];
  user?: string;
  password?: string;
  path?: string;
}

/** An etcd with a service of go-zero and a setting, and a source that reads it. */
async function stage({ layouts = [], services = [], path = '', ...credentials }: StageOptions = {}) {
  const etcd = await FakeEtcd.start();
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    etcd.stop();
  });
  etcd.put('user.rpc/77', '10.0.0.5:8080', '77');
  etcd.put('config/pool', '10');
  let changes = 0;
  const http = new SourceHttp(`${etcd.url}${path}`, credentials);
  const source = new EtcdSource({ http, filter: serviceFilter(services), layouts });
  return {
    etcd,
    source,
    read: async () => (await source.read()).map(({ service, id }) => `${service} ${id}`),
    /** Follows etcd, and waits until each of its ranges is watched. */
    follow: async (ranges = 1) => {
      source.follow(() => {
        changes += 1;
      }, stop.signal);
      await until(() => etcd.watching === ranges && changes > 0);
    },
    /** Waits for a report of changes. */
    changed: async (act: () => void) => {
      const before = changes;
      act();
      await until(() => changes > before);
    },
    ranges: () =>
      etcd.asked.filter(({ path, body }) => path.endsWith('/range') && body.count_only === undefined).length,
  };
}

const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 20_000, interval: 1 });

describe('an etcd', () => {
  it('[K21, K26] is read as the layouts read entries with a lease, and the rest is counted', async () => {
    const { etcd, source, read } = await stage();
    etcd.put('svc/echo/a', '{"Op":0,"Addr":"10.0.0.6:50051","Metadata":{"zone":"a"}}', '5');
    etcd.put('svc/echo/b', '{"Op":0,"Addr":"10.0.0.7:50051","Metadata":null}');
    etcd.put('user.rpc/78', '10.0.0.8:99999', '78');
    expect(await source.read()).toEqual([
      {
        group: 'DEFAULT_GROUP',
        service: 'svc/echo',
        id: 'a',
        body: { address: '10.0.0.6', port: 50051, metadata: { zone: 'a' } },
      },
      { group: 'DEFAULT_GROUP', service: 'user.rpc', id: '77', body: { address: '10.0.0.5', port: 8080 } },
    ]);
    expect(source.remark).toContain(': 3');
    etcd.delete('svc/echo/a');
    expect(await read()).toEqual(['user.rpc 77']);
  });

  it('[K21, K27] is read below the prefixes of its layouts only, each key once', async () => {
    const layouts = ['kratos=/microservices', 'go-kit=/services/add/', 'go-zero=/services/'];
    const { etcd, source, read } = await stage({ layouts, services: ['add', 'hello', 'ices*'] });
    const hello = { id: 'h1', name: 'hello', version: '', metadata: {}, endpoints: ['grpc://10.0.0.9:9000'] };
    etcd.put('/microservices/hello/h1', JSON.stringify(hello), '5');
    etcd.put('/services/add/one', '10.0.0.1:8080', '6');
    etcd.put('/services/other/8', '10.0.0.1:8081', '8');
    // Below the prefix of another layout.
    etcd.put('/microservices/plain/9', '10.0.0.1:8082', '9');
    expect(await read()).toEqual(['hello h1', 'add one']);
    expect(etcd.asked.map(({ body }) => Buffer.from(String(body.key), 'base64').toString())).toEqual([
      '/microservices',
      '/services/',
    ]);
    expect(source.name).toMatch(/^etcd 127\.0\.0\.1:\d+ kratos=\/microservices go-kit=/);
  });

  it('[K21] is read page by page at one revision, and again if that is compacted in between', async () => {
    const { etcd, read } = await stage();
    for (let n = 1; n <= 1_200; n++) etcd.put(`many/${1_000_000 + n}`, '10.0.0.1:80', String(1_000_000 + n));
    let ranges = 0;
    etcd.onRange = () => {
      ranges += 1;
      if (ranges !== 2) return;
      etcd.put('late/9', '10.0.0.1:81', '9');
      etcd.delete('many/1001200');
    };
    expect(await read()).toHaveLength(1_201);
    ranges = 0;
    etcd.onRange = () => {
      ranges += 1;
      if (ranges !== 2) return;
      etcd.put('later/10', '10.0.0.1:82', '10');
      etcd.compact();
    };
    expect(await read()).toHaveLength(1_202);
  });

  it('[K21] reports changes while it is watched, and is not read again for them', async () => {
    const { etcd, read, follow, changed, ranges } = await stage();
    await read();
    await follow();
    const before = ranges();
    await changed(() => etcd.put('user.rpc/78', '10.0.0.6:8080', '78'));
    expect(await read()).toEqual(['user.rpc 77', 'user.rpc 78']);
    await changed(() => etcd.put('user.rpc/77', 'plain data', '77'));
    expect(await read()).toEqual(['user.rpc 78']);
    etcd.put('config/pool', '11');
    await changed(() => etcd.delete('user.rpc/77', 'user.rpc/78'));
    expect(await read()).toEqual([]);
    expect(ranges()).toBe(before);
  });

  it('[K21, K29] is read again after its watch was lost or its revision compacted, and reports that', async () => {
    const { etcd, read, follow, changed } = await stage();
    await read();
    await follow();
    await changed(() => etcd.cut());
    await until(() => etcd.watching === 1);
    etcd.failure = {
      status: 503,
      body: { error: 'etcdserver: no leader', message: 'etcdserver: no leader', code: 14 },
    };
    await changed(() => etcd.cut());
    await expect(read()).rejects.toMatchObject({ exitCode: 6, message: 'The source refused /kv/range: no leader.' });
    etcd.put('user.rpc/78', '10.0.0.6:8080', '78');
    etcd.delete('user.rpc/77');
    etcd.compact();
    await changed(() => {
      etcd.failure = undefined;
    });
    await until(() => etcd.watching === 1);
    expect(await read()).toEqual(['user.rpc 78']);
  });

  it('[K21] is read again if another etcd has taken its place, whatever its revision is', async () => {
    const { etcd, read, follow, changed } = await stage();
    await read();
    await follow();
    await changed(() => {
      etcd.replace();
      etcd.cut();
    });
    await until(() => etcd.watching === 1);
    expect(await read()).toEqual([]);
    await changed(() => etcd.put('user.rpc/5', '10.0.0.6:8080', '5'));
    expect(await read()).toEqual(['user.rpc 5']);
  });

  it('[K26] is asked below /v3beta if it has no /v3, and below a path', async () => {
    const { etcd, read } = await stage();
    etcd.versions = ['/v3beta'];
    expect(await read()).toEqual(['user.rpc 77']);
    expect(await read()).toEqual(['user.rpc 77']);
    expect(etcd.asked.map(({ path }) => path)).toEqual(['/v3/kv/range', '/v3beta/kv/range', '/v3beta/kv/range']);
    const { read: readBelow } = await stage({ path: '/wrong' });
    await expect(readBelow()).rejects.toMatchObject({
      exitCode: 1,
      advice: expect.stringContaining('JSON gateway'),
    });
  });

  it('[K26] is logged in to with user and password, again once the login has ended', async () => {
    const { etcd, read, follow, changed } = await stage({ user: 'mirror', password: 'secret' });
    await expect(read()).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('is not enabled') });
    etcd.user = { name: 'mirror', password: 'secret' };
    expect(await read()).toEqual(['user.rpc 77']);
    await follow();
    expect(etcd.asked.at(-1)?.token).toBe('token-1');
    etcd.expireLogins();
    expect(await read()).toEqual(['user.rpc 77']);
    expect(etcd.asked.at(-1)?.token).toBe('token-2');
    etcd.expireLogins();
    await changed(() => etcd.cut());
    await until(() => etcd.watching === 1);
    etcd.user.password = 'changed';
    etcd.expireLogins();
    await expect(read()).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('invalid user ID') });
    const { etcd: other, read: readOther } = await stage();
    other.user = etcd.user;
    await expect(readOther()).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('user name') });
  });

  it('[K26] is refused if it does not respond as an etcd: another server would look like an empty one', async () => {
    const { etcd, read } = await stage();
    for (const body of [{}, { kvs: [] }, '<html>']) {
      etcd.failure = { status: 200, body };
      await expect(read()).rejects.toMatchObject({ exitCode: 1, advice: expect.stringContaining('JSON gateway') });
    }
    etcd.failure = { status: 502, body: '<html>Bad gateway' };
    await expect(read()).rejects.toMatchObject({ exitCode: 6 });
  });

  it.each([
    ['zookeeper', 'no layout "zookeeper"'],
    ['kratos', 'Entries of kratos'],
    ['go-kit=', 'Entries of go-kit'],
  ])('[K26] does not take %s as a layout', async (layout, message) => {
    await expect(stage({ layouts: [layout] })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });
});
