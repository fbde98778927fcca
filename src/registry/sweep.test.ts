import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../test/fixtures/definition';
import { START } from '../../test/fixtures/hand-platform';
import { instanceRecord } from '../../test/fixtures/instance-record';
import {
  DEAFNESS_LATENESS_MS,
  OVERRIDE_LINGER_MS,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SWEEP_SLICE_MAX_COUNT,
} from '../model/limits';
import { isHealthy } from './catalog';
import { readCheckpoint } from './checkpoints';
import { drain } from './commands/drain';
import { recover } from './commands/recover';
import { renew } from './commit';
import { forgiveSilence, sweep } from './sweep';

const LONG = { ttlMs: 30_000, removeAfterMs: 60_000 };

/** Sweeps at a time after the start, as if the clock had just come there. */
function sweepAt(awake: AwakeNamespace, ms: number, service?: string): boolean {
  awake.platform.jump(START + ms - awake.platform.clock.now());
  const { catalog, time } = awake.state;
  return sweep(awake.state, time.now(), service === undefined ? undefined : catalog.service({ ...ORDERS, service }));
}

/** Registers many instances at once. */
const putMany = (awake: AwakeNamespace, service: string, count: number, input = {}) =>
  awake.commit((draft) => {
    const record = instanceRecord(input);
    for (let index = 0; index < count; index++)
      draft.putInstance({ ...key(`i-${index}`), service }, record, 'registered', true);
  });

describe('sweep', () => {
  it('does nothing while nothing is due', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    expect(sweepAt(awake, 29_999)).toBe(false);
    expect(await awake.story(1)).toEqual([]);
  });

  it('[L1, J1] ends what is due as one revision for each way to end, by the registry itself', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.put('c d', { lease: LONG });
    expect(sweepAt(awake, 30_000)).toBe(false);
    expect(await awake.story(4)).toEqual(['expired a b', 'unhealthy c d']);
    expect((await awake.journal(4)).map(({ actor }) => actor)).toEqual(['registry', 'registry']);
    expect(sweepAt(awake, 30_000)).toBe(false);
    expect(sweepAt(awake, 60_000)).toBe(false);
    expect(await awake.story(6)).toEqual(['expired c d']);
  });

  it('[I8] writes k + 1 rows for k that end in the same way', async () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', 40);
    await awake.journal();
    awake.platform.storage.takeWritten();
    sweepAt(awake, 30_000);
    await awake.journal();
    expect(awake.platform.storage.takeWritten()).toEqual({ 'insert record': 40, 'insert journal': 1 });
  });

  it('[L14] ends a slice at a time, and says that more is due', () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', 2 * SWEEP_SLICE_MAX_COUNT + 1);
    const left: number[] = [];
    while (sweepAt(awake, 30_000)) left.push(awake.ids().length);
    expect(left).toEqual([SWEEP_SLICE_MAX_COUNT + 1, 1]);
    expect(awake.ids()).toEqual([]);
  });

  it('[L3] ends all of the service that comes first, whatever the slice', () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', SWEEP_SLICE_MAX_COUNT + 10);
    putMany(awake, 'users', SWEEP_SLICE_MAX_COUNT + 10, { lease: LONG });
    expect(sweepAt(awake, 30_000, 'users')).toBe(true);
    expect(awake.ids('orders')).toHaveLength(10);
    const users = awake.state.catalog.service({ ...ORDERS, service: 'users' })?.instances.values() ?? [];
    expect([...users].filter(isHealthy)).toEqual([]);
  });

  it('[R15] goes on in a namespace that is full: health and drains take no room', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: LONG });
    awake.put('b', {}, { drainEndsAt: START + 60_000 });
    const { catalog } = awake.state;
    const text = 'x'.repeat(RECORDS_PER_NAMESPACE_MAX_BYTES - catalog.size);
    catalog.putInstance(catalog.serviceFor({ ...ORDERS, service: 'users' }), 'large', text, 1, 0);
    expect(sweepAt(awake, 30_000)).toBe(false);
    expect(await awake.story(2)).toEqual(['expired b', 'unhealthy a']);
    awake.commit((draft) => recover(draft, key('a')));
    awake.commit((draft) => drain(draft, { tokenId: 'operator', operates: true }, key('a'), 500));
    expect(await awake.story(4)).toEqual(['recovered a', 'drained a a']);
  });

  it('[L11] leaves the earliest deadline exact', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('b', { lease: { ttlMs: 45_000 } });
    awake.put('c', { lease: { ttlMs: 30_000, removeAfterMs: null } });
    sweepAt(awake, 30_000);
    expect(awake.state.leases.earliestDeadline).toBe(START + 45_000);
  });
});

