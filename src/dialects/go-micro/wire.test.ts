import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { readKept, type Service } from '../../codecs/go-micro/service';
import { GO_MICRO_MESSAGE_MAX_BYTES } from '../../model/limits';
import { messageOf, type Result, readService, requestedService } from './wire';

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

const big = (bytes: number): string => 'é'.repeat(bytes / 2);
const values = (bytes: number) => [{ name: big(bytes), type: 'string', values: [] }];

function resultOf({ types = 0, names = 0, metadata = 0, node = 0 }): Result {
  const value = { name: 'Request', type: 'Request', values: values(types) };
  return {
    Action: 'create',
    Service: {
      name: 'greeter',
      version: '1',
      metadata: { a: big(metadata) },
      endpoints: [{ name: `Say.Hello${big(names)}`, request: value, response: value, metadata: {} }],
      nodes: [{ id: 'n1', address: '10.0.0.5:1', metadata: { a: big(node) } }],
    },
  };
}

/** Returns the parts of a service that remain in a message. */
function left(given: Parameters<typeof resultOf>[0]) {
  const text = messageOf(resultOf(given));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(GO_MICRO_MESSAGE_MAX_BYTES);
  const { Service: service } = JSON.parse(text) as { Service: Service }; // `as`: it was made of one
  expect(service.nodes).toMatchObject([{ id: 'n1', address: '10.0.0.5:1' }]);
  return {
    types: service.endpoints.flatMap(({ request }) => request?.values).length,
    endpoints: service.endpoints.length,
    metadata: Object.keys(service.metadata).length,
    node: Object.keys(service.nodes[0]?.metadata ?? {}).length,
  };
}

describe('messageOf', () => {
  it('[X6] contains everything if it fits', () => {
    expect(left({})).toEqual({ types: 1, endpoints: 1, metadata: 1, node: 1 });
    expect(left({ types: 4_000, metadata: 4_000, node: 2_000 })).toEqual({
      types: 1,
      endpoints: 1,
      metadata: 1,
      node: 1,
    });
    const result = resultOf({ types: 100 });
    expect(JSON.parse(messageOf(result))).toEqual(result);
  });

  it('[X6] omits types, then endpoints, then metadata of the service, then of the node', () => {
    expect(left({ types: 8_000 })).toEqual({ types: 0, endpoints: 1, metadata: 1, node: 1 });
    expect(left({ types: 8_000, names: 16_000 })).toEqual({ types: 0, endpoints: 0, metadata: 1, node: 1 });
    expect(left({ types: 8_000, metadata: 8_000, node: 8_000 })).toEqual({
      types: 0,
      endpoints: 0,
      metadata: 0,
      node: 1,
    });
    expect(left({ metadata: 16_000, node: 16_000 })).toEqual({ types: 0, endpoints: 0, metadata: 0, node: 0 });
  });

  it('[X6] counts bytes, not characters', () => {
    expect(left({ metadata: 15_900 }).metadata).toBe(0);
  });
});
