import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { settle } from '../../../test/simulation/virtual-time';
import {
  CONSUL_KEYS_PER_LOOK_COUNT,
  LEASE_END_SLICE_MAX_COUNT,
  TRANSACTION_DELETED_MAX_COUNT,
} from '../../model/limits';

interface Pair {
  Key: string;
  Value: string | null;
  Flags: number;
  LockIndex: number;
  Session?: string;
  CreateIndex: number;
  ModifyIndex: number;
}

const pair = async (stage: ConsulStage, path: string): Promise<Pair> => {
  const [first] = (await stage.read<Pair[]>(path)).value;
  if (first === undefined) throw new Error('there is no pair');
  return first;
};

/** Puts keys, each with its name as the value. */
async function put(stage: ConsulStage, ...keys: string[]): Promise<void> {
  for (const key of keys) expect(await stage.brief('PUT', `/v1/kv/${key}`, key)).toEqual([200, 'true']);
}

describe('a key', () => {
  it('[CK1] is put, read, changed and deleted, with indexes that grow', async () => {
    const stage = new ConsulStage();
    const missing = await stage.send('GET', '/v1/kv/a/b');
    expect([missing.status, missing.text, missing.headers.get('x-consul-index')]).toEqual([404, '', '2']);
    expect(missing.headers.get('x-consul-knownleader')).toBe('true');
    expect(await stage.brief('PUT', '/v1/kv/a/b?flags=18446744073709551615', 'one')).toEqual([200, 'true']);
    const { status, text, headers } = await stage.send('GET', '/v1/kv/a/b');
    expect([status, headers.get('x-consul-index'), headers.get('content-type')]).toEqual([
      200,
      '3',
      'application/json',
    ]);
    expect(text).toBe(
      '[{"LockIndex":0,"Key":"a/b","Flags":18446744073709551615,"Value":"b25l","CreateIndex":3,"ModifyIndex":3}]',
    );
    await put(stage, 'other');
    expect(await stage.brief('PUT', '/v1/kv/a/b', '')).toEqual([200, 'true']);
    expect(await pair(stage, '/v1/kv/a/b')).toMatchObject({ Flags: 0, Value: null, CreateIndex: 3, ModifyIndex: 5 });
    expect(await stage.brief('DELETE', '/v1/kv/a/b')).toEqual([200, 'true']);
    expect(await stage.brief('DELETE', '/v1/kv/a/b')).toEqual([200, 'true']);
    expect((await stage.send('GET', '/v1/kv/a/b')).headers.get('x-consul-index')).toBe('6');
  });

  it('[CK1] is kept by the door until it changes, apart from others', async () => {
    const stage = new ConsulStage();
    const other = new ConsulStage(stage.namespace);
    await put(stage, 'a', 'b');
    const values = async () => [await pair(stage, '/v1/kv/a'), await pair(stage, '/v1/kv/b')].map(({ Value }) => Value);
    expect(await values()).toEqual(['YQ==', 'Yg==']);
    await other.send('PUT', '/v1/kv/a', 'c');
    expect(await values()).toEqual(['Yw==', 'Yg==']);
    await other.send('DELETE', '/v1/kv/b');
    expect((await stage.send('GET', '/v1/kv/b')).status).toBe(404);
    expect((await pair(stage, '/v1/kv/a')).Value).toBe('Yw==');
  });

  it('[CK1] keeps its index if the same value and flags are put again', async () => {
    const stage = new ConsulStage();
    await put(stage, 'a');
    await put(stage, 'a');
    expect(await stage.brief('PUT', '/v1/kv/a?flags=0', 'a')).toEqual([200, 'true']);
    expect(await stage.brief('PUT', '/v1/kv/a?cas=3', 'a')).toEqual([200, 'true']);
    expect(await pair(stage, '/v1/kv/a')).toMatchObject({ ModifyIndex: 3 });
    await stage.send('PUT', '/v1/kv/a?flags=1', 'a');
    expect(await pair(stage, '/v1/kv/a')).toMatchObject({ ModifyIndex: 4, Flags: 1 });
    await stage.send('PUT', '/v1/kv/a?flags=1', 'b');
    expect(await pair(stage, '/v1/kv/a')).toMatchObject({ ModifyIndex: 5, Flags: 1 });
  });

  it('[CK2] is changed and deleted only at an index, if the client has one', async () => {
    const stage = new ConsulStage();
    const steps: [method: string, query: string, answer: string][] = [
      ['PUT', 'cas=1', 'false'],
      ['PUT', 'cas=2', 'false'],
      ['PUT', 'cas=0', 'true'],
      ['PUT', 'cas=0', 'false'],
      ['PUT', 'cas=2', 'false'],
      ['PUT', 'cas=18446744073709551615', 'false'],
      ['PUT', 'cas=3&flags=7', 'true'],
      ['DELETE', 'cas=3', 'false'],
      ['DELETE', 'cas=0', 'false'],
      ['DELETE', 'cas=4', 'true'],
      ['DELETE', 'cas=4', 'true'],
      ['PUT', 'cas=4', 'false'],
    ];
    for (const [method, query, answer] of steps) {
      const body = method === 'PUT' ? 'x' : undefined;
      expect([method, query, await stage.brief(method, `/v1/kv/a?${query}`, body)]).toEqual([
        method,
        query,
        [200, answer],
      ]);
    }
  });

  it('[CK5] is returned as its bytes, which no browser takes for a page', async () => {
    const stage = new ConsulStage();
    await stage.send('PUT', '/v1/kv/page', '<script>alert(1)</script>');
    const { status, text, headers } = await stage.send('GET', '/v1/kv/page?raw');
    expect([status, text]).toEqual([200, '<script>alert(1)</script>']);
    expect(headers.get('content-type')).toBe('text/plain');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe('sandbox');
    expect(headers.get('x-consul-index')).toBe('3');
    expect((await stage.send('GET', '/v1/kv/nothing?raw')).status).toBe(404);
  });

  it('[CK1] is an entry of the native API, with its content type and its lease until it is put again', async () => {
    const stage = new ConsulStage();
    const { api } = stage.namespace;
    const caller = { tokenId: 'native' };
    const { body } = await api.grantLease(caller, { ttlMs: 60_000 });
    const lease = (JSON.parse(body) as { id: string }).id; // `as`: a lease
    await api.putEntry(caller, { key: 'a', value: 'x', contentType: 'text/css', lease, precondition: {} });
    await stage.send('PUT', '/v1/kv/a', 'x');
    const entry = async () => JSON.parse((await api.readEntry({ key: 'a' })).body ?? '') as object; // `as`: an entry
    expect(await entry()).toMatchObject({ contentType: 'text/css', lease, version: 1 });
    await stage.send('PUT', '/v1/kv/a?flags=3', 'y');
    expect(await entry()).toMatchObject({ value: 'y', flags: '3', lease, version: 2 });
    await api.putEntry(caller, { key: '\xff\x00', value: '\xfe', precondition: {} });
    const odd = (await stage.read<Pair[]>('/v1/kv/?recurse')).value[1];
    expect(odd).toMatchObject({ Key: '\ufffd\u0000', Value: '/g==' });
  });
});

