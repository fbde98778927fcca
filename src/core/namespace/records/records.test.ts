import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definition } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { InstanceDefinition } from '../../../model/instance';
import { isPlainKey } from '../../../model/json';
import { grantLease } from '../../../model/lease';
import {
  addressMatcher,
  DEFAULT_LEASE,
  decodeInstance,
  decodeOverride,
  decodeService,
  definitionText,
  documentIn,
  encodeInstance,
  encodeOverride,
  encodeService,
  holdsDefinition,
  INSTANCE_FLAGS,
  type InstanceRecord,
  instanceFlags,
  LeaseTerms,
  leaseText,
  withHealth,
} from './records';

/**
 * Without backslashes: V8 may take an escaped key for one it has seen that begins with a backslash, so that what is read
 * is not what was written (https://github.com/nodejs/node/issues/63785).
 */
const name = fc.stringMatching(/^[a-z0-9" é🦀]{1,8}$/u);
const key = name.filter(isPlainKey);
const strings = fc.dictionary(key, name, { maxKeys: 4, noNullPrototype: true });
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

/** Any JSON, but without backslashes, and without the one key that a registration may not have. */
const json = fc.json().filter((text) => !text.includes('\\') && !text.includes('__proto__'));

/** Any body of a registration, as its schema returns it. */
const definitions = fc
  .record({
    address: fc.constantFrom('10.0.0.1', 'fd00::7', 'orders.example'),
    port: fc.integer({ min: 1, max: 65_535 }),
    url: optional(fc.constant('https://orders.example')),
    cluster: optional(name),
    node: optional(name),
    weight: optional(fc.constantFrom(0, 1, 2.5)),
    status: optional(fc.constantFrom('up' as const, 'down' as const)),
    metadata: optional(strings),
    tags: optional(fc.array(name, { maxLength: 3 })),
    version: optional(name),
    incarnation: optional(name),
    location: optional(fc.constantFrom({ zone: 'eu-1' }, { latitude: 1, longitude: -2 })),
    ports: optional(fc.dictionary(key, fc.constant({ port: 1 }), { maxKeys: 2, noNullPrototype: true })),
    extensions: optional(
      fc.dictionary(
        key,
        json.map((text) => JSON.parse(text)),
        { maxKeys: 2, noNullPrototype: true },
      ),
    ),
    lease: optional(
      fc.constantFrom(
        { ttlMs: 30_000 },
        { ttlMs: 5_000, removeAfterMs: null },
        { ttlMs: 5_000, removeAfterMs: 9_000, firstRemoveAfterMs: 50_000 },
      ),
    ),
  })
  .map((body) => InstanceDefinition.parse(body));

const times = fc.integer({ min: 1, max: 2 ** 45 });
const kept = fc.record<Partial<InstanceRecord>>({
  place: optional(fc.constant({ colo: 'TXL', latitude: 52.5, longitude: 13.4 })),
  owner: name,
  createdRevision: times,
  changes: fc.integer({ min: 1, max: 9 }),
  registeredAt: times,
  updatedAt: times,
  healthy: fc.boolean(),
  healthChangedAt: fc.array(times, { maxLength: 3 }),
  drainEndsAt: optional(times),
});
const records = fc
  .tuple(definitions, kept)
  .map(([given, rest]) => ({ ...instanceRecord({}, rest), definition: given }));

describe('encodeInstance', () => {
  it('[S2] reads back as written', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(decodeInstance(encodeInstance(record))).toEqual(record);
      }),
    );
  });

  it('omits defaults, because a hundred thousand of these are in memory', () => {
    expect(encodeInstance(instanceRecord())).toBe(
      '{"definition":{"address":"10.0.0.1","port":8080},"owner":"owner","createdRevision":1,"registeredAt":1893456000000}',
    );
  });

  it('[R10] stores the absence of a lease', () => {
    expect(decodeInstance(encodeInstance(instanceRecord({ ephemeral: false }))).definition).toMatchObject({
      ephemeral: false,
      lease: null,
    });
  });
});

describe('definitionText', () => {
  it('[R2] is the same whatever the order of members and of metadata', () => {
    fc.assert(
      fc.property(strings, strings, (metadata, ports) => {
        const backwards = Object.fromEntries(Object.entries(metadata).reverse());
        const named = Object.keys(ports).map((key): [string, { port: number }] => [key, { port: 1 }]);
        const one = definition({ weight: 2, metadata, ports: Object.fromEntries(named) });
        const other = definition({ ports: Object.fromEntries(named.reverse()), metadata: backwards, weight: 2 });
        expect(definitionText(one)).toBe(definitionText(other));
      }),
    );
  });
});

describe('holdsDefinition', () => {
  it('[R2] recognizes the definition a text was made from', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(holdsDefinition(encodeInstance(record), record.definition)).toBe(true);
      }),
    );
  });

  it('[R3] recognizes no other', () => {
    fc.assert(
      fc.property(records, definitions, (record, other) => {
        const same = definitionText(record.definition) === definitionText(other);
        expect(holdsDefinition(encodeInstance(record), other)).toBe(same);
      }),
    );
    const text = encodeInstance(instanceRecord({ port: 80, tags: ['a'] }));
    expect(holdsDefinition(text, definition({ port: 80 }))).toBe(false);
    expect(holdsDefinition(text, definition({ port: 8, tags: ['a'] }))).toBe(false);
  });
});

