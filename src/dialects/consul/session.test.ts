import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { CONSUL_SESSIONS_LOOK_MS } from '../../model/limits';
import { leaseOf, sessionId } from './sessions';

interface Session {
  ID: string;
  Node: string;
}

interface Pair {
  Key: string;
  Value: string | null;
  LockIndex: number;
  Session?: string;
}

async function create(stage: ConsulStage, body?: object, prefix = ''): Promise<string> {
  const { status, text } = await stage.send('PUT', `${prefix}/v1/session/create`, body);
  if (status !== 200) throw new Error(text);
  return (JSON.parse(text) as Session).ID; // `as`: Consul's answer
}

const put = async (stage: ConsulStage, query: string, value = 'x') => {
  const [status, text] = await stage.brief('PUT', `/v1/kv/lock?${query}`, value);
  return status === 200 ? text : `${status} ${text}`;
};

const lock = async (stage: ConsulStage): Promise<Pair | undefined> => {
  const { status, text } = await stage.send('GET', '/v1/kv/lock');
  return status === 404 ? undefined : (JSON.parse(text) as Pair[])[0]; // `as`: Consul's answer
};

const ids = async (stage: ConsulStage, path = '/v1/session/list') =>
  (await stage.read<Session[]>(path)).value.map(({ ID }) => ID);

describe('a session', () => {
  it('[CK6] is created, shown, renewed and destroyed', async () => {
    const stage = new ConsulStage();
    const id = await create(stage, { Name: 'worker', TTL: '10s', LockDelay: '0s', Behavior: 'delete' });
    const shown = {
      ID: id,
      Name: 'worker',
      Node: 'rollcall',
      LockDelay: 0,
      Behavior: 'delete',
      TTL: '10s',
      NodeChecks: ['serfHealth'],
      ServiceChecks: null,
      CreateIndex: 2,
      ModifyIndex: 2,
    };
    for (const path of [`info/${id}`, 'list', 'node/rollcall', 'node/ROLLCALL']) {
      expect((await stage.read(`/v1/session/${path}`)).value).toEqual([shown]);
    }
    const renewed = await stage.send('PUT', `/v1/session/renew/${id}`);
    expect([renewed.status, JSON.parse(renewed.text)]).toEqual([200, [shown]]);
    expect(await stage.brief('PUT', `/v1/session/destroy/${id}`)).toEqual([200, 'true']);
    expect(await stage.brief('PUT', `/v1/session/destroy/${id}`)).toEqual([200, 'true']);
    expect(await stage.brief('PUT', `/v1/session/renew/${id}`)).toEqual([404, `Session id '${id}' not found`]);
    for (const path of [`info/${id}`, 'list', 'node/rollcall']) {
      expect((await stage.read(`/v1/session/${path}`)).value).toEqual([]);
    }
  });

  it('[CK6] has the index of the namespace when it was created', async () => {
    const stage = new ConsulStage();
    await stage.send('PUT', '/v1/kv/a', 'x');
    const id = await create(stage);
    await stage.send('PUT', '/v1/kv/b', 'x');
    const { value } = await stage.read(`/v1/session/info/${id}`);
    expect(value).toMatchObject([{ CreateIndex: 3, ModifyIndex: 3 }]);
  });

  it('[CK6] belongs to the node that its path or its body names', async () => {
    const stage = new ConsulStage();
    const here = await create(stage);
    const there = await create(stage, undefined, '/node/n2');
    const named = await create(stage, { Node: 'n3' });
    expect(await ids(stage, '/v1/session/node/rollcall')).toEqual([here]);
    expect(await ids(stage, '/v1/session/node/N2')).toEqual([there]);
    expect(await ids(stage, '/v1/session/node/n3')).toEqual([named]);
    expect((await ids(stage)).sort()).toEqual([here, there, named].sort());
  });

  it('[CK6] ends when twice its time to live has passed, as in Consul, unless it is renewed', async () => {
    const stage = new ConsulStage();
    const id = await create(stage, { TTL: '10s' });
    const forever = await create(stage);
    await stage.namespace.pass(19_000);
    expect((await stage.send('PUT', `/v1/session/renew/${id}`)).status).toBe(200);
    await stage.namespace.pass(19_000);
    expect((await ids(stage)).sort()).toEqual([id, forever].sort());
    await stage.namespace.pass(2_000);
    expect(await ids(stage)).toEqual([forever]);
    expect((await stage.send('PUT', `/v1/session/renew/${id}`)).status).toBe(404);
  });

  it.each([
    ['an unknown one', sessionId('7')],
    ['no id of a session', 'adf4238a-882b-9ddc-4a9d-5b6758e4159e'],
    ['no UUID', 'a%2F..%00'],
  ])('[CK6] is not found: %s', async (_what, id) => {
    const stage = new ConsulStage();
    expect((await stage.read(`/v1/session/info/${id}`)).value).toEqual([]);
    expect((await stage.send('PUT', `/v1/session/renew/${id}`)).status).toBe(404);
    expect(await stage.brief('PUT', `/v1/session/destroy/${id}`)).toEqual([200, 'true']);
    const name = decodeURIComponent(id);
    expect(await put(stage, `acquire=${id}`)).toBe(`500 invalid session ${JSON.stringify(name)}`);
    expect(await put(stage, `release=${id}`)).toBe('false');
    expect(await lock(stage)).toBeUndefined();
  });

  it('[CK10] is seen and used by its own token, and by one that operates the namespace', async () => {
    const stage = new ConsulStage();
    const root = stage.token;
    const owner = stage.as({ scope: 'register', ns: 'public' }).token;
    const id = await create(stage, { TTL: '10s' });
    expect(await ids(stage)).toEqual([id]);
    stage.token = root;
    expect(await ids(stage)).toEqual([id]);
    stage.as({ scope: 'register', ns: 'public' });
    expect(await ids(stage)).toEqual([]);
    expect(await ids(stage, `/v1/session/info/${id}`)).toEqual([]);
    for (const path of [`/v1/session/renew/${id}`, `/v1/session/destroy/${id}`, `/v1/kv/lock?acquire=${id}`]) {
      const [status, text] = await stage.brief('PUT', path);
      expect([path, status, text.slice(0, 18)]).toEqual([path, 403, 'Permission denied:']);
    }
    stage.token = owner;
    expect(await put(stage, `acquire=${id}`)).toBe('true');
  });

  it('[CK6] is not a lease of another API', async () => {
    const stage = new ConsulStage();
    const { body } = await stage.namespace.api.grantLease({ tokenId: 'root' }, { ttlMs: 60_000 });
    const id = sessionId((JSON.parse(body) as { id: string }).id); // `as`: a lease
    expect(await ids(stage)).toEqual([]);
    expect(await ids(stage, `/v1/session/info/${id}`)).toEqual([]);
    expect((await stage.send('PUT', `/v1/session/renew/${id}`)).status).toBe(404);
  });
});