it('[CK1] a key that is put while the lease that holds it ends stays, with no lease', async () => {
  const stage = new ConsulStage();
  const { api } = stage.namespace;
  const caller = { tokenId: 'root', operates: true };
  const { body } = await api.grantLease(caller, { ttlMs: null });
  const { id: lease } = JSON.parse(body) as { id: string }; // `as`: a lease
  for (let number = 0; number <= LEASE_END_SLICE_MAX_COUNT; number++) {
    await api.putEntry(caller, { key: `held/${number}`, value: '', lease, precondition: {} });
  }
  const { registry } = stage.namespace;
  const { transaction } = registry;
  let ending: Promise<unknown> | undefined;
  registry.transaction = (...call) => {
    ending ??= api.revokeLease(caller, { lease });
    return transaction.apply(registry, call);
  };
  await put(stage, 'held/1');
  await ending;
  const { value } = await stage.read<Pair[]>('/v1/kv/?recurse');
  expect(value.map(({ Key }) => Key)).toEqual(['held/1']);
});

describe('keys with a prefix', () => {
  it('[CK3] are read together, in the order of their bytes', async () => {
    const stage = new ConsulStage();
    await put(stage, 'b', 'a/é', 'a/c', 'a', 'ab', 'a/b/c');
    const keys = async (path: string) => (await stage.read<Pair[]>(path)).value.map(({ Key }) => Key);
    expect(await keys('/v1/kv/a?recurse')).toEqual(['a', 'a/b/c', 'a/c', 'a/é', 'ab']);
    expect(await keys('/v1/kv/a/?recurse')).toEqual(['a/b/c', 'a/c', 'a/é']);
    expect(await keys('/v1/kv/?recurse')).toHaveLength(6);
    expect(await keys('/v1/kv?recurse')).toHaveLength(6);
    expect((await stage.send('GET', '/v1/kv/z?recurse')).status).toBe(404);
  });

  it('[CK3] are listed by name, cut after the next separator', async () => {
    const stage = new ConsulStage();
    await put(stage, 'a/b/c', 'a/b/d', 'a/e', 'aé/x', 'aé/y', 'f');
    const names = async (path: string) => (await stage.read<string[]>(path)).value;
    expect(await names('/v1/kv/?keys')).toEqual(['a/b/c', 'a/b/d', 'a/e', 'aé/x', 'aé/y', 'f']);
    expect(await names('/v1/kv/?keys&separator=/')).toEqual(['a/', 'aé/', 'f']);
    expect(await names('/v1/kv/?keys&seperator=/')).toEqual(['a/', 'aé/', 'f']);
    expect(await names('/v1/kv/a?keys&separator=%C3%A9')).toEqual(['a/b/c', 'a/b/d', 'a/e', 'aé']);
    expect(await names('/v1/kv/a/?keys&separator=/')).toEqual(['a/b/', 'a/e']);
    expect((await stage.send('GET', '/v1/kv/z?keys')).status).toBe(404);
    const empty = await new ConsulStage().send('GET', '/v1/kv/?keys');
    expect([empty.status, empty.text, empty.headers.get('x-consul-index')]).toEqual([200, '[]', '2']);
  });

  it('[CK3] are listed over many looks, which pass over the keys that are cut alike', async () => {
    const stage = new ConsulStage();
    const { api } = stage.namespace;
    const count = 2 * CONSUL_KEYS_PER_LOOK_COUNT + 10;
    const numbers = Array.from({ length: count }, (_, number) => String(number).padStart(5, '0'));
    for (const key of [...numbers.map((each) => `a/${each}`), ...numbers.map((each) => `b${each}/x`)]) {
      await api.putEntry({ tokenId: 't' }, { key, value: '', precondition: {} });
    }
    let looks = 0;
    const { registry } = stage.namespace;
    const { rangeEntries } = registry;
    registry.rangeEntries = (command) => {
      looks += 1;
      return rangeEntries.call(registry, command);
    };
    const { value } = await stage.read<string[]>('/v1/kv/?keys&separator=/');
    expect(value).toEqual(['a/', ...numbers.map((each) => `b${each}/`)]);
    expect(looks).toBe(4);
    expect((await stage.read<string[]>('/v1/kv/a/?keys&separator=/')).value).toHaveLength(count);
  });

  it('[CK3] are deleted together, or not at all', async () => {
    const stage = new ConsulStage();
    await put(stage, 'a', 'a/b', 'ab', 'b');
    expect(await stage.brief('DELETE', '/v1/kv/a/?recurse')).toEqual([200, 'true']);
    expect((await stage.read('/v1/kv/?keys')).value).toEqual(['a', 'ab', 'b']);
    expect(await stage.brief('DELETE', '/v1/kv/a?recurse')).toEqual([200, 'true']);
    expect((await stage.read('/v1/kv/?keys')).value).toEqual(['b']);
    const { api } = stage.namespace;
    for (let number = 0; number < TRANSACTION_DELETED_MAX_COUNT; number++) {
      await api.putEntry({ tokenId: 't' }, { key: `many/${number}`, value: '', precondition: {} });
    }
    expect(await stage.brief('DELETE', '/v1/kv/?recurse')).toEqual([
      413,
      'Too many keys to delete at once; delete those of longer prefixes',
    ]);
    expect((await stage.read<string[]>('/v1/kv/?keys')).value).toHaveLength(TRANSACTION_DELETED_MAX_COUNT + 1);
    expect(await stage.brief('DELETE', '/v1/kv/many/?recurse')).toEqual([200, 'true']);
    expect(await stage.brief('DELETE', '/v1/kv/?recurse')).toEqual([200, 'true']);
    expect((await stage.read('/v1/kv/?keys')).value).toEqual([]);
  });

  it('[CK3] are refused if they are too large for an answer', async () => {
    const stage = new ConsulStage();
    const value = 'x'.repeat(500_000);
    for (let number = 0; number < 20; number++) await stage.send('PUT', `/v1/kv/large/${number}`, value);
    const [status, text] = await stage.brief('GET', '/v1/kv/large?recurse');
    expect([status, text]).toEqual([413, 'Response body too large, max size: 8388608 bytes; use a longer prefix']);
    expect((await stage.read<string[]>('/v1/kv/large?keys')).value).toHaveLength(20);
    expect((await stage.send('GET', '/v1/kv/large/1?recurse')).status).toBe(200);
  });
});

