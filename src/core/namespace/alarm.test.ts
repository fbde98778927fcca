import { describe, expect, it, vi } from 'vitest';
import { AwakeNamespace } from '../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../test/fixtures/definition';
import { HandPlatform, START } from '../../../test/fixtures/hand-platform';
import { instanceRecord } from '../../../test/fixtures/instance-record';
import { settle } from '../../../test/simulation/virtual-time';
import {
  ALARM_RETRY_MS,
  ALARMS_PER_HOUR_WARN_COUNT,
  ATTENTION_PASS_MS,
  CHECKPOINT_DELAY_MS,
  COMPACTION_SLICE_MAX_COUNT,
  JOURNAL_MAX_AGE_MS,
  LOOK_LATE_MS,
  REMOVED_SERVICES_MAX_COUNT,
  SWEEP_SLICE_MAX_COUNT,
} from '../../model/limits';
import { attendAlarm, attendTick } from './alarm';
import { renew } from './commit/commit';
import { DEFAULT_RETENTION } from './commit/journal';
import { readCheckpoint } from './records/checkpoints';
import { unpackLease } from './records/lease-table';
import { turn } from './turn/turn';

const PERSISTENT = { ephemeral: false };

/** Registers many instances in one revision. */
const putMany = (awake: AwakeNamespace, count: number, service = 'orders') =>
  awake.commit((draft) => {
    const record = instanceRecord();
    for (let index = 0; index < count; index++)
      draft.putInstance({ ...key(`i-${index}`), service }, record, 'registered', true);
  });

/** Fires the alarm after some time, with everything stored; late if it was due before. */
async function fireAfter(awake: AwakeNamespace, ms: number, lateMs = 0): Promise<void> {
  await settle();
  awake.platform.jump(ms);
  awake.platform.alarmFired();
  await attendAlarm(awake.state, awake.hub, awake.platform.clock.now() - lateMs);
}

/** A namespace on a host with ticks, and a function that lets time pass. */
function ticking() {
  const platform = new HandPlatform();
  platform.monotonic = platform.clock;
  const awake = new AwakeNamespace(platform);
  const tick = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += ATTENTION_PASS_MS) {
      platform.jump(Math.min(ATTENTION_PASS_MS, ms - passed));
      await attendTick(awake.state, awake.hub);
      await settle();
    }
  };
  return { awake, tick };
}

/** Times for which the alarm was armed, since the start. */
const armings = ({ platform }: AwakeNamespace) => platform.armings.map((at) => at - START);