describe('addressMatcher', () => {
  it('[R11] compares the whole address and the port', () => {
    for (const [input, address, port, expected] of [
      [{}, '10.0.0.1', 8080, true],
      [{}, '10.0.0.1', 808, false],
      [{}, '10.0.0.1', 80_801, false],
      [{}, '10.0.0.10', 8080, false],
      [{ metadata: { a: 'b' } }, '10.0.0.1', 8080, true],
      [{ address: 'orders.example' }, 'orders.example', 8080, true],
      [{}, '10.0.0.1', undefined, false],
      [{ port: undefined, url: 'https://a.example' }, '10.0.0.1', undefined, true],
      [{ port: undefined, url: 'https://a.example' }, '10.0.0.1', 8080, false],
    ] as const) {
      expect(
        addressMatcher(address, port)(encodeInstance(instanceRecord(input))),
        JSON.stringify([input, address, port]),
      ).toBe(expected);
    }
  });
});

describe('documentIn', () => {
  const id = '0123456789abcdef'.repeat(4);

  it('[X11] returns the document that a record names, whatever its other members', () => {
    const whole = { healthy: false, session: 's', drainEndsAt: 1, document: id };
    expect(documentIn(encodeInstance(instanceRecord({}, { document: id })))).toBe(id);
    expect(documentIn(encodeInstance(instanceRecord({}, whole)))).toBe(id);
    expect(decodeInstance(encodeInstance(instanceRecord({}, whole))).document).toBe(id);
  });

  it('[X11] returns none that the record doesn’t name', () => {
    for (const record of [
      instanceRecord(),
      instanceRecord({ metadata: { document: id }, extensions: { x: { document: id } } }),
      instanceRecord({}, { session: `","document":"${id}` }),
      instanceRecord({}, { session: id }),
    ]) {
      expect(documentIn(encodeInstance(record)), JSON.stringify(record)).toBeUndefined();
    }
  });
});

describe('instanceFlags', () => {
  const { healthy, willing } = INSTANCE_FLAGS;

  it('[V1] are health and readiness for traffic', () => {
    for (const [record, flags] of [
      [instanceRecord(), healthy | willing],
      [instanceRecord({}, { healthy: false }), willing],
      [instanceRecord({ weight: 0 }), healthy],
      [instanceRecord({ status: 'starting' }), healthy],
      [instanceRecord({}, { drainEndsAt: 1 }), healthy],
      [instanceRecord({ status: 'down' }, { healthy: false }), 0],
    ] as const) {
      expect(instanceFlags(record), JSON.stringify(record)).toBe(flags);
    }
  });
});

it('overrides and services read back as written', () => {
  const override = { override: { weight: 2, metadata: { a: 'b' } }, actor: 'operator', updatedAt: 5 };
  expect(decodeOverride(encodeOverride(override))).toEqual(override);
  const service = {
    definition: { metadata: { a: 'b' }, protectThreshold: 0.5, selector: undefined },
    createdRevision: 3,
  };
  expect(decodeService(encodeService(service))).toEqual(service);
});

it('[L12, L13] withHealth changes the record, and stores the last three changes of health', () => {
  const before = instanceRecord({ weight: 2 }, { changes: 4 });
  let record = before;
  for (const stamp of [10, 20, 30, 40]) record = withHealth(record, !record.healthy, stamp);
  expect(record).toEqual({ ...before, healthy: true, changes: 8, updatedAt: 40, healthChangedAt: [20, 30, 40] });
  expect(before.healthChangedAt).toEqual([]);
});

describe('leaseText', () => {
  it('is null for a registration without lease settings', () => {
    expect(leaseText(grantLease(undefined))).toBeNull();
    expect(new LeaseTerms().read(null)).toBe(DEFAULT_LEASE);
  });

  it('distinguishes other settings from the default', () => {
    for (const request of [
      { ttlMs: 30_001 },
      { removeAfterMs: null },
      { intervalMs: 1 },
      { firstRemoveAfterMs: 90_000 },
    ]) {
      const lease = grantLease(request);
      expect(new LeaseTerms().read(leaseText(lease)), JSON.stringify(request)).toEqual(lease);
    }
  });
});

describe('LeaseTerms', () => {
  it('stores equal terms once, whatever the number of leases', () => {
    const terms = new LeaseTerms();
    const text = leaseText(grantLease({ ttlMs: 15_000, removeAfterMs: 30_000 }));
    expect(terms.read(text)).toBe(terms.read(text));
  });

  it('accepts a large number of different terms', () => {
    const terms = new LeaseTerms();
    for (let ttlMs = 1_000; ttlMs < 4_000; ttlMs++) {
      expect(terms.read(leaseText(grantLease({ ttlMs }))).ttlMs).toBe(ttlMs);
    }
  });
});
