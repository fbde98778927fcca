import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { settle } from '../../../../test/simulation/virtual-time';
import type { InstanceDefinitionInput } from '../../../model/instance';
import { OVERRIDE_LINGER_MS } from '../../../model/limits';
import { renew } from '../commit/commit';
import { isAvailable, isHealthy } from './catalog-entries';
import { renewalsOf } from './instance-kind';
import type { RecordRow } from './record-kind';
import { readRecordRows } from './record-row';

const TEN_MINUTES = START + OVERRIDE_LINGER_MS;

/** The stored row of an instance. */
async function rowOf(awake: AwakeNamespace, id: string): Promise<RecordRow | undefined> {
  await settle();
  return [...readRecordRows(awake.platform.storage)].find((row) => row.kind === 'instance' && row.id === id);
}

/** Puts an instance without renewing it. */
const change = (awake: AwakeNamespace, input: Partial<InstanceDefinitionInput>, kept = {}) =>
  awake.commit((draft) => draft.putInstance(key('a'), instanceRecord(input, kept), 'updated', false));

describe('applying an instance', () => {
  it('[S2] writes a row with everything a wake needs', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    expect(await rowOf(awake, 'a')).toMatchObject({
      revision: 1,
      flags: 3,
      lease: 0,
      leaseTerms: null,
      timedAt: START,
    });
    awake.put('b', { lease: { ttlMs: 5_000, removeAfterMs: null, firstRemoveAfterMs: 9_000 }, status: 'down' });
    const terms = { ttlMs: 5_000, removeAfterMs: null, intervalMs: 1_666, firstRemoveAfterMs: 9_000 };
    const row = await rowOf(awake, 'b');
    expect(row).toMatchObject({ flags: 9, lease: 1 });
    expect(JSON.parse(row?.leaseTerms ?? '')).toEqual(terms);
    awake.put('c', { ephemeral: false });
    expect(await rowOf(awake, 'c')).toMatchObject({ flags: 3, lease: null, leaseTerms: null });
  });

  it('[R8] without a renewal keeps its lease, and stores the time of its last renewal', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(5_000);
    change(awake, { weight: 2 });
    expect(await rowOf(awake, 'a')).toMatchObject({ revision: 2, timedAt: START });
    expect(awake.state.leases.ttlEndsAt(0)).toBe(START + 30_000);
  });

  it('makes only a new one wait for its first renewal', async () => {
    const awake = new AwakeNamespace();
    const lease = { ttlMs: 5_000, removeAfterMs: 10_000, firstRemoveAfterMs: 90_000 };
    awake.put('a', { lease });
    change(awake, { lease, weight: 2 });
    expect(awake.state.leases.awaitsFirstRenewal(0)).toBe(true);
    expect((await rowOf(awake, 'a'))?.flags).toBe(3 | 8);
    awake.put('a', { lease, weight: 3 });
    expect(awake.state.leases.awaitsFirstRenewal(0)).toBe(false);
    expect((await rowOf(awake, 'a'))?.flags).toBe(3);
  });

  it('[R10] removes its lease if it no longer has one, and grants one if it does', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('a', { ephemeral: false });
    expect(awake.state.leases.size).toBe(0);
    expect(awake.state.catalog.instance(key('a'))).toMatchObject({ lease: -1, terms: null });
    awake.put('a', { lease: { ttlMs: 7_000 } });
    expect(awake.state.leases.size).toBe(1);
    expect(awake.state.catalog.instance(key('a'))?.terms).toMatchObject({ ttlMs: 7_000 });
  });

  it('[R9] that was removed frees its lease, and leaves a head with its revision', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.platform.jump(5_000);
    awake.remove('a');
    expect(awake.state.leases.size).toBe(1);
    expect(await rowOf(awake, 'a')).toMatchObject({ value: null, revision: 3, lease: null, timedAt: START + 5_000 });
    expect(awake.state.catalog.service(ORDERS)).toMatchObject({ revision: 3, hasHeads: true });
    expect(awake.state.agenda.take(TEN_MINUTES + 5_000, 9)).toEqual([]);
  });

  it('[L1, L12] counts instances that turned unhealthy, recovered and expired', () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    change(awake, {}, { healthy: false });
    change(awake, { weight: 2 }, { healthy: false });
    change(awake, {}, { healthy: true });
    awake.commit((draft) => draft.removeInstance(key('b'), 'expired'));
    awake.remove('a');
    expect(awake.state.counters).toMatchObject({ unhealthy: 1, recovered: 1, removed: { expired: 1 } });
  });

  it('[O6] that drains puts the end of the drain on the agenda', () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { drainEndsAt: START + 500 });
    expect(awake.state.agenda.take(START + 499, 9)).toEqual([]);
    expect(awake.state.agenda.take(START + 500, 9)).toEqual([{ kind: 'drain', key: key('a') }]);
  });
});

