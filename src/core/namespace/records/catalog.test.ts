import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../../test/fixtures/definition';
import { applyStaged, stageLines } from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import { RegistryError } from '../../../model/errors';
import type { Caller } from '../../../model/namespace-api';
import type { NamespaceState } from '../state';
import {
  Catalog,
  compare,
  Holdings,
  missingInstance,
  missingOverride,
  missingService,
  unknownInstance,
} from './catalog';
import { ENTRY_FLAGS, isAvailable, isHealthy } from './catalog-entries';
import { findRecord } from './record-kinds';

const OVERRIDE = { override: { weight: 2 }, actor: 'operator', updatedAt: 0 };
const OWN = { definition: { metadata: {}, protectThreshold: 0 }, createdRevision: 1 };

describe('Catalog', () => {
  it('counts instances and the text of all records through additions, changes and removals', () => {
    const catalog = new Catalog();
    const service = catalog.serviceFor(ORDERS);
    const entry = catalog.putInstance(service, 'a', '12345', 1, 0);
    catalog.putInstance(service, 'b', '123', 2, 0);
    expect([catalog.instanceCount, catalog.size]).toEqual([2, 8]);
    expect(catalog.putInstance(service, 'a', '1', 3, ENTRY_FLAGS.healthy)).toBe(entry);
    expect(entry).toMatchObject({ text: '1', revision: 3, flags: ENTRY_FLAGS.healthy, lease: -1 });
    expect([catalog.instanceCount, catalog.size]).toEqual([2, 4]);
    catalog.removeInstance(entry);
    expect([catalog.instanceCount, catalog.size]).toEqual([1, 3]);
  });

  it('counts overrides and explicit services in the same way', () => {
    const catalog = new Catalog();
    const service = catalog.serviceFor(ORDERS);
    catalog.putOverride(service, 'a', '1234', 1, OVERRIDE);
    catalog.putOverride(service, 'a', '12', 2, OVERRIDE);
    catalog.setOwn(service, { text: '123456', record: OWN, revision: 3 });
    catalog.setOwn(service, { text: '12345', record: OWN, revision: 4 });
    expect([catalog.overrideCount, catalog.ownServiceCount, catalog.size]).toEqual([1, 1, 7]);
    catalog.removeOverride(service, 'a');
    catalog.removeOverride(service, 'a');
    catalog.setOwn(service, undefined);
    catalog.setOwn(service, undefined);
    expect([catalog.overrideCount, catalog.ownServiceCount, catalog.size]).toEqual([0, 0, 0]);
  });

  it('finds each record by its kind', () => {
    const catalog = new Catalog();
    const service = catalog.serviceFor(ORDERS);
    catalog.putInstance(service, 'a', 'instance', 1, 0);
    catalog.putOverride(service, 'a', 'override', 2, OVERRIDE);
    catalog.setOwn(service, { text: 'service', record: OWN, revision: 3 });
    for (const kind of ['instance', 'override', 'service'] as const) {
      expect(findRecord(catalog, { kind, ...key('a') })?.text).toBe(kind);
      expect(findRecord(catalog, { kind, ...key('a'), group: 'other' })).toBeUndefined();
      expect(findRecord(catalog, { kind, ...key('a'), service: 'other' })).toBeUndefined();
    }
    expect(catalog.instance(key('b'))).toBeUndefined();
    expect(catalog.override(key('b'))).toBeUndefined();
  });

  it('[V6] lists services by name, then group, including new ones and without forgotten ones', () => {
    const catalog = new Catalog();
    const names = () => catalog.services().map(({ group, name }) => `${name} ${group}`);
    for (const [group, service] of [
      ['b', 'orders'],
      ['a', 'users'],
      ['a', 'orders'],
    ] as const)
      catalog.serviceFor({ group, service });
    expect(names()).toEqual(['orders a', 'orders b', 'users a']);
    const added = catalog.serviceFor({ group: 'a', service: 'billing' });
    expect(names()).toEqual(['billing a', 'orders a', 'orders b', 'users a']);
    catalog.forget(added);
    expect(names()).toEqual(['orders a', 'orders b', 'users a']);
    expect(catalog.service({ group: 'a', service: 'billing' })).toBeUndefined();
  });

  it('[J3] counts removed services until it forgets them', () => {
    const catalog = new Catalog();
    const service = catalog.serviceFor(ORDERS);
    const entry = catalog.putInstance(service, 'a', '1', 1, 0);
    expect(catalog.removedCount).toBe(0);
    catalog.removeInstance(entry);
    expect(catalog.removedCount).toBe(1);
    catalog.forget(service);
    catalog.forget(service);
    expect(catalog.removedCount).toBe(0);
  });

  it('[R12] keeps a removed service, so that its revision is not forgotten', () => {
    const catalog = new Catalog();
    const service = catalog.serviceFor(ORDERS);
    expect(service.exists).toBe(false);
    const entry = catalog.putInstance(service, 'a', '1', 1, 0);
    expect(service.exists).toBe(true);
    catalog.removeInstance(entry);
    catalog.putOverride(service, 'a', '1', 1, OVERRIDE);
    expect(service.exists).toBe(false);
    expect(catalog.serviceFor(ORDERS)).toBe(service);
    catalog.setOwn(service, { text: '', record: OWN, revision: 1 });
    expect(service.exists).toBe(true);
  });
});

