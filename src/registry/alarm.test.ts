import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../test/fixtures/definition';
import { START } from '../../test/fixtures/hand-platform';
import { instanceRecord } from '../../test/fixtures/instance-record';
import { settle } from '../../test/simulation/virtual-time';
import {
  ALARMS_PER_HOUR_WARN_COUNT,
  COMPACTION_SLICE_MAX_COUNT,
  JOURNAL_MAX_AGE_MS,
  SWEEP_SLICE_MAX_COUNT,
} from '../model/limits';
import { attendAlarm } from './alarm';
import { DEFAULT_RETENTION } from './journal';

const PERSISTENT = { ephemeral: false };

/** The alarm fires after some time, with everything stored. */
async function fireAfter(awake: AwakeNamespace, ms: number): Promise<void> {
  await settle();
  awake.platform.jump(ms);
  awake.platform.alarmFired();
  await attendAlarm(awake.state, awake.hub);
}

describe('attendAlarm', () => {
  it('[L1, L11] ends what is due, durably, and arms for what is due next', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('b', { lease: { ttlMs: 45_000 } });
    await fireAfter(awake, 30_000);
    expect(await awake.story(2)).toEqual(['expired a']);
    expect(awake.platform.armings).toEqual([START + 45_000]);
    expect(awake.state.counters).toMatchObject({ alarms: 1, removed: { expired: 1 } });
  });

  it('does no harm early, late or twice', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 30_000, removeAfterMs: 60_000 } });
    await fireAfter(awake, 10_000);
    expect(awake.state.journal.revision).toBe(1);
    await fireAfter(awake, 21_000);
    await fireAfter(awake, 0);
    expect(await awake.story(1)).toEqual(['unhealthy a']);
    expect(awake.platform.armings.map((at) => at - START)).toEqual([30_000, 60_000, 60_000]);
  });

  it('[L14] goes on until nothing is due, a transaction for each slice', async () => {
    const awake = new AwakeNamespace();
    awake.commit((draft) => {
      const record = instanceRecord();
      for (let index = 0; index < 2 * SWEEP_SLICE_MAX_COUNT + 1; index++)
        draft.putInstance(key(`i-${index}`), record, 'registered', true);
    });
    await awake.journal();
    const before = awake.platform.storage.transactions;
    await fireAfter(awake, 30_000);
    expect(awake.ids()).toEqual([]);
    expect(awake.platform.storage.transactions).toBe(before + 3);
  });

  it('[C4] tells the platform of a failure, so that it fires again', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await awake.journal();
    awake.platform.storage.failNextSync();
    await expect(fireAfter(awake, 30_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(awake.platform.aborts).toHaveLength(1);
  });
});

describe('compaction', () => {
  it('[J3] removes what is too old, and is armed for when more is', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b', PERSISTENT);
    awake.platform.jump(3 * 24 * 3_600_000);
    awake.put('c d', PERSISTENT);
    await fireAfter(awake, JOURNAL_MAX_AGE_MS * 1.01 - 3 * 24 * 3_600_000);
    expect(awake.state.journal.compactedRevision).toBe(2);
    expect((await awake.journal()).map(({ revision }) => revision)).toEqual([3, 4]);
    expect(awake.platform.armings.at(-1)).toBe(START + 3 * 24 * 3_600_000 + JOURNAL_MAX_AGE_MS * 1.01);
  });

  it('[J3, I8] goes in slices, a row for each row of the journal, and never takes the newest', async () => {
    const retention = { ...DEFAULT_RETENTION, maxCount: 1 };
    const awake = new AwakeNamespace(undefined, retention);
    for (let index = 0; index < COMPACTION_SLICE_MAX_COUNT + 20; index++)
      awake.put('a', { port: index + 1, ...PERSISTENT });
    await awake.journal();
    const { storage } = awake.platform;
    const before = storage.transactions;
    storage.takeWritten();
    await fireAfter(awake, 1);
    expect(storage.transactions).toBe(before + 2);
    expect(storage.takeWritten()).toEqual({ 'delete journal': COMPACTION_SLICE_MAX_COUNT + 19 });
    expect(await awake.journal()).toHaveLength(1);
  });

  it('[J3] is armed at once where far too much is kept', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxBytes: 500 });
    await fireAfter(awake, 0);
    for (let index = 1; index < 20; index++) awake.put('a', { port: index, ...PERSISTENT });
    expect(awake.state.agenda.earliestDeadline).toBe(START);
    await fireAfter(awake, 1_000);
    expect(awake.state.journal.size).toBeLessThanOrEqual(500);
    expect(awake.state.agenda.earliestDeadline).toBeGreaterThan(START + JOURNAL_MAX_AGE_MS);
  });

  it('[R12] forgets a service that is gone, once the journal has', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxCount: 1 });
    awake.put('a', PERSISTENT);
    awake.remove('a');
    await fireAfter(awake, 1);
    expect(awake.state.catalog.service(ORDERS)).toBeDefined();
    awake.commit((draft) => draft.putInstance({ ...key('a'), service: 'users' }, instanceRecord(), 'registered', true));
    await fireAfter(awake, 1);
    expect(awake.state.catalog.service(ORDERS)).toBeUndefined();
    expect(awake.platform.storage.rows('SELECT id FROM record WHERE value IS NULL')).toEqual([]);
  });

  it('[R12, Q2] remembers a service that went again since, as the journal still tells of it', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxCount: 1 });
    for (let times = 0; times < 2; times++) {
      awake.put('a', PERSISTENT);
      awake.remove('a');
    }
    await fireAfter(awake, 1);
    expect(awake.state.journal.compactedRevision).toBe(3);
    expect(awake.state.catalog.service(ORDERS)?.revision).toBe(4);
  });

  it('[O3] remembers a service for as long as an override in it lasts', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxCount: 1 });
    awake.put('a', PERSISTENT);
    awake.override('a', { quarantine: {} });
    awake.remove('a');
    awake.commit((draft) => draft.putInstance({ ...key('a'), service: 'users' }, instanceRecord(), 'registered', true));
    await fireAfter(awake, 1);
    expect(awake.state.catalog.override(key('a'))).toBeDefined();
  });
});

describe('an alarm loop', () => {
  it('is said aloud, once an hour', async () => {
    const awake = new AwakeNamespace();
    for (let alarms = 0; alarms < ALARMS_PER_HOUR_WARN_COUNT - 1; alarms++) await fireAfter(awake, 10);
    expect(awake.platform.logs).toEqual([]);
    for (let alarms = 0; alarms < 10; alarms++) await fireAfter(awake, 10);
    expect(awake.platform.logs).toMatchObject([{ level: 'warn', facts: { times: ALARMS_PER_HOUR_WARN_COUNT } }]);
    await fireAfter(awake, 3_600_000);
    expect(awake.state.attention.alarmsThisHour).toBe(1);
  });

  it('is counted anew where the clock was set back', async () => {
    const awake = new AwakeNamespace();
    await fireAfter(awake, 0);
    await fireAfter(awake, -7_200_000);
    expect(awake.state.attention.alarmsThisHour).toBe(1);
  });
});
