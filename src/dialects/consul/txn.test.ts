import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { CONSUL_TXN_ATTEMPTS_MAX_COUNT } from '../../model/limits';
import { sessionId } from './sessions';

interface Answer {
  Results: { KV: Record<string, unknown> }[] | null;
  Errors: { OpIndex: number; What: string }[] | null;
}

type Operation = [verb: string, key: string, more?: object];

const set = (value: string) => ({ Value: btoa(value) });

async function txn(stage: ConsulStage, ...operations: Operation[]): Promise<[status: number, answer: Answer]> {
  const body = operations.map(([Verb, Key, more]) => ({ KV: { Verb, Key, ...more } }));
  const { status, text } = await stage.send('PUT', '/v1/txn', body);
  return [status, JSON.parse(text) as Answer]; // `as`: Consul's answer
}

/** Returns the failures of a transaction, as `position: text`. */
async function failures(stage: ConsulStage, ...operations: Operation[]): Promise<string[]> {
  const [status, { Errors }] = await txn(stage, ...operations);
  expect(status).toBe(Errors === null ? 200 : 409);
  return (Errors ?? []).map(({ OpIndex, What }) => `${OpIndex}: ${What}`);
}

const values = async (stage: ConsulStage) => {
  const { status, text } = await stage.send('GET', '/v1/kv/?recurse');
  const pairs = status === 404 ? [] : (JSON.parse(text) as { Key: string; Value: string }[]); // `as`: Consul's answer
  return Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Value === null ? '' : atob(Value)]));
};

async function session(stage: ConsulStage, body?: object): Promise<string> {
  return JSON.parse((await stage.send('PUT', '/v1/session/create', body)).text).ID;
}

async function begin(): Promise<ConsulStage> {
  const stage = new ConsulStage();
  await stage.send('PUT', '/v1/kv/a?flags=7', 'one');
  await stage.send('PUT', '/v1/kv/dir/b', 'two');
  await stage.send('PUT', '/v1/kv/dir/c', 'three');
  return stage;
}