describe('applying an override', () => {
  const entryOf = ({ state }: AwakeNamespace) => state.catalog.instance(key('a'));

  it('[V1, O1] decides whether its instance is available, in either order', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const available = () => {
      const entry = entryOf(awake);
      return entry !== undefined && isAvailable(entry) && isHealthy(entry);
    };
    expect(available()).toBe(true);
    awake.override('a', { enabled: false });
    expect(available()).toBe(false);
    awake.put('a', { weight: 3 });
    expect(available()).toBe(false);
    awake.remove('a');
    awake.put('a');
    expect(available()).toBe(false);
    awake.override('a', { weight: 2 });
    expect(available()).toBe(true);
    awake.override('a', { quarantine: {} });
    awake.commit((draft) => draft.putOverride(key('a'), null, 'overridden'));
    expect(available()).toBe(true);
  });

  it('[O5] with an end puts it on the agenda', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    awake.override('a', { quarantine: { until: '2030-01-01T00:01:00Z' } });
    expect(awake.state.agenda.take(START + 60_000, 9)).toEqual([{ kind: 'quarantine', key: key('a') }]);
  });

  it('[O3] lingers for ten minutes after its instance is removed, counted again when it is set then', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.override('a', { weight: 2 });
    awake.remove('a');
    expect(awake.state.agenda.earliestDeadline).toBe(TEN_MINUTES);
    awake.platform.jump(1_000);
    awake.override('a', { weight: 3 });
    expect(awake.state.agenda.take(TEN_MINUTES, 9)).toEqual([]);
    expect(awake.state.agenda.take(TEN_MINUTES + 1_000, 9)).toEqual([{ kind: 'linger', key: key('a') }]);
  });
});

describe('applying a service', () => {
  it('[R12] adds or removes its own settings', () => {
    const awake = new AwakeNamespace();
    const record = { definition: { metadata: {}, protectThreshold: 0.5 }, createdRevision: 1 };
    awake.commit((draft) => draft.putService(ORDERS, record, 'registered'));
    expect(awake.state.catalog.service(ORDERS)).toMatchObject({
      exists: true,
      revision: 1,
      own: { record, revision: 1 },
    });
    awake.commit((draft) => draft.putService(ORDERS, null, 'deregistered'));
    expect(awake.state.catalog.service(ORDERS)).toMatchObject({ exists: false, revision: 2, own: undefined });
  });
});

function begin(input = {}) {
  const awake = new AwakeNamespace();
  awake.platform.jump(500);
  awake.put('a', input, { registeredAt: START + 500 });
  const entry = awake.state.catalog.instance(key('a'));
  if (entry === undefined) throw new Error('it was just put');
  return { awake, entry };
}

describe('renewalsOf', () => {
  it('[J8] returns the last renewal and the longest gap, in wall clock time', () => {
    const { awake, entry } = begin();
    for (const ms of [100, 900, 300]) {
      awake.platform.jump(ms);
      renew(awake.state, entry, awake.state.time.now());
    }
    expect(renewalsOf(awake.state, entry)).toEqual({
      lastAt: START + 1_800,
      longestGapMs: 900,
      gapsSince: START + 500,
    });
  });

  it('[J8] counts a registration as a renewal', () => {
    const { awake, entry } = begin();
    awake.platform.jump(700);
    awake.put('a', { weight: 2 }, { registeredAt: START + 500 });
    expect(renewalsOf(awake.state, entry)).toMatchObject({ lastAt: START + 1_200, longestGapMs: 700 });
  });

  it('returns undefined for an instance without a lease', () => {
    const { awake, entry } = begin({ ephemeral: false });
    expect(renewalsOf(awake.state, entry)).toBeUndefined();
  });
});