describe('attendAlarm', () => {
  it('[L1, L11] ends due leases durably, and arms for the next deadline', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('b', { lease: { ttlMs: 45_000 } });
    await awake.pass(30_500);
    expect(await awake.story(2)).toEqual(['expired a']);
    // Looks, the request for a renewal, the end, and the next look: no other request is left to store.
    expect(armings(awake)).toEqual([5_000, 10_000, 15_000, 20_000, 25_000, 29_250, 30_500, 35_500]);
    expect(awake.state.counters).toMatchObject({ alarms: 7, removed: { expired: 1 } });
    await awake.pass(15_250);
    expect(await awake.story(3)).toEqual(['expired b']);
  });

  it('is harmless when it runs early, late or twice', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 30_000, removeAfterMs: 60_000 } });
    await fireAfter(awake, 10_000);
    expect(awake.state.journal.revision).toBe(1);
    await fireAfter(awake, 20_250, LOOK_LATE_MS);
    await fireAfter(awake, 1_250);
    await fireAfter(awake, 0);
    expect(await awake.story(1)).toEqual(['unhealthy a']);
    expect(awake.state.counters.outages).toBe(0);
    expect(armings(awake)).toEqual([15_000, 31_500, 36_500, 36_500]);
  });

  it('[L15, L9] ends nothing if it is late, and first handles messages that queued meanwhile', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    await awake.pass(30_400);
    await fireAfter(awake, 400, 300);
    expect(awake.ids()).toEqual(['a', 'b']);
    expect(armings(awake).at(-1)).toBe(31_050);
    const entry = awake.state.catalog.instance(key('b'));
    if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
    await awake.pass(250);
    expect(await awake.story(2)).toEqual(['expired a']);
    expect(awake.state.counters.outages).toBe(0);
  });

  it('[L9] counts a gap if it is late, even as the first event after a wake', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await fireAfter(awake, 40_000, LOOK_LATE_MS + 1);
    expect(awake.state.counters.outages).toBe(1);
    expect(awake.ids()).toEqual(['a']);
  });

  it('[L14] continues until nothing is due, with a transaction for each slice', async () => {
    const awake = new AwakeNamespace();
    putMany(awake, 2 * SWEEP_SLICE_MAX_COUNT + 1);
    await awake.pass(30_499);
    const before = awake.platform.storage.transactions;
    await awake.pass(1);
    expect(awake.ids()).toEqual([]);
    expect(awake.platform.storage.transactions).toBe(before + 3);
  });

  it('[L9, L14] detects a stall between two slices, and first handles the renewals of that time', async () => {
    const awake = new AwakeNamespace();
    putMany(awake, SWEEP_SLICE_MAX_COUNT);
    awake.platform.jump(100);
    putMany(awake, SWEEP_SLICE_MAX_COUNT + 1, 'users');
    await awake.pass(30_499);
    awake.platform.storage.hold();
    awake.platform.jump(1);
    const alarm = attendAlarm(awake.state, awake.hub, awake.platform.alarmFired());
    await settle();
    expect(awake.ids()).toEqual([]);
    awake.platform.jump(20_000);
    awake.platform.storage.release();
    await alarm;
    expect(awake.ids('users')).toHaveLength(SWEEP_SLICE_MAX_COUNT + 1);
  });

  it('[C4, L17] rejects after a failed commit, so that the platform retries it', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await awake.pass(30_400);
    awake.platform.storage.failNextSync();
    await expect(fireAfter(awake, 100)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(awake.platform.aborts).toHaveLength(1);
  });

  it.each(['sweep', 'compaction'])('[L17] logs a %s that fails, and the next alarm repeats the work', async (what) => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await awake.pass(30_400);
    const failing = () => {
      throw new Error('out of memory');
    };
    if (what === 'sweep') vi.spyOn(awake.state.leases, 'lapsed').mockImplementationOnce(failing);
    else vi.spyOn(awake.state.journal, 'planCompaction').mockImplementationOnce(failing);
    await awake.pass(100);
    expect(awake.platform.logs).toMatchObject([{ level: 'error', facts: { error: 'Error: out of memory' } }]);
    expect(armings(awake).at(-1)).toBe(30_500 + ALARM_RETRY_MS);
    // A call meanwhile does not bring it forward.
    await turn(awake.state, undefined, () => {});
    expect(armings(awake).at(-1)).toBe(30_500 + ALARM_RETRY_MS);
    const { alarms } = awake.state.counters;
    await awake.pass(ALARM_RETRY_MS);
    expect(awake.ids()).toEqual([]);
    expect(awake.state.counters.alarms).toBe(alarms + 1);
    expect(awake.platform.logs).toHaveLength(1);
    expect(awake.platform.aborts).toEqual([]);
  });

  it('[L17] returns to its usual times after a success', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    vi.spyOn(awake.state.journal, 'planCompaction').mockImplementationOnce(() => {
      throw new Error('out of memory');
    });
    await awake.pass(10_000);
    expect(armings(awake)).toEqual([10_000, 10_000 + ALARM_RETRY_MS]);
    await awake.pass(ALARM_RETRY_MS);
    awake.put('b', { ephemeral: false }, { drainEndsAt: awake.state.time.now() + 300 });
    await awake.pass(300);
    expect(awake.ids()).toEqual(['a']);
  });

  it('[L6] makes a renewal durable within five seconds, whatever the time between two looks', async () => {
    for (const ttlMs of [2_000, 12_000, 30_000, 60_000, 3_600_000]) {
      const awake = new AwakeNamespace();
      awake.put('a', { lease: { ttlMs } });
      await awake.pass(1_100);
      const entry = awake.state.catalog.instance(key('a'));
      if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
      await awake.pass(CHECKPOINT_DELAY_MS);
      const { header, rows } = readCheckpoint(awake.platform.storage);
      expect(header?.state).toBe('closed');
      expect(rows.get(0)?.[0]).toBe(START + 1_100);
    }
  });

  it('[I8] costs one row per look for a fleet that is not renewed by requests', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    await awake.pass(1);
    awake.platform.storage.takeWritten();
    const { rowsWritten } = awake.state.counters;
    await awake.pass(50_000);
    expect(awake.platform.storage.takeWritten()).toEqual({});
    expect(awake.state.counters.rowsWritten - rowsWritten).toBe(5);
  });
});