it('[V1] isAvailable requires health, and that nothing else prevents traffic', () => {
  const catalog = new Catalog();
  const { healthy, eligible, willing } = ENTRY_FLAGS;
  const entry = (flags: number) => catalog.putInstance(catalog.serviceFor(ORDERS), 'a', '', 1, flags);
  expect(
    [healthy | eligible | willing, healthy | willing, eligible | willing, 0].map((flags) => isAvailable(entry(flags))),
  ).toEqual([true, false, false, false]);
  expect(isHealthy(entry(healthy))).toBe(true);
  expect(isHealthy(entry(eligible | willing))).toBe(false);
});

it('[V6] compare orders by code unit', () => {
  const names = ['b', 'a', 'B', '', 'é', '9', '10', 'a'];
  expect(names.toSorted(compare)).toEqual(names.toSorted());
});

/** The same sums, recounted from all records. */
function counted({ catalog }: NamespaceState): Record<string, { instances: number; services: number; bytes: number }> {
  const sums: Record<string, { instances: number; services: number; bytes: number }> = {};
  const add = (token: string, instances: number, services: number, bytes: number) => {
    sums[token] ??= { instances: 0, services: 0, bytes: 0 };
    const sum = sums[token];
    sum.instances += instances;
    sum.services += services;
    sum.bytes += bytes;
  };
  for (const service of catalog.services()) {
    if (service.exists) add(service.creator?.token ?? '', 0, 1, 0);
    if (service.own !== undefined) add(service.own.record.actor ?? '', 0, 0, service.own.text.length);
    for (const { text, record } of service.overrides.values()) add(record.actor, 0, 0, text.length);
    for (const { text } of service.instances.values()) add(JSON.parse(text).owner, 1, 0, text.length);
  }
  return sums;
}

const held = ({ catalog }: NamespaceState) =>
  Object.fromEntries([...catalog.holdings.all()].map(({ token, ...sums }) => [token, sums]));

const CALLERS: [Caller, ...Caller[]] = [OWNER, STRANGER, OPERATOR];