it('[CK7] a session that has ended is not a lease whose client chose its number', async () => {
  const stage = new ConsulStage();
  const id = await create(stage);
  expect(await put(stage, `acquire=${id}`)).toBe('true');
  expect(await put(stage, `release=${id}`)).toBe('true');
  await stage.send('PUT', `/v1/session/destroy/${id}`);
  await stage.namespace.api.grantLease({ tokenId: 'root' }, { ttlMs: 60_000, alias: leaseOf(id) });
  expect(await put(stage, `acquire=${id}`)).toBe(`500 invalid session "${id}"`);
  expect((await stage.send('PUT', `/v1/session/renew/${id}`)).status).toBe(404);
});

describe('a list of sessions', () => {
  it('[CK6] has an index that grows with each change of the list, and a query that waits for it', async () => {
    const stage = new ConsulStage();
    const read = (query = '') => stage.read<Session[]>(`/v1/session/list${query}`);
    const empty = await read();
    expect(empty.index).toBeGreaterThan(2);
    await stage.namespace.pass(5_000);
    expect((await read(`?index=${empty.index}&wait=1ms`)).index).toBe(empty.index);
    const id = await create(stage, { Name: 'a' });
    const one = await read(`?index=${empty.index}&wait=10s`);
    expect(one.value.map(({ ID }) => ID)).toEqual([id]);
    expect(one.index).toBeGreaterThan(empty.index);
    await stage.send('PUT', `/v1/session/destroy/${id}`);
    const none = await read(`?index=${one.index}&wait=10s`);
    expect(none.value).toEqual([]);
    expect(none.index).toBeGreaterThan(one.index);
    expect((await read('?index=7&wait=10s')).index).toBeGreaterThan(7);
  });

  it('[CK6] has an index that grows with many changes within a second, too', async () => {
    const stage = new ConsulStage();
    let { index } = await stage.read('/v1/session/list');
    for (let n = 0; n < 12; n++) {
      await create(stage);
      const next = await stage.read(`/v1/session/list?index=${index}&wait=10s`);
      expect(next.index).toBeGreaterThan(index);
      ({ index } = next);
    }
  });

  it('[CK6] is looked at again during a wait', async () => {
    const stage = new ConsulStage();
    const { index } = await stage.read('/v1/session/list');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const waiting = stage.read<Session[]>(`/v1/session/list?index=${index}&wait=100s`);
    await vi.advanceTimersByTimeAsync(3 * CONSUL_SESSIONS_LOOK_MS);
    const id = await create(stage);
    await vi.advanceTimersByTimeAsync(CONSUL_SESSIONS_LOOK_MS);
    const { value, index: next } = await waiting;
    expect(value.map(({ ID }) => ID)).toEqual([id]);
    expect(next).toBeGreaterThan(index);
  });
});

