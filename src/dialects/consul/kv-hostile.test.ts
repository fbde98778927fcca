import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { eachRow } from '../../../test/fixtures/every-row';
import { ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from '../../model/limits';

const kv = (more: object) => [{ KV: { Verb: 'set', Key: 'a', ...more } }];

/** Requests that Consul's clients should not send, and what they get. */
const ROWS: [method: string, path: string, body: unknown, status: number, text: string][] = [
  ['GET', '/v1/kv/', undefined, 400, 'Missing key name'],
  ['GET', '/v1/kv', undefined, 400, 'Missing key name'],
  ['PUT', '/v1/kv/', 'x', 400, 'Missing key name'],
  ['DELETE', '/v1/kv/', undefined, 400, 'Missing key name'],
  ['PUT', '/v1/kv/a%00b', 'x', 400, 'Invalid key name: it has a control character; use /v1/txn'],
  ['PUT', '/v1/kv/a%0Ab', 'x', 400, 'Invalid key name: it has a control character; use /v1/txn'],
  ['DELETE', '/v1/kv/a%2F..%2Fb?recurse', undefined, 400, 'Invalid key name: it has a segment "." or ".."'],
  ['PUT', '/v1/kv/a%2F.', 'x', 400, 'Invalid key name: it has a segment "." or ".."'],
  ['PUT', '/v1/kv/%FF', 'x', 400, 'the path has a "%" that does not start an encoded UTF-8 character'],
  ['PUT', `/v1/kv/${'k'.repeat(ENTRY_KEY_MAX_BYTES + 1)}`, 'x', 400, 'Invalid key name "kkk'],
  ['PUT', '/v1/kv/a?cas=1&acquire=x', 'x', 400, 'Conflicting flags: acquire=x&cas=1'],
  ['PUT', '/v1/kv/a?acquire=&release=', 'x', 400, 'Conflicting flags: acquire=&release='],
  ['DELETE', '/v1/kv/a?recurse&cas=1', undefined, 400, 'Conflicting flags: cas=1&recurse='],
  ['PUT', '/v1/kv/a?flags=18446744073709551616', 'x', 400, 'strconv.ParseUint'],
  ['PUT', '/v1/kv/a?flags=-1', 'x', 400, 'strconv.ParseUint'],
  ['PUT', '/v1/kv/a?cas=NaN', 'x', 400, 'strconv.ParseUint'],
  ['PUT', '/v1/kv/a?acquire=', 'x', 500, 'missing session'],
  ['PUT', '/v1/kv/a?release=', 'x', 500, 'missing session'],
  ['GET', '/v1/kv/a?index=x', undefined, 400, 'Invalid index'],
  ['GET', '/v1/kv/a?index=1&wait=x', undefined, 400, 'Invalid wait time'],
  ['GET', '/v1/kv/a?stale&consistent', undefined, 400, 'Cannot specify ?stale with ?consistent'],
  ['GET', '/v1/kv/a?dc=dc2', undefined, 500, 'No path to datacenter'],
  [
    'PUT',
    '/v1/kv/a',
    'x'.repeat(ENTRY_VALUE_MAX_BYTES + 1),
    413,
    'Request body(524289 bytes) too large, max size: 524288 bytes. See https://www.consul.io/',
  ],
  ['PUT', '/v1/txn', '', 400, 'Request decode failed: EOF'],
  ['PUT', '/v1/txn', '[', 400, 'Request decode failed'],
  ['PUT', '/v1/txn', '{}', 400, 'Failed to parse body'],
  ['PUT', '/v1/txn', '[7]', 400, 'Request decode failed: json: cannot unmarshal'],
  ['PUT', '/v1/txn', kv({ Value: '*' }), 400, 'Failed to parse body: failed to decode value: illegal base64'],
  ['PUT', '/v1/txn', kv({ Value: 'abc' }), 400, 'Failed to parse body: failed to decode value: illegal base64'],
  ['PUT', '/v1/txn', kv({ Flags: -1 }), 400, 'Request decode failed: json: cannot unmarshal number -1'],
  ['PUT', '/v1/txn', kv({ Key: '' }), 400, 'a key has 1 to 4096 bytes'],
  ['PUT', '/v1/txn', '[{"KV":{"Verb":"set","Key":"\\ud800"}}]', 400, ''],
  ['PUT', '/v1/txn', kv({ Key: 'k'.repeat(ENTRY_KEY_MAX_BYTES + 1) }), 400, 'Invalid key name "kkk'],
  [
    'PUT',
    '/v1/txn',
    Array.from({ length: 129 }, (_, number) => ({ KV: { Verb: 'set', Key: `${number}` } })),
    413,
    'Transaction contains too many operations (129 > 128)',
  ],
  [
    'PUT',
    '/v1/txn',
    `["${'x'.repeat(2 * 1024 * 1024)}"]`,
    413,
    'Request body(2097153 bytes) too large, max size: 2097152',
  ],
  ['PUT', '/v1/session/create', '{', 400, 'Request decode failed'],
  ['PUT', '/v1/session/create', { TTL: '1s' }, 400, "Invalid Session TTL '1000000000'"],
  ['PUT', '/v1/session/create', { TTL: 'x' }, 400, "Session TTL 'x' invalid"],
  ['PUT', '/v1/session/create', { Behavior: 'keep' }, 400, "Invalid Behavior setting 'keep'"],
  ['PUT', '/v1/session/create', { ServiceChecks: [{ ID: 'x' }] }, 400, 'Check "x" can\'t end a session here'],
  ['GET', '/v1/session/list?index=-2', undefined, 400, 'Invalid index'],
  ['POST', '/v1/kv/a', 'x', 405, 'method POST not allowed'],
  ['GET', '/v1/txn', undefined, 405, 'method GET not allowed'],
  ['GET', '/v1/session/create', undefined, 405, 'method GET not allowed'],
];

describe('a request that is not in order', () => {
  it('[CK9] is refused with a text, and changes nothing', () =>
    eachRow(ROWS, async (method, path, body, status, text) => {
      const stage = new ConsulStage();
      const answer = await stage.send(method, path, body);
      expect([answer.status, answer.text.slice(0, text.length)]).toEqual([status, text]);
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect((await stage.read('/v1/kv/?keys')).value).toEqual([]);
      expect((await stage.read('/v1/session/list')).value).toEqual([]);
    }));

  it('[CK9] is refused by its announced length', async () => {
    const large = { 'content-length': '600000' };
    const { status, text } = await new ConsulStage().send('PUT', '/v1/kv/a', 'x', large);
    expect([status, text.slice(0, 62)]).toEqual([
      413,
      'Request body(600000 bytes) too large, max size: 524288 bytes. ',
    ]);
  });

  it('[CK9] may have keys of any text in a transaction', async () => {
    const stage = new ConsulStage();
    const keys = ['\u0000', '../a', 'a/../b', '//', 'a b+c%20', '\n', 'é😀'];
    const body = keys.map((Key) => ({ KV: { Verb: 'set', Key, Value: 'eA==' } }));
    expect((await stage.send('PUT', '/v1/txn', body)).status).toBe(200);
    expect((await stage.read<string[]>('/v1/kv/?keys')).value.sort()).toEqual(keys.sort());
    expect((await stage.read<object[]>('/v1/kv/a%20b+c%2520')).value).toMatchObject([{ Key: 'a b+c%20' }]);
  });

  it('[CK9] takes the longest key and the largest value', async () => {
    const stage = new ConsulStage();
    const key = 'k'.repeat(ENTRY_KEY_MAX_BYTES);
    expect(await stage.brief('PUT', `/v1/kv/${key}`, 'x'.repeat(ENTRY_VALUE_MAX_BYTES))).toEqual([200, 'true']);
    expect((await stage.send('GET', `/v1/kv/${key}?raw`)).text).toHaveLength(ENTRY_VALUE_MAX_BYTES);
    const operations = Array.from({ length: 128 }, (_, number) => ({
      KV: { Verb: 'cas', Key: `${number}`, Index: 0 },
    }));
    expect((await stage.send('PUT', '/v1/txn', operations)).status).toBe(200);
  });
});
