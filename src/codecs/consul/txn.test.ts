import { describe, expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { utf8Bytes } from '../../model/bytes';
import { type KvPair, kvPairsText, listedKeys } from './kv';
import { parseBody } from './members';
import { isWrite, KV_VERBS, readTxn, txnText } from './txn';

const LIMITS = { operations: 128, valueBytes: 1_024 };
const read = (text: string) => readTxn(parseBody(text), LIMITS);

const pair: KvPair = {
  key: 'a/"b"',
  value: utf8Bytes('world'),
  flags: 18446744073709551615n,
  lockIndex: 2,
  createIndex: 7,
  modifyIndex: 9,
};

describe('a transaction', () => {
  it('is read from clients', () => {
    const text =
      '[{"KV":{"Verb":"set","Key":"a","Value":"d29ybGQ=","Flags":18446744073709551615,"Index":0,"Session":""}},' +
      '{"kv":{"verb":"cas","key":"b","value":null,"index":9007199254740993}},' +
      '{"KV":{"Verb":"lock","Key":"c","Session":"s"}},' +
      '{"Node":{"Verb":"set","Node":{"Node":"n","Address":"10.0.0.1","Meta":{"a":"b"},"ModifyIndex":3}}},' +
      '{"Service":{"Verb":"delete-cas","Node":"n","Service":{"ID":"web-1","ModifyIndex":4}}},' +
      '{"Check":{"Verb":"set","Check":{"Node":"n","CheckID":"c","Name":"C","Status":"passing"}}}]';
    expect(read(text)).toMatchObject([
      { kind: 'kv', verb: 'set', key: 'a', value: utf8Bytes('world'), flags: 18446744073709551615n, index: 0n },
      { kind: 'kv', verb: 'cas', key: 'b', value: new Uint8Array(), flags: 0n, index: 9007199254740993n },
      { kind: 'kv', verb: 'lock', session: 's' },
      { kind: 'node', verb: 'set', node: { name: 'n', address: '10.0.0.1', meta: { a: 'b' } }, index: 3n },
      { kind: 'service', verb: 'delete-cas', node: 'n', service: { id: 'web-1' }, index: 4n },
      { kind: 'check', verb: 'set', check: { node: 'n', id: 'c', name: 'C', status: 'passing' } },
    ]);
  });

  it('fails as a whole for an operation that it does not know', () => {
    expect(read('[{},{"KV":{"Verb":"put","Key":"a"}},{"Session":{}},{"Node":{"Verb":"x"}}]')).toEqual([
      { kind: 'none', problem: 'unknown KV verb "put"' },
      { kind: 'none', problem: 'unknown Node verb "x"' },
    ]);
  });

  it('is a write if one of its operations may change something', () => {
    const writes = KV_VERBS.filter((Verb) => read(JSON.stringify([{ KV: { Verb, Key: 'a' } }])).some(isWrite));
    expect(writes).toEqual(['set', 'cas', 'lock', 'unlock', 'delete', 'delete-tree', 'delete-cas']);
  });

  it('is refused with the texts of Consul', () =>
    eachRow(
      [
        ['{}', '400 Failed to parse body: the body is not a list of operations'],
        [
          JSON.stringify(Array.from({ length: 129 }, () => ({}))),
          '413 Transaction contains too many operations (129 > 128)',
        ],
        [
          JSON.stringify([{ KV: { Verb: 'set', Key: 'a', Value: btoa('x'.repeat(1_025)) } }]),
          '413 Value for key "a" is too large (1025 > 1024 bytes)',
        ],
        [
          '[{"KV":{"Verb":"set","Value":"a?=="}}]',
          '400 Failed to parse body: failed to decode value: illegal base64 data at input byte 1',
        ],
        [
          '[{"KV":{"Verb":"set","Value":"YQ"}}]',
          '400 Failed to parse body: failed to decode value: illegal base64 data at input byte 2',
        ],
        ['[{"KV":{"Verb":"set","Value":1}}]', '400 Failed to parse body: unexpected value type: number'],
        [
          '[{"KV":{"Verb":"set","Flags":-1}}]',
          '400 Request decode failed: json: cannot unmarshal number -1 into Go struct field KVTxnOp.Flags of type uint64',
        ],
        [
          '[{"KV":{"Verb":"set","Flags":18446744073709551616}}]',
          '400 Request decode failed: json: cannot unmarshal number 18446744073709551616 into Go struct field KVTxnOp.Flags of type uint64',
        ],
      ],
      (text, expected) => {
        expect(refusalOfCall(() => read(text))).toBe(expected);
      },
    ));

  it('answers with values of reads alone, or with failures alone', () => {
    const results = [
      { kind: 'kv', pair, withValue: false },
      { kind: 'kv', pair: { ...pair, session: 's' }, withValue: true },
    ] as const;
    expect(txnText({ results })).toBe(
      '{"Results":[{"KV":{"LockIndex":2,"Key":"a/\\"b\\"","Flags":18446744073709551615,"Value":null,"CreateIndex":7,"ModifyIndex":9}},' +
        '{"KV":{"LockIndex":2,"Key":"a/\\"b\\"","Flags":18446744073709551615,"Value":"d29ybGQ=","Session":"s","CreateIndex":7,"ModifyIndex":9}}],"Errors":null}',
    );
    expect(txnText({ failures: [{ index: 1, what: 'key "a" doesn\'t exist' }] })).toBe(
      '{"Results":null,"Errors":[{"OpIndex":1,"What":"key \\"a\\" doesn\'t exist"}]}',
    );
  });
});

it('an empty value is null, and one pair is a list too', () => {
  expect(kvPairsText([{ ...pair, key: 'k', value: new Uint8Array(), flags: 0n }])).toBe(
    '[{"LockIndex":2,"Key":"k","Flags":0,"Value":null,"CreateIndex":7,"ModifyIndex":9}]',
  );
});

it('keys are cut after the separator that follows the prefix', () => {
  const keys = ['web/', 'web/a/1', 'web/a/2', 'web/b', 'web/c/'];
  expect(listedKeys(keys, 'web/', '/')).toEqual(['web/', 'web/a/', 'web/b', 'web/c/']);
  expect(listedKeys(keys, '', '/')).toEqual(['web/']);
  expect(listedKeys(keys, '', '')).toEqual(keys);
  expect(listedKeys(['a--b', 'a--c', 'd'], '', '--')).toEqual(['a--', 'd']);
});
