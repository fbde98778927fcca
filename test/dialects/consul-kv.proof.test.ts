import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';

/** Keys, sessions, locks and transactions of unmodified clients against the real registry: `consul` 2.0.1 of npm, Debian's python3-consul. */

const clients = createRequire(join(import.meta.dirname, '../clients/package.json'));

interface Pair {
  Key: string;
  Value: string | null;
  LockIndex: number;
  Flags: number;
  Session?: string;
  ModifyIndex: number;
}

interface Session {
  ID: string;
  Name: string;
  TTL: string;
}

/** A watch of the client. */
interface Watch {
  on(event: 'change', listener: (data: Pair | undefined) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  end(): void;
}

/** Calls of the client of npm that these tests use; the names of options are the client's. */
interface Client {
  kv: {
    get(options: object | string): Promise<Pair | undefined>;
    set(options: object): Promise<boolean>;
    del(options: object | string): Promise<boolean>;
    keys(options: object | string): Promise<string[]>;
  };
  session: {
    create(options: object): Promise<{ ID: string }>;
    destroy(id: string): Promise<unknown>;
    renew(id: string): Promise<Session[]>;
    info(id: string): Promise<Session | undefined>;
    list(): Promise<Session[]>;
    node(node: string): Promise<Session[]>;
  };
  transaction: { create(operations: object[]): Promise<{ Results: { KV: Pair }[] }> };
  status: { leader(): Promise<string>; peers(): Promise<string[]> };
  event: { fire(name: string): Promise<unknown>; list(): Promise<unknown[]> };
  watch(options: { method: unknown; options: object }): Watch;
}

/** The client's result for the answer `false`. */
const REFUSED = undefined;

async function registry(): Promise<RunningRegistry> {
  const running = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => running.stop());
  return running;
}

/** Creates the unmodified client of npm, which sends its token in a header. */
function client({ url, rootToken }: RunningRegistry): Client {
  const { hostname, port } = new URL(url);
  // `as`: the types of the package need ones of Node that another version has.
  const Consul = clients('consul') as new (options: object) => Client;
  return new Consul({ host: hostname, port: Number(port), defaults: { token: rootToken } });
}

describe('the client of npm', () => {
  it('[CK1, CK2, CK3] puts, reads, lists and deletes keys', async () => {
    const consul = client(await registry());
    expect(await consul.kv.get('hello')).toBeUndefined();
    expect(await consul.kv.set({ key: 'hello', value: 'wörld', flags: 42 })).toBe(true);
    const pair = await consul.kv.get('hello');
    expect(pair).toMatchObject({ Key: 'hello', Value: 'wörld', Flags: 42, LockIndex: 0 });
    expect(await consul.kv.set({ key: 'hello', value: 'x', cas: '1' })).toBe(REFUSED);
    expect(await consul.kv.set({ key: 'hello', value: 'x', cas: String(pair?.ModifyIndex) })).toBe(true);
    expect(await consul.kv.set({ key: 'dir/a b', value: '' })).toBe(true);
    expect(await consul.kv.get('dir/a b')).toMatchObject({ Key: 'dir/a b', Value: null });
    expect(await consul.kv.keys({ key: '', separator: '/' })).toEqual(['dir/', 'hello']);
    expect(await consul.kv.keys('dir')).toEqual(['dir/a b']);
    expect(await consul.kv.get({ key: 'dir', recurse: true })).toMatchObject([{ Key: 'dir/a b' }]);
    expect(String(await consul.kv.get({ key: 'hello', raw: true }))).toBe('x');
    expect(await consul.kv.del('hello')).toBe(true);
    expect(await consul.kv.del({ key: '', recurse: true })).toBe(true);
    expect(await consul.kv.get({ key: '', recurse: true })).toBeUndefined();
    await expect(consul.kv.get('')).rejects.toThrow('Missing key name');
  });

  it.each(['30s', '1ms'])('[CK4] watches a key, with a wait of %s', async (wait) => {
    const consul = client(await registry());
    const seen: (string | null | undefined)[] = [];
    const errors: Error[] = [];
    const watch = consul.watch({ method: consul.kv.get.bind(consul.kv), options: { key: 'test', wait } });
    onTestFinished(() => watch.end());
    watch.on('change', (data) => seen.push(data?.Value));
    watch.on('error', (error) => errors.push(error));
    const expected: (string | undefined)[] = [undefined, '1', '2', '3', undefined];
    for (const [index, value] of expected.entries()) {
      if (value !== undefined) await consul.kv.set({ key: 'test', value });
      else if (index > 0) await consul.kv.del('test');
      await until(`it has seen ${index + 1} values`, () => seen.length > index);
    }
    expect(seen).toEqual(expected);
    expect(errors).toEqual([]);
  });

  it('[CK6, CK7] locks a key for a session, and another one after the session ended and its lock delay passed', async () => {
    const running = await registry();
    const [mine, other] = [client(running), client(running)];
    const { ID } = await mine.session.create({ name: 'mine', ttl: '10s', lockdelay: '1s' });
    const rival = await other.session.create({ name: 'other' });
    expect(await mine.session.info(ID)).toMatchObject({ ID, Name: 'mine', TTL: '10s', LockDelay: 1e9 });
    expect(await mine.session.renew(ID)).toMatchObject([{ ID }]);
    expect((await mine.session.list()).map((each) => each.Name).sort()).toEqual(['mine', 'other']);
    expect(await mine.session.node('rollcall')).toHaveLength(2);
    expect(await mine.kv.set({ key: 'leader', value: 'mine', acquire: ID })).toBe(true);
    expect(await other.kv.set({ key: 'leader', value: 'other', acquire: rival.ID })).toBe(REFUSED);
    expect(await other.kv.get('leader')).toMatchObject({ Value: 'mine', Session: ID, LockIndex: 1 });

    const holders: (string | undefined)[] = [];
    const watch = other.watch({ method: other.kv.get.bind(other.kv), options: { key: 'leader' } });
    onTestFinished(() => watch.end());
    watch.on('change', (data) => holders.push(data?.Session));
    await until('the watch has begun', () => holders.length === 1);
    await mine.session.destroy(ID);
    await until('the rival sees the lock free', () => holders.length === 2);
    expect(holders).toEqual([ID, undefined]);
    expect(await other.kv.set({ key: 'leader', value: 'other', acquire: rival.ID })).toBe(REFUSED);
    await until('the lock delay has passed', () => other.kv.set({ key: 'leader', value: 'other', acquire: rival.ID }));
    expect(await other.kv.get('leader')).toMatchObject({ Value: 'other', Session: rival.ID, LockIndex: 2 });
    expect(await other.kv.set({ key: 'leader', value: 'free', release: rival.ID })).toBe(true);
    await expect(mine.session.renew(ID)).rejects.toThrow(`Session id '${ID}' not found`);
    await expect(mine.kv.set({ key: 'leader', value: '', acquire: ID })).rejects.toThrow(`invalid session "${ID}"`);
  });

  it('[CK8] carries out transactions', async () => {
    const consul = client(await registry());
    const set = (Key: string, value: string) => ({ KV: { Verb: 'set', Key, Value: btoa(value) } });
    const { Results } = await consul.transaction.create([set('a', '1'), set('b', '2')]);
    expect(Results.map(({ KV }) => KV.Key)).toEqual(['a', 'b']);
    const failed = consul.transaction.create([set('a', '3'), { KV: { Verb: 'check-not-exists', Key: 'b' } }]);
    await expect(failed).rejects.toThrow('conflict');
    expect(await consul.kv.get('a')).toMatchObject({ Value: '1' });
  });

  it('[CK11] finds a leader and no events', async () => {
    const consul = client(await registry());
    expect([await consul.status.leader(), await consul.status.peers()]).toEqual(['127.0.0.1:8300', ['127.0.0.1:8300']]);
    expect(await consul.event.list()).toEqual([]);
    await expect(consul.event.fire('deploy')).rejects.toThrow('Events are not supported');
  });
});