describe('a blocking query for a key', () => {
  it('[CK4] returns at once if the key has changed since the index, or the index is of another life', async () => {
    const stage = new ConsulStage();
    await put(stage, 'a', 'b');
    for (const index of [1, 2, 3, 99_999, '18446744073709551615']) {
      const { headers } = await stage.send('GET', `/v1/kv/b?index=${index}&wait=10s`);
      expect([index, headers.get('x-consul-index')]).toEqual([index, '4']);
    }
    expect(stage.sockets.size).toBe(0);
  });

  it('[CK4] waits for this key, also while it is missing, and for no other', async () => {
    const stage = new ConsulStage();
    await put(stage, 'b');
    for (const [path, index] of [
      ['/v1/kv/a?index=3', '5'],
      ['/v1/kv/dir/?recurse&index=5', '7'],
      ['/v1/kv/dir/?keys&index=7', '9'],
    ] as const) {
      let isOver = false;
      const answer = stage.send('GET', `${path}&wait=1m`).finally(() => {
        isOver = true;
      });
      await expect.poll(() => stage.sockets.size).toBe(1);
      await stage.send('PUT', '/v1/kv/ab', index);
      await settle();
      expect([path, isOver]).toEqual([path, false]);
      await stage.send('PUT', path.startsWith('/v1/kv/a') ? '/v1/kv/a' : '/v1/kv/dir/x', index);
      const { status, headers } = await answer;
      expect([path, status, headers.get('x-consul-index')]).toEqual([path, 200, index]);
    }
    const answer = stage.send('GET', '/v1/kv/a?index=9&wait=1m');
    await expect.poll(() => stage.sockets.size).toBe(1);
    await stage.send('DELETE', '/v1/kv/a');
    const { status, headers } = await answer;
    expect([status, headers.get('x-consul-index')]).toEqual([404, '10']);
  });

  it('[CK4] has the index of the request if nothing has changed by its end', async () => {
    const stage = new ConsulStage();
    await put(stage, 'a', 'b', 'c');
    const { status, headers, text } = await stage.send('GET', '/v1/kv/a?index=3&wait=1ms');
    expect([status, headers.get('x-consul-index'), text.slice(0, 25)]).toEqual([200, '3', '[{"LockIndex":0,"Key":"a"']);
    const missing = await stage.send('GET', '/v1/kv/z?index=5&wait=1ms');
    expect([missing.status, missing.headers.get('x-consul-index')]).toEqual([404, '5']);
    const prefix = await stage.send('GET', '/v1/kv/a?keys&index=3&wait=1ms');
    expect([prefix.text, prefix.headers.get('x-consul-index')]).toEqual(['["a"]', '3']);
  });
});
