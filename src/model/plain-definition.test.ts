import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainRegistration, WholeRegistration } from './batch';
import { WholeDefinition } from './instance';
import { BODY_MAX_BYTES, METADATA_MAX_BYTES, METADATA_MAX_COUNT, TAGS_MAX_COUNT, WEIGHT_MAX } from './limits';
import { plainDefinition } from './plain-definition';

const PLACE = { address: '10.0.0.7', port: 8080 };

const odd = fc.oneof(fc.constantFrom(null, true, -1, 1.5, Number.NaN, 2 ** 53, [], {}, ''), fc.jsonValue());

/** What is right most of the time, and now and then is not. */
function mostly<T>(right: fc.Arbitrary<T>, ...wrong: unknown[]) {
  return fc.oneof(
    { weight: 20, arbitrary: right },
    { weight: 1, arbitrary: fc.oneof(fc.constantFrom(null, ...wrong), odd) },
  );
}

const NAMES = ['a', 'web-1', 'v1.2.3', '10.0.0.7:80', 'x'.repeat(64)];
const OTHER_NAMES = ['', ' ', '.', '..', 'ü', 'x'.repeat(65), 'x'.repeat(256), 'a\nb', 'a@@b', '\ud800'];
const name = mostly(fc.constantFrom(...NAMES), ...OTHER_NAMES);
const texts = mostly(fc.string(), '\ud800', 'x'.repeat(METADATA_MAX_BYTES));
const keys = fc.oneof(
  { weight: 20, arbitrary: fc.string() },
  fc.constantFrom('', '__proto__', 'q"', 'b\\s', 'toString'),
);

/** Registrations that are right, nearly right and quite wrong, each member by itself. */
const definitions = fc
  .tuple(
    fc.record({
      address: mostly(fc.ipV4(), '999.1.1.1', '1.2.3', 'web-1', '::1', '1.2.3.4.5', '01.2.3.4', '1.2.3.4 '),
      port: mostly(fc.integer({ min: 1, max: 65_535 }), 0, 65_536, '80'),
    }),
    fc.record(
      {
        cluster: name,
        node: name,
        weight: mostly(fc.constantFrom(0, 0.5, 1, WEIGHT_MAX), WEIGHT_MAX + 1, -0),
        status: mostly(fc.constant('up'), 'down', 'starting', 'Up'),
        ephemeral: mostly(fc.constant(true), false),
        metadata: mostly(fc.dictionary(keys, texts)),
        tags: mostly(fc.array(name)),
        version: name,
        incarnation: name,
        lease: mostly(
          fc.record(
            { ttlMs: fc.integer({ min: 1_000, max: 60_000 }), intervalMs: fc.nat(5_000) },
            { requiredKeys: [] },
          ),
          { ttlMs: 5 },
          { removeAfterMs: null },
        ),
      },
      { requiredKeys: [] },
    ),
    mostly(
      fc.constant({}),
      { url: 'https://a.example' },
      { location: {} },
      { ports: {} },
      { extensions: {} },
      { more: 1 },
    ),
  )
  .map(([place, members, others]): object => JSON.parse(JSON.stringify({ ...place, ...members, ...Object(others) })));

describe('plainRegistration', () => {
  it('never says anything else than the schema', () => {
    const parts = fc.record({ op: mostly(fc.constant('register'), 'update'), service: name, id: name });
    const more = fc.record(
      { group: name, ifAbsent: fc.constantFrom(true, false), ifRevision: fc.nat() },
      { requiredKeys: [] },
    );
    let known = 0;
    fc.assert(
      fc.property(
        parts,
        mostly(fc.constant({}), { group: 'g' }),
        more,
        fc.boolean(),
        definitions,
        (named, group, rest, all, body) => {
          const operation = { ...body, ...Object(group), ...(all ? rest : {}), ...named };
          const plain = plainRegistration(operation);
          if (plain === undefined) return;
          known += 1;
          expect(plain).toStrictEqual(WholeRegistration.parse(operation));
        },
      ),
      { numRuns: 2_000 },
    );
    expect(known).toBeGreaterThan(50);
  });
});

describe('plainDefinition', () => {
  it('knows what most registrations are', () => {
    for (const body of [
      PLACE,
      { ...PLACE, metadata: { b: '1', a: '2' }, tags: ['blue'], weight: 2, status: 'up', ephemeral: true },
      { ...PLACE, cluster: 'c', node: 'n', version: '1.0', incarnation: 'i', lease: { ttlMs: 5_000 } },
    ]) {
      expect(plainDefinition(body)).toStrictEqual(WholeDefinition.parse(body));
    }
  });

  it('never says anything else than the schema', () => {
    let known = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          definitions,
          definitions.map((each) => ({ ...each, ...PLACE })),
          odd,
        ),
        (body) => {
          const plain = plainDefinition(body);
          if (plain === undefined) return;
          known += 1;
          expect(plain).toStrictEqual(WholeDefinition.parse(body));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(known).toBeGreaterThan(100);
  });

  it('leaves to the schema what is over a limit, and whatever it does not know', () => {
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
      { node: 'x'.repeat(BODY_MAX_BYTES) },
    ]) {
      expect(plainDefinition({ ...PLACE, ...more }), JSON.stringify(more).slice(0, 80)).toBeUndefined();
    }
    for (const value of [null, [], 'x', 1, undefined, [PLACE]]) expect(plainDefinition(value)).toBeUndefined();
  });
});