describe('a transaction', () => {
  it('[CK8] carries out every operation, in one revision', async () => {
    const stage = await begin();
    const id = await session(stage);
    const [status, { Results, Errors }] = await txn(
      stage,
      ['set', 'new', { ...set('x'), Flags: 3 }],
      ['get', 'new'],
      ['cas', 'a', { ...set('two'), Index: 3 }],
      ['cas', 'made', { ...set('y'), Index: 0 }],
      ['check-not-exists', 'nothing'],
      ['get-or-empty', 'nothing'],
      ['lock', 'lock', { ...set('me'), Session: id }],
      ['check-session', 'lock', { Session: id }],
      ['check-index', 'dir/b', { Index: 4 }],
      ['get-tree', 'dir/'],
      ['delete', 'dir/b'],
      ['delete-cas', 'dir/c', { Index: 5 }],
      ['delete-cas', 'nothing', { Index: 5 }],
      ['delete-tree', 'gone/'],
    );
    expect([status, Errors]).toEqual([200, null]);
    const shown = (Results ?? []).map(({ KV }) => [KV.Key, KV.Value, KV.ModifyIndex, KV.Flags]);
    expect(shown).toEqual([
      ['new', null, 6, 3],
      ['new', 'eA==', 6, 3],
      ['a', null, 6, 0],
      ['made', null, 6, 0],
      ['nothing', null, 0, 0],
      ['lock', null, 6, 0],
      ['lock', null, 6, 0],
      ['dir/b', null, 4, 0],
      ['dir/b', btoa('two'), 4, 0],
      ['dir/c', btoa('three'), 5, 0],
    ]);
    expect(await values(stage)).toEqual({ a: 'two', lock: 'me', made: 'y', new: 'x' });
    expect(await failures(stage, ['unlock', 'lock', { ...set('free'), Session: id }])).toEqual([]);
    expect((await stage.read<object[]>('/v1/kv/lock')).value).toEqual([
      { LockIndex: 1, Key: 'lock', Flags: 0, Value: btoa('free'), CreateIndex: 6, ModifyIndex: 7 },
    ]);
  });

  it('[CK8] reports every failure with the text of Consul, and changes nothing', async () => {
    const stage = await begin();
    const [mine, other] = [await session(stage), await session(stage)];
    await stage.send('PUT', `/v1/kv/lock?acquire=${other}`, 'x');
    const before = await values(stage);
    const unknown = sessionId('7');
    const rows: [Operation, string][] = [
      [['cas', 'a', { Index: 9 }], 'failed to set key "a", index is stale'],
      [['cas', 'a', { Index: 0 }], 'failed to set key "a", index is stale'],
      [['cas', 'z', { Index: 2 }], 'failed to set key "z", index is stale'],
      [['cas', 'a', { Index: '18446744073709551615' }], ''],
      [['delete-cas', 'a', { Index: 9 }], 'failed to delete key "a", index is stale'],
      [['lock', 'lock', { Session: mine }], 'failed to lock key "lock", lock is already held'],
      [['lock', 'z', { Session: unknown }], `invalid session "${unknown}"`],
      [['lock', 'z'], 'missing session'],
      [
        ['unlock', 'lock', { Session: mine }],
        `failed to unlock key "lock", lock isn't held, or is held by another session`,
      ],
      [['unlock', 'z', { Session: mine }], `failed to unlock key "z", lock isn't held, or is held by another session`],
      [['unlock', 'z'], 'missing session'],
      [['get', 'z'], `key "z" doesn't exist`],
      [['check-index', 'a', { Index: 9 }], 'failed index check for key "a", current modify index 3 != 9'],
      [['check-index', 'z', { Index: 9 }], `failed to check index, key "z" doesn't exist`],
      [['check-session', 'a', { Session: mine }], `failed session check for key "a", current session "" != "${mine}"`],
      [['check-session', 'z', { Session: mine }], `failed to check session, key "z" doesn't exist`],
      [['check-not-exists', 'a'], 'key "a" exists'],
      [['put', 'a'], 'unknown KV verb "put"'],
    ];
    const asked = rows.filter(([, text]) => text !== '');
    const texts = asked.map(([, text], index) => `${index + 1}: ${text}`);
    expect(await failures(stage, ['set', 'new', set('x')], ...asked.map(([operation]) => operation))).toEqual(texts);
    for (const [operation, text] of asked) {
      expect([operation, await failures(stage, operation)]).toEqual([operation, [`0: ${text}`]]);
    }
    expect(await values(stage)).toEqual(before);
  });

  it('[CK8] sees in each operation the effects of those before it', async () => {
    const stage = await begin();
    const id = await session(stage);
    const rows: [Operation[], string[]][] = [
      [
        [
          ['delete', 'a'],
          ['get', 'a'],
        ],
        [`1: key "a" doesn't exist`],
      ],
      [
        [
          ['delete-tree', 'dir/'],
          ['check-not-exists', 'dir/b'],
          ['get', 'dir/c'],
        ],
        [`2: key "dir/c" doesn't exist`],
      ],
      [
        [
          ['set', 'z', set('')],
          ['check-not-exists', 'z'],
        ],
        ['1: key "z" exists'],
      ],
      [
        [
          ['set', 'z', set('')],
          ['check-index', 'z', { Index: 3 }],
        ],
        ['1: failed index check for key "z", current modify index 6 != 3'],
      ],
      [
        [
          ['lock', 'z', { Session: id }],
          ['check-session', 'z', { Session: '' }],
        ],
        [`1: failed session check for key "z", current session "${id}" != ""`],
      ],
    ];
    for (const [operations, expected] of rows) expect(await failures(stage, ...operations)).toEqual(expected);
    expect(await failures(stage, ['delete', 'a'], ['check-not-exists', 'a'])).toEqual([]);
    expect(await values(stage)).not.toHaveProperty('a');
  });

  it('[CK8] reports a lock delay, and a session that has just ended', async () => {
    const stage = await begin();
    const [a, b] = [await session(stage), await session(stage)];
    expect(await failures(stage, ['lock', 'l', { Session: a }])).toEqual([]);
    await stage.send('PUT', `/v1/session/destroy/${a}`);
    const operations: Operation[] = [
      ['lock', 'k', { Session: b }],
      ['lock', 'l', { Session: b }],
    ];
    expect(await failures(stage, ...operations)).toEqual(['1: failed to lock key "l" due to lock delay']);
    expect(await failures(stage, ['set', 's', set('')], ['lock', 'm', { Session: a }])).toEqual([
      `1: invalid session "${a}"`,
    ]);
    expect(await values(stage)).not.toHaveProperty('k');
  });

  it('[CK8] that only reads changes nothing, and has no index', async () => {
    const stage = await begin();
    const body = [{ KV: { Verb: 'get', Key: 'a' } }, { KV: { Verb: 'get-tree', Key: 'dir' } }];
    const { status, text, headers } = await stage.send('PUT', '/v1/txn', body);
    const { Results } = JSON.parse(text) as Answer; // `as`: Consul's answer
    expect([status, Results?.map(({ KV }) => KV.Key)]).toEqual([200, ['a', 'dir/b', 'dir/c']]);
    expect([headers.get('x-consul-knownleader'), headers.get('x-consul-index')]).toEqual(['true', null]);
  });

  it('[CK8] is decided on the keys as they are when it is carried out', async () => {
    const stage = await begin();
    const { registry } = stage.namespace;
    const { transaction } = registry;
    let races = 1;
    // Between the look and the changes, another client changes the key.
    registry.transaction = async (caller, command, ...rest) => {
      const answer = await transaction.call(registry, caller, command, ...rest);
      if (races > 0 && command.if.length === 0) {
        races -= 1;
        await registry.putEntry({ tokenId: 't' }, { key: 'a', value: `${races}`, precondition: {} });
      }
      return answer;
    };
    expect(await failures(stage, ['cas', 'a', { ...set('mine'), Index: 3 }])).toEqual([
      '0: failed to set key "a", index is stale',
    ]);
    races = 1;
    expect(await failures(stage, ['get', 'a'], ['set', 'b', set('x')])).toEqual([]);
    races = CONSUL_TXN_ATTEMPTS_MAX_COUNT;
    const [status, text] = await stage.brief('PUT', '/v1/txn', [
      { KV: { Verb: 'get', Key: 'a' } },
      { KV: { Verb: 'set', Key: 'c' } },
    ]);
    expect([status, text]).toEqual([
      500,
      'the keys of the transaction change all the time; nothing was changed by it, try again',
    ]);
    expect(await values(stage)).not.toHaveProperty('c');
  });

  it('[CK8] is refused if it changes a key twice, or is about nodes, services or checks', async () => {
    const stage = await begin();
    const twice = [{ KV: { Verb: 'set', Key: 'a' } }, { KV: { Verb: 'delete-tree', Key: 'a' } }];
    const [status, text] = await stage.brief('PUT', '/v1/txn', twice);
    expect([status, text]).toEqual([400, expect.stringContaining('"a" is put and deleted')]);
    const service = [{ Service: { Verb: 'set', Node: 'n', Service: { Service: 'web' } } }];
    expect(await stage.brief('PUT', '/v1/txn', service)).toEqual([
      400,
      'Transactions here change keys only: operation 0 is about a service',
    ]);
  });
});
