import { describe, expect, it } from 'vitest';
import { GO_MICRO_MESSAGE_MAX_BYTES } from '../../model/limits';
import { messageOf } from './message';
import type { Result, Service } from './wire';

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