describe('sweep, when a deadline went by unattended', () => {
  it.each([
    [DEAFNESS_LATENESS_MS, [], 0],
    [DEAFNESS_LATENESS_MS + 1, ['a'], 1],
  ])('[L9] by %i ms leaves %j', (lateness, ids, outages) => {
    const awake = new AwakeNamespace();
    awake.put('a');
    sweepAt(awake, 30_000 + lateness);
    expect(awake.ids()).toEqual(ids);
    expect(awake.state.counters.outages).toBe(outages);
    expect(awake.platform.logs).toHaveLength(outages);
  });

  it('[L9] ends a lease all the same where another was heard of since', () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.platform.jump(38_000);
    const entry = awake.state.catalog.instance(key('b'));
    if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
    sweepAt(awake, 40_000);
    expect(awake.ids()).toEqual(['b']);
  });

  it('[L9, L14] counts from the slice before, not from the deadline that they share', () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', 2 * SWEEP_SLICE_MAX_COUNT + 1);
    for (const ms of [30_000, 32_000, 34_000]) sweepAt(awake, ms);
    expect(awake.ids()).toEqual([]);
    expect(awake.state.counters.outages).toBe(0);
  });
});

it('[L7] forgiveSilence extends every lease, durably, and says so', async () => {
  const awake = new AwakeNamespace();
  awake.put('a b');
  awake.platform.jump(50_000);
  forgiveSilence(awake.state, awake.state.time.now(), 20_000, 'a test');
  await awake.journal();
  expect(awake.state.leases.earliestDeadline).toBe(START + 80_000);
  expect(readCheckpoint(awake.platform.storage)).toMatchObject({ header: { state: 'closed', at: START + 50_000 } });
  expect(awake.platform.logs).toMatchObject([{ level: 'warn', facts: { why: 'a test', deafMs: 20_000, extended: 2 } }]);
});

describe('sweep of the agenda', () => {
  it('[O6] removes what has drained, unless it came back meanwhile', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { ephemeral: false }, { drainEndsAt: START + 500 });
    awake.put('b', { ephemeral: false });
    sweepAt(awake, 499);
    expect(awake.ids()).toEqual(['a', 'b']);
    sweepAt(awake, 500);
    expect(await awake.story(3)).toEqual(['drained a']);
    expect(awake.state.agenda.earliestDeadline).toBeGreaterThan(START + 500);
  });

  it('[O5, J1] lifts quarantines that are over in one revision, and keeps what else was said', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b c', { ephemeral: false });
    const quarantine = { until: '2030-01-01T00:00:01Z' };
    awake.override('a', { quarantine });
    awake.override('b', { weight: 2, quarantine });
    awake.override('c', { quarantine: { until: '2030-01-01T00:00:02Z' } });
    sweepAt(awake, 1_000);
    expect(await awake.story(6)).toEqual(['overridden a b']);
    const { catalog } = awake.state;
    expect(catalog.override(key('a'))).toBeUndefined();
    expect(catalog.override(key('b'))?.record).toMatchObject({ override: { weight: 2 }, actor: 'operator' });
    expect(catalog.override(key('c'))).toBeDefined();
  });

  it('[O5] leaves a quarantine that was put off, and one that no longer ends', () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { ephemeral: false });
    for (const id of ['a', 'b']) awake.override(id, { quarantine: { until: '2030-01-01T00:00:01Z' } });
    awake.override('a', { quarantine: { until: '2030-01-01T00:00:09Z' } });
    awake.override('b', { quarantine: {} });
    sweepAt(awake, 1_000);
    expect(awake.state.journal.revision).toBe(6);
    sweepAt(awake, 9_000);
    expect(awake.state.catalog.override(key('a'))).toBeUndefined();
    expect(awake.state.catalog.override(key('b'))).toBeDefined();
  });

  it('[O5, L10] waits until the clock shows the end of a quarantine, where it was set back', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    awake.override('a', { quarantine: { until: '2030-01-01T00:01:00Z' } });
    awake.platform.jump(-10_000);
    awake.state.time.now();
    sweep(awake.state, awake.state.time.whenClockShows(START + 59_999));
    expect(awake.state.catalog.override(key('a'))).toBeDefined();
    sweep(awake.state, awake.state.time.whenClockShows(START + 60_000));
    expect(awake.state.catalog.override(key('a'))).toBeUndefined();
  });

  it('[O3] drops overrides whose instances are long gone, but for quarantines and for those that came back', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b c', { ephemeral: false });
    awake.override('a', { weight: 2 });
    awake.override('b', { quarantine: {} });
    awake.override('c', { weight: 2 });
    for (const id of ['a', 'b', 'c']) awake.remove(id);
    awake.put('c', { ephemeral: false });
    sweepAt(awake, OVERRIDE_LINGER_MS);
    expect(await awake.story(10)).toEqual(['overridden a']);
  });

  it('[L14] ends a slice at a time', () => {
    const awake = new AwakeNamespace();
    awake.commit((draft) => {
      const record = instanceRecord({ ephemeral: false }, { drainEndsAt: START + 1 });
      for (let index = 0; index <= SWEEP_SLICE_MAX_COUNT; index++)
        draft.putInstance(key(`i-${index}`), record, 'registered', true);
    });
    expect(sweepAt(awake, 1)).toBe(true);
    expect(awake.ids()).toHaveLength(1);
    expect(sweepAt(awake, 1)).toBe(false);
    expect(awake.ids()).toHaveLength(0);
  });
});