/** Performs one operation of a token. */
async function step({ api }: NodeNamespace, random: SeededRandom): Promise<void> {
  const by = random.pick(CALLERS);
  const service = random.pick(['orders', 'users', 'carts']);
  const at = { ...key(random.pick(['a', 'b', 'c'])), service };
  const named = { key: at, precondition: {} };
  const metadata = { note: 'x'.repeat(random.whole(0, 40)) };
  const register = { op: 'register', ...named, definition: definition({ metadata }) } as const;
  const acts = {
    register: () => api.register(by, { ...named, definition: definition({ metadata, lease: { ttlMs: 1_000 } }) }),
    lasting: () => api.register(by, register),
    patch: () => api.patch(by, { ...named, patch: { metadata } }),
    deregister: () => api.deregister(by, named),
    override: () => api.putOverride(by, { ...named, override: { weight: random.whole(0, 9) } }),
    clear: () => api.clearOverride(by, named),
    put: () =>
      api.putService(by, { ...ORDERS, service, precondition: {}, definition: { metadata, protectThreshold: 0 } }),
    remove: () => api.removeService(by, { ...ORDERS, service, precondition: {}, force: true }),
    drain: () => api.drain(by, { key: at, waitMs: 0, graceMs: 1_000 }),
    refused: () =>
      api.batch(by, [register, { op: 'update', key: key('gone'), patch: { weight: 1 }, precondition: {} }]),
    rollback: () => api.rollback(by, { ...ORDERS, service, to: new Date(1_893_456_000_000).toISOString() }),
  };
  const weights = {
    register: 5,
    lasting: 5,
    patch: 4,
    deregister: 2,
    override: 4,
    clear: 2,
    put: 3,
    remove: 1,
    drain: 1,
    refused: 2,
    rollback: 1,
  };
  try {
    await acts[random.weighted(weights)]();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
}

describe('Holdings', () => {
  it('forget a token that holds nothing', () => {
    const holdings = new Holdings();
    holdings.add('small', 1, 1, 10);
    holdings.add('large', 1, 0, 30);
    holdings.add('gone', 1, 0, 20);
    holdings.take(holdings.add('gone', 0, 0, 0), 1, 0, 20);
    expect([...holdings.all()]).toEqual([
      { token: 'small', instances: 1, services: 1, bytes: 10 },
      { token: 'large', instances: 1, services: 0, bytes: 30 },
    ]);
    expect(holdings.of('gone').bytes).toBe(0);
  });

  it.each([1, 2, 3])('[N27] match the records through every operation, and after a wake (seed %i)', async (seed) => {
    const namespace = new NodeNamespace();
    const random = new SeededRandom(seed);
    for (let count = 0; count < 300; count++) {
      await step(namespace, random);
      if (random.chance(0.1)) namespace.platform.jump(random.whole(1, 40_000));
      expect(held(namespace.state), `step ${count}`).toEqual(counted(namespace.state));
    }
    const before = held(namespace.state);
    await namespace.restart();
    expect(held(namespace.state)).toEqual(counted(namespace.state));
    const withoutServices = (sums: typeof before) =>
      Object.entries(sums)
        .map(([token, { instances, bytes }]) => [token, instances, bytes])
        .sort();
    expect(withoutServices(held(namespace.state))).toEqual(withoutServices(before));
  });

  it('[N27] follow an import that changes the owner of an instance', async () => {
    const namespace = new NodeNamespace();
    const { api } = namespace;
    await api.register(OWNER, { key: key('a'), definition: definition(), precondition: {} });
    const line = {
      kind: 'instance',
      group: 'DEFAULT_GROUP',
      service: 'orders',
      id: 'a',
      owner: 'other',
      address: '10.0.0.1',
      port: 1,
    };
    await applyStaged(api, await stageLines(api, [line]), 'merge');
    expect(held(namespace.state)).toEqual(counted(namespace.state));
    expect(namespace.state.catalog.holdings.of('owner').instances).toBe(0);
  });
});

it('errors say what is missing and how to fix it', () => {
  for (const [error, code, words] of [
    [missingInstance(key('a')), 'INSTANCE_NOT_FOUND', ['"a"', '"orders"', '"DEFAULT_GROUP"', 'register it again']],
    [unknownInstance(key('a'), undefined), 'INSTANCE_NOT_FOUND', ['"a"', 'register it again']],
    [unknownInstance(key('a'), '2030-01-01T00:00:00.000Z'), 'INSTANCE_NOT_FOUND', ['"a"', 'restored at 2030-01-01T']],
    [missingOverride(key('a')), 'INSTANCE_NOT_FOUND', ['"a"', '"orders"', 'PUT an override']],
    [missingService(key('a')), 'SERVICE_NOT_FOUND', ['"orders"', '"DEFAULT_GROUP"', 'PUT the service']],
  ] as const) {
    expect(error.code, error.message).toBe(code);
    for (const word of words) expect(error.message, error.message).toContain(word);
  }
});

it('quotes names from outside, and truncates long ones', () => {
  const { message } = missingInstance({ ...key('x'.repeat(10_000)), service: 'a\n"b"' });
  expect(message.length).toBeLessThan(400);
  expect(message).toContain(String.raw`"a\n\"b\""`);
});