/** Calls of python3-consul 0.7.1, which sends the token that it is given for some of them alone. */
const PYTHON = `
import consul, json, sys, threading
c = consul.Consul(port=int(sys.argv[1]))
c.http.session.headers['X-Consul-Token'] = sys.argv[2]
results = []
results.append(c.kv.put('config/a', 'one', flags=3))
index, pair = c.kv.get('config/a')
results.append([pair['Key'], pair['Value'].decode(), pair['Flags']])
results.append(c.kv.put('config/a', 'x', cas=1))
seen = []
thread = threading.Thread(target=lambda: seen.append(c.kv.get('config/a', index=index, wait='60s')))
thread.start()
results.append(c.kv.put('config/a', 'two', cas=pair['ModifyIndex']))
thread.join(60)
results.append([seen[0][1]['Value'].decode(), int(seen[0][0]) > int(index)])
session = c.session.create(name='s', ttl=20, behavior='delete', lock_delay=0)
results.append(c.kv.put('lock', 'me', acquire=session))
results.append(c.kv.get('lock')[1]['Session'] == session)
results.append([each['Name'] for each in c.session.list()[1]])
results.append(c.session.info(session)[1]['Behavior'])
results.append(c.session.renew(session)['TTL'])
results.append(c.kv.get('', keys=True, separator='/')[1])
results.append(c.session.destroy(session))
results.append(c.kv.get('lock')[1])
try:
    c.session.renew(session)
except consul.NotFound as error:
    results.append('not found')
results.append(c.kv.delete('', recurse=True))
results.append(c.kv.get('', recurse=True)[1])
results.append([c.status.leader(), c.status.peers()])
print(json.dumps(results))
`;

it("Debian's client for Python uses keys and sessions, and waits for a change", async () => {
  const { url, rootToken } = await registry();
  const { port } = new URL(url);
  const python = spawn('/usr/bin/python3', ['-c', PYTHON, port, rootToken], { stdio: ['ignore', 'pipe', 'inherit'] });
  const output: string[] = [];
  python.stdout.on('data', (chunk) => output.push(String(chunk)));
  expect(await once(python, 'close')).toEqual([0, null]);
  expect(JSON.parse(output.join(''))).toEqual([
    true,
    ['config/a', 'one', 3],
    false,
    true,
    ['two', true],
    true,
    true,
    ['s'],
    'delete',
    '20s',
    ['config/', 'lock'],
    true,
    null,
    'not found',
    true,
    null,
    ['127.0.0.1:8300', ['127.0.0.1:8300']],
  ]);
});