describe('attendTick', () => {
  it('[L1, L15] ends due leases without an alarm', async () => {
    const { awake, tick } = ticking();
    awake.put('a');
    await tick(30_250);
    expect(awake.ids()).toEqual(['a']);
    await tick(250);
    expect(await awake.story(1)).toEqual(['expired a']);
  });

  it('[I6, L15] ends dead leases a second later even if every tick is late', async () => {
    const { awake } = ticking();
    awake.put('a');
    const removedAt: number[] = [];
    for (let at = 400; at <= 33_200; at += 400) {
      awake.platform.jump(400);
      await attendTick(awake.state, awake.hub);
      await settle();
      if (awake.ids().length === 0) removedAt.push(at);
    }
    // Asked at 29,600, it may end at 30,850, and does by the first tick from 31,850 on.
    expect(removedAt[0]).toBe(32_000);
    expect(awake.state.counters.outages).toBe(0);
  });

  it('[L6] makes renewals durable within five seconds', async () => {
    const { awake, tick } = ticking();
    awake.put('a');
    await tick(1_000);
    const entry = awake.state.catalog.instance(key('a'));
    if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
    awake.platform.storage.takeWritten();
    await tick(CHECKPOINT_DELAY_MS - ATTENTION_PASS_MS);
    expect(awake.platform.storage.takeWritten()).toEqual({});
    await tick(ATTENTION_PASS_MS);
    const { header, rows } = readCheckpoint(awake.platform.storage);
    expect(header?.state).toBe('closed');
    expect(unpackLease(rows.get(0) ?? new Float64Array(), 0)?.renewedAt).toBe(START + 1_000);
  });

  it('[I8] writes nothing while nothing is due', async () => {
    const { awake, tick } = ticking();
    awake.put('a');
    await tick(ATTENTION_PASS_MS);
    awake.platform.storage.takeWritten();
    await tick(20_000);
    expect(awake.platform.storage.takeWritten()).toEqual({});
    expect(awake.state.counters.alarms).toBe(0);
  });

  it('[L7, L9] stores attention every five seconds while a lease is asked', async () => {
    const { awake, tick } = ticking();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    await tick(1_000);
    awake.platform.jump(80_000);
    await tick(ATTENTION_PASS_MS);
    expect(awake.state.leases.hasAsked).toBe(true);
    const { checkpoints } = awake.state.counters;
    await tick(30_000);
    expect(awake.state.counters.checkpoints - checkpoints).toBeGreaterThanOrEqual(5);
    expect(awake.state.counters.checkpoints - checkpoints).toBeLessThanOrEqual(6);
    expect(awake.ids()).toEqual(['a']);
  });

  it('[L17] backs off like an alarm if the work failed', async () => {
    const { awake, tick } = ticking();
    awake.put('a');
    await tick(30_250);
    vi.spyOn(awake.state.leases, 'lapsed').mockImplementationOnce(() => {
      throw new Error('out of memory');
    });
    await tick(ALARM_RETRY_MS);
    expect(awake.platform.logs).toHaveLength(1);
    expect(awake.ids()).toEqual(['a']);
    await tick(ATTENTION_PASS_MS);
    expect(awake.ids()).toEqual([]);
  });
});

