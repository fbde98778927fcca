import { describe, expect, it } from 'vitest';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { Catalog, compare, ENTRY_FLAGS, isAvailable, isHealthy } from './catalog';
import { findRecord } from './record-kinds';

const OVERRIDE = { override: { weight: 2 }, actor: 'operator', updatedAt: 0 };
const OWN = { definition: { metadata: {}, protectThreshold: 0 }, createdRevision: 1 };

describe('Catalog', () => {
  it('counts instances and the text of all records, as they come, change and go', () => {
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

  it('counts overrides and services of their own likewise', () => {
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

  it('[V6] gives services by name, then group, also after one is new or forgotten', () => {
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

  it('[J3] counts the services that are gone, until it forgets them', () => {
    const catalog = new Catalog();
    const service = catalog.serviceFor(ORDERS);
    const entry = catalog.putInstance(service, 'a', '1', 1, 0);
    expect(catalog.goneCount).toBe(0);
    catalog.removeInstance(entry);
    expect(catalog.goneCount).toBe(1);
    catalog.forget(service);
    catalog.forget(service);
    expect(catalog.goneCount).toBe(0);
  });

  it('[R12] keeps a service that does not exist, so that its revision is not forgotten', () => {
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

it('[V1] isAvailable asks for health and that nothing else is in the way', () => {
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
