import { describe, expect, it } from 'vitest';
import { HandPlatform, START } from '../../test/fixtures/hand-platform';
import { CHECKPOINT_DELAY_MS, CHECKPOINT_LEASES_PER_ROW_COUNT } from '../model/limits';
import { Checkpoints, readCheckpoint } from './checkpoints';
import { LeaseTable, unpackLease } from './lease-table';
import { NamespaceTime } from './namespace-time';
import { prepareStorage } from './schema';

function begin(leaseCount = 1) {
  const platform = new HandPlatform();
  const { storage } = platform;
  prepareStorage(storage, () => 'epoch');
  const leases = new LeaseTable<string>();
  for (let index = 0; index < leaseCount; index++) {
    const times = { ttlMs: 30_000, removeAfterMs: 30_000, renewedAt: START, extendedAt: 0 };
    leases.grant(`holder-${index}`, { ...times, healthy: true });
  }
  const time = new NamespaceTime(platform.clock, 0, 0, 0);
  const queue: (() => void)[] = [];
  const counters = { checkpoints: 0 };
  const checkpoints = new Checkpoints({
    storage,
    leases,
    time,
    timer: platform.checkpointTimer,
    process: 'process-1',
    counters,
    enqueue: (write) => queue.push(write),
  });
  /** Writes what is queued, and tells how many rows that took. */
  const written = () => {
    storage.takeWritten();
    for (const write of queue.splice(0)) write();
    return storage.takeWritten()['insert checkpoint'] ?? 0;
  };
  const renew = (slot: number) => {
    checkpoints.open();
    leases.renew(slot, time.now());
  };
  return { platform, storage, leases, checkpoints, counters, written, renew };
}

describe('open', () => {
  it('[L6] is written before the first renewal is answered, and starts the timer', () => {
    const { platform, storage, checkpoints, written } = begin();
    expect(platform.timerIsRunning).toBe(false);
    checkpoints.open();
    expect(written()).toBe(1);
    expect(readCheckpoint(storage).header).toEqual({ state: 'open', at: START, shiftMs: 0, process: 'process-1' });
    expect(platform.nextEventAt).toBe(START + CHECKPOINT_DELAY_MS);
  });

  it('[I8] is written once, whatever the number of renewals', () => {
    const { checkpoints, written } = begin();
    for (let renewals = 0; renewals < 100; renewals++) checkpoints.open();
    expect(written()).toBe(1);
    checkpoints.open();
    expect(written()).toBe(0);
  });
});

describe('close', () => {
  it('[L6] follows five seconds after, with every renewal in it, and stops there', () => {
    const { platform, storage, renew, written } = begin(3);
    renew(1);
    written();
    platform.jump(3_000);
    renew(2);
    platform.jump(2_000);
    platform.runTimer();
    expect(written()).toBe(1);
    const { header, rows } = readCheckpoint(storage);
    expect(header).toEqual({ state: 'closed', at: START + 5_000, shiftMs: 0, process: 'process-1' });
    const leases = rows.get(0) ?? new Float64Array();
    expect([0, 1, 2].map((slot) => unpackLease(leases, slot)?.renewedAt)).toEqual([START, START, START + 3_000]);
    expect(platform.timerIsRunning).toBe(false);
  });

  it('[I8] writes a row for each ten thousand leases, and of those only what changed', () => {
    const { checkpoints, written, renew, storage } = begin(3 * CHECKPOINT_LEASES_PER_ROW_COUNT);
    renew(0);
    renew(2 * CHECKPOINT_LEASES_PER_ROW_COUNT);
    written();
    checkpoints.close();
    expect(written()).toBe(2);
    expect([...readCheckpoint(storage).rows.keys()]).toEqual([0, 2]);
    renew(CHECKPOINT_LEASES_PER_ROW_COUNT);
    written();
    checkpoints.close();
    expect(written()).toBe(2);
    const { header, rows } = readCheckpoint(storage);
    expect(header?.state).toBe('closed');
    expect([...rows.keys()]).toEqual([0, 1, 2]);
  });

  it('writes at least its header, and keeps the leases that are there', () => {
    const { checkpoints, counters, written, renew, storage } = begin();
    renew(0);
    checkpoints.close();
    written();
    const { rows } = readCheckpoint(storage);
    checkpoints.close();
    expect(written()).toBe(1);
    expect(readCheckpoint(storage).rows).toEqual(rows);
    expect(counters.checkpoints).toBe(2);
  });

  it('[L6] that came before the timer leaves it nothing to do, and a renewal after it opens again', () => {
    const { platform, checkpoints, renew, written, storage } = begin();
    renew(0);
    checkpoints.close();
    written();
    platform.runTimer();
    expect(written()).toBe(0);
    renew(0);
    written();
    expect(readCheckpoint(storage).header?.state).toBe('open');
    platform.runTimer();
    written();
    expect(readCheckpoint(storage).header?.state).toBe('closed');
  });

  it('[I3] takes only the renewals that were heard before it, though it is written later', () => {
    const { platform, checkpoints, renew, storage, written } = begin(2);
    renew(0);
    checkpoints.close();
    platform.jump(1_000);
    renew(1);
    written();
    const { header, rows } = readCheckpoint(storage);
    expect(unpackLease(rows.get(0) ?? new Float64Array(), 1)).toEqual({ renewedAt: START, extendedAt: 0 });
    expect(header).toMatchObject({ state: 'open', at: START + 1_000 });
  });

  it('[L10] keeps the shift of a clock that was set back', () => {
    const { platform, checkpoints, storage, written } = begin();
    checkpoints.close();
    platform.jump(-60_000);
    checkpoints.close();
    written();
    expect(readCheckpoint(storage).header).toMatchObject({ at: START, shiftMs: 60_000 });
  });
});

it('readCheckpoint finds nothing in a storage that is new', () => {
  const { storage } = begin();
  expect(readCheckpoint(storage)).toEqual({ header: undefined, rows: new Map() });
});
