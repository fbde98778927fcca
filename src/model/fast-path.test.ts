import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { schemaValues } from '../../test/fixtures/schema-values';
import { Batch } from './batch';
import { RecordLine } from './export-line';
import { safeParse, withFastPath } from './fast-path';
import { ClientFrame } from './frames';
import { InstanceDefinition } from './instance';
import { LeaseRequest } from './lease';
import {
  LEASE_TTL_MAX_MS,
  LEASE_TTL_MIN_MS,
  METADATA_MAX_BYTES,
  METADATA_MAX_COUNT,
  TAGS_MAX_COUNT,
  WEIGHT_MAX,
} from './limits';
import { plainDefinition } from './plain-definition';

const PLACE = { address: '10.0.0.7', port: 8080 };
const KEY = { service: 'orders', id: 'a' };

/** Checks that the fast path of a schema agrees with the schema alone. Returns whether the value is valid. */
function expectAgreement(schema: z.ZodType, value: unknown): boolean {
  const alone = schema.safeParse(value);
  const fast = safeParse(schema, value);
  expect(fast.success).toBe(alone.success);
  if (fast.success) expect(fast.data).toStrictEqual(alone.data);
  else expect(fast.error?.issues).toEqual(alone.error?.issues);
  return fast.success;
}

/** Plain registrations except for one or two members, which the schema's own arbitrary generates. */
const nearlyPlain = (more: object) => {
  const members = schemaValues(InstanceDefinition).map((value) => Object.entries(Object(value)));
  return fc.tuple(members, fc.nat(), fc.nat(), fc.boolean()).map(([entries, one, other, isWhole]) => {
    const taken = isWhole ? [] : [entries[one % (entries.length || 1)], entries[other % (entries.length || 1)]];
    return { ...more, ...PLACE, ...Object.fromEntries(taken.filter((entry) => entry !== undefined)) };
  });
};

const registration = nearlyPlain({ op: 'register', ...KEY });
const operation = fc.oneof(
  registration,
  fc.constant({ op: 'deregister', ...KEY }),
  fc.constant({ op: 'update', ...KEY, weight: 2 }),
);
const operations = fc.oneof(
  { weight: 9, arbitrary: fc.array(operation, { maxLength: 4 }) },
  fc.constantFrom<unknown>(null, new Array(2), {}),
);

/** Times to live around the minimum and the maximum, and invalid values. */
const nearTtl = fc.oneof(
  ...[LEASE_TTL_MIN_MS, LEASE_TTL_MAX_MS].map((bound) => fc.integer({ min: bound - 5, max: bound + 5 })),
  fc.double(),
  fc.constant('15s'),
);

/** Each schema with values generated from it, and others that are nearly plain. */
const CASES: [name: string, schema: z.ZodType, nearly: fc.Arbitrary<unknown>][] = [
  ['InstanceDefinition', InstanceDefinition, nearlyPlain({})],
  ['LeaseRequest', LeaseRequest, fc.record({ ttlMs: nearTtl })],
  ['Batch', Batch, fc.record({ operations })],
  [
    'ClientFrame',
    ClientFrame,
    fc.record({ type: fc.constant('batch'), id: fc.constantFrom('1', '', 'x'.repeat(33)), operations }),
  ],
  ['RecordLine', RecordLine, nearlyPlain({ kind: 'instance', ...KEY, owner: 't' })],
];

describe('fast paths', () => {
  it.each(CASES)(
    '[R5, R14] of %s agree with the schema on any value: same verdict, same output',
    (_, schema, nearly) => {
      let accepted = 0;
      fc.assert(
        fc.property(fc.oneof(schemaValues(schema), nearly), (value) => {
          if (expectAgreement(schema, value)) accepted += 1;
        }),
        { numRuns: 1_000 },
      );
      expect(accepted).toBeGreaterThan(100);
    },
  );

  it('[R5] agree with the schema on values outside JSON, member by member', () => {
    const inherited = Object.create(PLACE);
    const getters = Object.defineProperty({ port: 80 }, 'address', { get: () => '10.0.0.7', enumerable: true });
    const hidden = Object.defineProperty({ ...PLACE }, 'weight', { value: 2 });
    const values = [
      ...[inherited, getters, hidden, Object.assign(Object.create(null), PLACE), new (class Place {})(), [PLACE]],
      ...[new Map(), Object.create({ a: 'b' }), { [Symbol('a')]: 'b' }, JSON.parse('{"__proto__":"a"}'), { a: 1 }].map(
        (metadata) => ({ ...PLACE, metadata }),
      ),
      ...[new Array(1), Object.assign(['a'], { more: 1 }), 'a', { length: 0 }].map((tags) => ({ ...PLACE, tags })),
      ...['node', 'version', 'incarnation', 'lease', 'metadata', 'tags', 'cluster', 'weight'].map((member) => ({
        ...PLACE,
        [member]: undefined,
      })),
    ];
    for (const value of values) expectAgreement(InstanceDefinition, value);
  });
});

describe('plainDefinition', () => {
  it('recognizes most registrations', () => {
    for (const body of [
      PLACE,
      { ...PLACE, metadata: { b: '1', a: '2' }, tags: ['blue'], weight: 2, status: 'up', ephemeral: true },
      { ...PLACE, cluster: 'c', node: 'n', version: '1.0', incarnation: 'i', lease: { ttlMs: 5_000 } },
    ]) {
      expect(plainDefinition(body)).toStrictEqual(InstanceDefinition.parse(body));
    }
  });

  it('[R14] leaves values over a limit or unknown to it to the schema', () => {
    const entries = Object.fromEntries(Array.from({ length: METADATA_MAX_COUNT + 1 }, (_, n) => [`k${n}`, '']));
    for (const more of [
      { metadata: entries },
      { metadata: { a: 'x'.repeat(METADATA_MAX_BYTES) } },
      { metadata: JSON.parse('{"__proto__":"x"}') },
      { tags: Array.from({ length: TAGS_MAX_COUNT + 1 }, () => 'a') },
      { weight: WEIGHT_MAX + 1 },
      { lease: { ttlMs: 1 } },
      { lease: null },
      { url: 'https://a.example' },
      { address: 'web-1' },
      { port: 0 },
      { colour: 'blue' },
    ]) {
      expect(plainDefinition({ ...PLACE, ...more }), JSON.stringify(more).slice(0, 80)).toBeUndefined();
    }
  });
});

describe('withFastPath', () => {
  it('runs before the schema, only in its own parse, and leaves the schema unchanged', () => {
    const schema = z.string();
    const quick = withFastPath(z.string(), (value) => (value === 'x' ? 'known' : undefined));
    expect([safeParse(quick, 'x').data, safeParse(quick, 'y').data, safeParse(schema, 'x').data]).toEqual([
      'known',
      'y',
      'x',
    ]);
    expect([quick.parse('x'), quick.optional().parse('x')]).toEqual(['x', 'x']);
    expect(safeParse(quick, 7).error?.issues[0]?.code).toBe('invalid_type');
  });
});
