import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { readKept, readService, requestedService } from './wire';

const EMPTY = { name: '', version: '', metadata: {}, endpoints: [], nodes: [] };

describe('readService', () => {
  it('[X3] treats absent, null and empty as equal, as Go does', () => {
    expect(readService({})).toEqual(EMPTY);
    expect(readService({ name: null, version: null, metadata: null, endpoints: null, nodes: null })).toEqual(EMPTY);
    expect(readService({ name: 'a', nodes: [{ id: 'n', metadata: { k: null } }] })).toEqual({
      ...EMPTY,
      name: 'a',
      nodes: [{ id: 'n', address: '', metadata: { k: '' } }],
    });
  });

  it('[X3] accepts members in any case, but keeps metadata as written', () => {
    const Metadata = { Region: 'eu' };
    const Request = { Name: 'Request', TYPE: 'Request', Values: [{ Name: 'a', Type: 'string', Values: null }] };
    expect(
      readService({
        Name: 'greeter',
        VERSION: '1',
        Metadata,
        Endpoints: [{ Name: 'Say.Hello', Request, Response: null, Metadata }],
        Nodes: [{ ID: 'n', Address: '10.0.0.5:1', Metadata }],
      }),
    ).toEqual({
      name: 'greeter',
      version: '1',
      metadata: Metadata,
      endpoints: [
        {
          name: 'Say.Hello',
          request: { name: 'Request', type: 'Request', values: [{ name: 'a', type: 'string', values: [] }] },
          response: null,
          metadata: Metadata,
        },
      ],
      nodes: [{ id: 'n', address: '10.0.0.5:1', metadata: Metadata }],
    });
  });

  it('[X3] describes what is wrong', () =>
    eachRow(
      [
        [[], 'expected object'],
        ['x', 'expected object'],
        [null, 'expected object'],
        [{ name: 1 }, 'name: '],
        [{ nodes: [{ metadata: { a: 1 } }] }, 'nodes.0.metadata.a: '],
        [{ endpoints: {} }, 'endpoints: '],
        [JSON.parse('{"metadata":{"__proto__":"x"}}'), '"__proto__"'],
        [JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`), 'nested'],
        [{ name: '\ud800' }, 'well-formed'],
      ],
      (value, words) => {
        expect(() => readService(value)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
        expect(() => readService(value)).toThrow(words);
      },
    ));
});

describe('readKept', () => {
  it('[X3] distinguishes stored data from none, and ignores what others wrote there', () => {
    expect(readKept({})).toEqual({ metadata: {}, endpoints: [], address: '' });
    for (const other of [undefined, null, 'x', 7, [], { endpoints: 'x' }]) expect(readKept(other)).toBe(undefined);
  });
});

it('[X3] a read unescapes a name, and a watch doesn’t', () =>
  eachRow(
    [
      ['', '', ''],
      ['?service=', '', ''],
      ['?service=greeter', 'greeter', 'greeter'],
      ['?service=a%26b+c%2Bd', 'a&b c+d', 'a&b+c+d'],
      ['?service=a&b', 'a', 'a&b'],
      ['?service=a+b', 'a b', 'a+b'],
      ['?service=50%', '50%', '50%'],
      ['?service=a=b', 'a=b', 'a=b'],
      ['?x=1&service=a', 'a', ''],
    ],
    (query, read, watched) => {
      const url = `http://rollcall.test/registry${query}`;
      expect([requestedService(url, false), requestedService(url, true)]).toEqual([read, watched]);
    },
  ));