describe('a lock', () => {
  it('[CK7] is acquired by one session at a time, counted, and released by that session', async () => {
    const stage = new ConsulStage();
    const [a, b] = [await create(stage), await create(stage)];
    expect(await put(stage, `acquire=${a}`, 'a')).toBe('true');
    expect(await put(stage, `acquire=${b}`, 'b')).toBe('false');
    expect(await put(stage, `acquire=${a.toUpperCase()}&flags=5`, 'a2')).toBe('true');
    expect(await lock(stage)).toMatchObject({ Session: a, LockIndex: 1, Flags: 5, Value: 'YTI=' });
    expect(await put(stage, `release=${b}`, 'b')).toBe('false');
    expect(await put(stage, '', 'anyone')).toBe('true');
    expect(await lock(stage)).toMatchObject({ Session: a, LockIndex: 1 });
    expect(await put(stage, `release=${a}`, 'free')).toBe('true');
    expect(await lock(stage)).toEqual(expect.not.objectContaining({ Session: expect.anything() }));
    expect(await lock(stage)).toMatchObject({ LockIndex: 1, Value: 'ZnJlZQ==' });
    expect(await put(stage, `release=${a}`, 'free')).toBe('false');
    expect(await put(stage, `acquire=${b}`, 'b')).toBe('true');
    expect(await lock(stage)).toMatchObject({ Session: b, LockIndex: 2 });
  });

  it('[CK7] acquired again with the same value changes nothing', async () => {
    const stage = new ConsulStage();
    const a = await create(stage);
    await put(stage, `acquire=${a}`);
    const before = await lock(stage);
    expect(await put(stage, `acquire=${a}`)).toBe('true');
    expect(await lock(stage)).toEqual(before);
  });

  it('[CK7] is not free for a time after its session ended, and its key stays', async () => {
    const stage = new ConsulStage();
    for (const end of ['destroy', 'expiry']) {
      const [a, b] = [await create(stage, { TTL: '10s' }), await create(stage)];
      expect([end, await put(stage, `acquire=${a}`)]).toEqual([end, 'true']);
      if (end === 'destroy') await stage.send('PUT', `/v1/session/destroy/${a}`);
      else await stage.namespace.pass(20_500);
      expect(await lock(stage)).toEqual(expect.not.objectContaining({ Session: expect.anything() }));
      expect(await put(stage, `acquire=${b}`)).toBe('false');
      await stage.namespace.pass(15_000);
      expect(await put(stage, `acquire=${b}`)).toBe('true');
      expect(await put(stage, `release=${b}`)).toBe('true');
      expect(await put(stage, `acquire=${a}`)).toBe(`500 invalid session "${a}"`);
    }
  });

  it('[CK7] is free at once if the session has no lock delay', async () => {
    const stage = new ConsulStage();
    const [a, b] = [await create(stage, { LockDelay: '0s' }), await create(stage)];
    await put(stage, `acquire=${a}`);
    await stage.send('PUT', `/v1/session/destroy/${a}`);
    expect(await put(stage, `acquire=${b}`)).toBe('true');
  });

  it('[CK7] of a session with the behavior delete goes with its key, unless it was released', async () => {
    const stage = new ConsulStage();
    const a = await create(stage, { Behavior: 'delete', LockDelay: '0s' });
    await put(stage, `acquire=${a}`, 'a');
    // Another isolate has not seen the session.
    const other = new ConsulStage(stage.namespace);
    expect(await put(other, `release=${a}`, 'kept')).toBe('true');
    await stage.send('PUT', `/v1/session/destroy/${a}`);
    expect(await lock(stage)).toMatchObject({ Value: 'a2VwdA==' });
    const again = await create(stage, { Behavior: 'delete', LockDelay: '0s' });
    expect([await put(stage, `acquire=${again}`), await put(stage, `release=${again}`)]).toEqual(['true', 'true']);
    await stage.send('PUT', `/v1/session/destroy/${again}`);
    expect(await lock(stage)).toMatchObject({ LockIndex: 2 });
    const b = await create(stage, { Behavior: 'delete' });
    await put(stage, `acquire=${b}`, 'b');
    await put(stage, '', 'c');
    await stage.send('PUT', `/v1/session/destroy/${b}`);
    expect(await lock(stage)).toBeUndefined();
    const c = await create(stage);
    expect(await put(stage, `acquire=${c}`)).toBe('false');
    expect(await put(stage, '')).toBe('true');
  });
});
