import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import type { Grant } from '../../model/grant';

const NS = 'public';
const body = (...operations: [verb: string, key: string][]) =>
  operations.map(([Verb, Key]) => ({ KV: { Verb, Key, Value: '' } }));

/** Calls, and which tokens may make them: of these scopes on the whole namespace, or on the keys `app/*` alone. */
const CALLS: [method: string, path: string, body: unknown, scopes: Grant['scope'][], onKeys: boolean][] = [
  ['GET', '/v1/kv/app/a', undefined, ['read'], true],
  ['GET', '/v1/kv/app/a?raw', undefined, ['read'], true],
  ['GET', '/v1/kv/other', undefined, ['read'], false],
  ['PUT', '/v1/kv/app/a', 'x', ['register'], true],
  ['PUT', '/v1/kv/other', 'x', ['register'], false],
  ['DELETE', '/v1/kv/app/a', undefined, ['register'], true],
  ['DELETE', '/v1/kv/app/?recurse', undefined, ['register'], true],
  ['DELETE', '/v1/kv/ap?recurse', undefined, ['register'], false],
  ['DELETE', '/v1/kv/?recurse', undefined, ['register'], false],
  ['PUT', '/v1/txn', body(['get', 'app/a'], ['get-tree', 'app/']), ['read'], true],
  ['PUT', '/v1/txn', body(['get', 'app/a'], ['check-not-exists', 'other']), ['read'], false],
  ['PUT', '/v1/txn', body(['get-tree', '']), ['read'], false],
  ['PUT', '/v1/txn', body(['set', 'app/a'], ['delete-tree', 'app/b']), ['register'], true],
  ['PUT', '/v1/txn', body(['set', 'app/a'], ['set', 'other']), ['register'], false],
  ['PUT', '/v1/session/create', undefined, ['register'], true],
];

describe('keys, sessions and transactions', () => {
  it.each(CALLS)('[CK10] need a grant: %s %s %j', async (method, path, sent, scopes, onKeys) => {
    const root = new ConsulStage();
    for (const key of ['app/a', 'other']) await root.send('PUT', `/v1/kv/${key}`, 'x');
    for (const scope of ['read', 'register', 'metrics'] as const) {
      const isRight = scopes.some((each) => each === scope);
      const trials: [Grant, boolean][] = [
        [{ scope, ns: NS }, isRight],
        [{ scope, ns: 'elsewhere' }, false],
      ];
      if (scope !== 'metrics') trials.push([{ scope, ns: NS, keys: ['app/*'] }, isRight && onKeys]);
      for (const [grant, isLetIn] of trials) {
        const [status, text] = await new ConsulStage(root.namespace).as(grant).brief(method, path, sent);
        expect([grant, status === 403, text]).toEqual([grant, !isLetIn, expect.anything()]);
        if (status === 403) expect(text).toMatch(/^Permission denied: /);
        else expect([200, 404, 409]).toContain(status);
      }
    }
  });

  it('[CK10] are deleted with a prefix only by a token for all keys that begin with it', async () => {
    const stage = new ConsulStage();
    for (const key of ['app/a', 'app/ab']) await stage.send('PUT', `/v1/kv/${key}`, 'x');
    stage.as({ scope: 'register', ns: NS, keys: ['app/a'] });
    expect((await stage.send('DELETE', '/v1/kv/app/a?recurse')).status).toBe(403);
    expect((await stage.send('DELETE', '/v1/kv/app/a')).status).toBe(200);
  });

  it('[CK10] that a token may not read are left out of lists, as in Consul', async () => {
    const stage = new ConsulStage();
    for (const key of ['app/a', 'app/b/c', 'apply', 'other']) await stage.send('PUT', `/v1/kv/${key}`, 'x');
    stage.as({ scope: 'read', ns: NS, keys: ['app/*'] });
    expect((await stage.read('/v1/kv/?keys')).value).toEqual(['app/a', 'app/b/c']);
    expect((await stage.read('/v1/kv/?keys&separator=/')).value).toEqual(['app/']);
    expect((await stage.read<object[]>('/v1/kv/a?recurse')).value).toHaveLength(2);
    stage.as({ scope: 'read', ns: NS, keys: ['nothing'] });
    expect((await stage.send('GET', '/v1/kv/?recurse')).status).toBe(404);
    expect((await stage.read('/v1/kv/?keys')).value).toEqual([]);
    stage.as({ scope: 'read', ns: 'elsewhere' });
    expect((await stage.send('GET', '/v1/kv/?keys')).status).toBe(403);
  });
});