describe('compaction', () => {
  it('[J3] removes revisions that are too old, and arms for the next ones', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b', PERSISTENT);
    awake.platform.jump(3 * 24 * 3_600_000);
    awake.put('c d', PERSISTENT);
    await fireAfter(awake, JOURNAL_MAX_AGE_MS * 1.01 - 3 * 24 * 3_600_000);
    expect(awake.state.journal.compactedRevision).toBe(2);
    expect((await awake.journal()).map(({ revision }) => revision)).toEqual([3, 4]);
    expect(awake.platform.armings.at(-1)).toBe(START + 3 * 24 * 3_600_000 + JOURNAL_MAX_AGE_MS * 1.01);
  });

  it('[J3, I8] works in slices, at one row for each row of the journal, and never removes the newest revision', async () => {
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

  it('[J3] is armed at once if far too much is retained', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxBytes: 500 });
    await fireAfter(awake, 0);
    for (let index = 1; index < 20; index++) awake.put('a', { port: index, ...PERSISTENT });
    expect(awake.state.agenda.earliestDeadline).toBe(START);
    await fireAfter(awake, 1_000);
    expect(awake.state.journal.size).toBeLessThanOrEqual(500);
    expect(awake.state.agenda.earliestDeadline).toBeGreaterThan(START + JOURNAL_MAX_AGE_MS);
  });

  it('[R12] forgets a removed service once its removal is compacted', async () => {
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

  it('[R12, Q2] remembers a service that was removed again later, while the journal still has it', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxCount: 1 });
    for (let times = 0; times < 2; times++) {
      awake.put('a', PERSISTENT);
      awake.remove('a');
    }
    await fireAfter(awake, 1);
    expect(awake.state.journal.compactedRevision).toBe(3);
    expect(awake.state.catalog.service(ORDERS)?.revision).toBe(4);
  });

  it('[O3] remembers a service as long as it has an override', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxCount: 1 });
    awake.put('a', PERSISTENT);
    awake.override('a', { quarantine: {} });
    awake.remove('a');
    awake.commit((draft) => draft.putInstance({ ...key('a'), service: 'users' }, instanceRecord(), 'registered', true));
    await fireAfter(awake, 1);
    expect(awake.state.catalog.override(key('a'))).toBeDefined();
  });

  it('[J3, I12] starts early if there are too many removed services', async () => {
    const awake = new AwakeNamespace();
    const { catalog, journal } = awake.state;
    const removedCount = () => catalog.services().filter(({ exists }) => !exists).length;
    // As if all but three were removed already.
    vi.spyOn(catalog, 'removedCount', 'get').mockImplementation(() => REMOVED_SERVICES_MAX_COUNT - 3 + removedCount());
    const churn = (service: string) => {
      const named = { ...key('a'), service };
      awake.commit((draft) => draft.putInstance(named, instanceRecord(PERSISTENT), 'registered', true));
      awake.commit((draft) => draft.removeInstance(named, 'deregistered'));
    };
    for (const service of ['a', 'b', 'c']) churn(service);
    await awake.pass(1);
    expect([removedCount(), journal.count]).toEqual([3, 6]);
    churn('d');
    await awake.pass(1);
    expect(removedCount()).toBe(1);
    expect(journal.count).toBe(1);
    expect(armings(awake).filter((at) => at <= 2)).toHaveLength(1);
  });
});

describe('an alarm loop', () => {
  it('is logged once an hour', async () => {
    const awake = new AwakeNamespace();
    for (let alarms = 0; alarms < ALARMS_PER_HOUR_WARN_COUNT - 1; alarms++) await fireAfter(awake, 10);
    expect(awake.platform.logs).toEqual([]);
    for (let alarms = 0; alarms < 10; alarms++) await fireAfter(awake, 10);
    expect(awake.platform.logs).toMatchObject([{ level: 'warn', facts: { times: ALARMS_PER_HOUR_WARN_COUNT } }]);
    await fireAfter(awake, 3_600_000);
    expect(awake.state.alarmTimes.countThisHour).toBe(1);
  });

  it('is counted from the start after the clock was set back', async () => {
    const awake = new AwakeNamespace();
    await fireAfter(awake, 0);
    await fireAfter(awake, -7_200_000);
    expect(awake.state.alarmTimes.countThisHour).toBe(1);
  });
});
