import { describe, expect, it } from 'vitest';
import { HandPlatform, START } from '../../../../test/fixtures/hand-platform';
import { CHECKPOINT_DELAY_MS, CHECKPOINT_LEASES_PER_ROW_COUNT } from '../../../model/limits';
import { prepareStorage } from '../../storage/schema';
import { Attention } from '../time/attention';
import { NamespaceTime } from '../time/namespace-time';
import { Checkpoints, readCheckpoint } from './checkpoints';
import { LeaseTable, unpackLease } from './lease-table';

function begin(leaseCount = 1) {
  const platform = new HandPlatform();
  const { storage } = platform;
  prepareStorage(storage, () => 'epoch');
  const attention = new Attention({ since: START - 9_000, attendedMs: 77 }, START, Number.NEGATIVE_INFINITY);
  const leases = new LeaseTable<string>(attention);
  for (let index = 0; index < leaseCount; index++) {
    const times = { ttlMs: 30_000, removeAfterMs: 30_000, renewedAt: START, askedAt: 0 };
    leases.grant(`holder-${index}`, { ...times, healthy: true });
  }
  const time = new NamespaceTime(platform.clock, undefined, { shiftMs: 0, latest: 0, latestStamp: 0 });
  const queue: (() => void)[] = [];
  const counters = { checkpoints: 0 };
  const checkpoints = new Checkpoints({
    storage,
    leases,
    time,
    attention,
    counters,
    queue: { fault: undefined, offer: (write) => queue.push(write) },
    marksOpen: true,
  });
  /** Writes the queue, and returns how many rows that took. */
  const written = () => {
    storage.takeWritten();
    for (const write of queue.splice(0)) write();
    return storage.takeWritten()['insert checkpoint'] ?? 0;
  };
  const renew = (slot: number) => {
    checkpoints.open();
    leases.renew(slot, time.now());
  };
  return { platform, storage, leases, attention, checkpoints, counters, written, renew };
}

/** Attention as {@link begin} leaves it. */
const ATTENTION = { since: START - 9_000, attendedMs: 77 };

describe('open', () => {
  it('[L6] is stored before the response to the first renewal, and requests a checkpoint within five seconds', () => {
    const { storage, checkpoints, written } = begin();
    expect([checkpoints.isOpen, checkpoints.dueAt]).toEqual([false, Number.POSITIVE_INFINITY]);
    checkpoints.open();
    expect(written()).toBe(1);
    expect(readCheckpoint(storage).header).toEqual({ state: 'open', at: START, shiftMs: 0, attention: ATTENTION });
    expect([checkpoints.isOpen, checkpoints.dueAt]).toEqual([true, START + CHECKPOINT_DELAY_MS]);
  });

  it('[L6] does not postpone a pending checkpoint for a later renewal', () => {
    const { platform, checkpoints, renew } = begin();
    renew(0);
    platform.jump(4_000);
    renew(0);
    expect(checkpoints.dueAt).toBe(START + CHECKPOINT_DELAY_MS);
  });

  it('[I8] is stored once, whatever the number of renewals', () => {
    const { checkpoints, written } = begin();
    for (let renewals = 0; renewals < 100; renewals++) checkpoints.open();
    expect(written()).toBe(1);
    checkpoints.open();
    expect(written()).toBe(0);
  });
});

describe('close', () => {
  it('[L6] contains every renewal, and nothing is due until the next one', () => {
    const { platform, storage, checkpoints, renew, written } = begin(3);
    renew(1);
    written();
    platform.jump(3_000);
    renew(2);
    platform.jump(2_000);
    checkpoints.close();
    expect(written()).toBe(1);
    const { header, rows } = readCheckpoint(storage);
    expect(header).toEqual({ state: 'closed', at: START + 5_000, shiftMs: 0, attention: ATTENTION });
    const leases = rows.get(0) ?? new Float64Array();
    expect([0, 1, 2].map((slot) => unpackLease(leases, slot)?.renewedAt)).toEqual([START, START, START + 3_000]);
    expect([checkpoints.isOpen, checkpoints.dueAt]).toEqual([false, Number.POSITIVE_INFINITY]);
  });

  it('[I8] writes a row for each ten thousand leases, and only those that changed', () => {
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

  it('writes at least its header, and keeps existing leases', () => {
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

  it('[L6] is reopened by a later renewal', () => {
    const { checkpoints, renew, written, storage } = begin();
    renew(0);
    checkpoints.close();
    written();
    renew(0);
    expect(written()).toBe(1);
    expect(readCheckpoint(storage).header?.state).toBe('open');
    expect(checkpoints.dueAt).toBe(START + CHECKPOINT_DELAY_MS);
  });

  it('[L7] stores attention, and which leases were asked', () => {
    const { platform, storage, attention, leases, checkpoints, written } = begin(2);
    platform.jump(30_250);
    attention.gap(START + 30_250, 0);
    leases.renew(1, START + 30_250);
    expect(leases.lapsed(START + 30_250, 9)).toEqual([]);
    checkpoints.close();
    written();
    const { header, rows } = readCheckpoint(storage);
    expect(header?.attention).toEqual({ since: START + 30_250, attendedMs: 77 + 9_000 });
    const packed = rows.get(0) ?? new Float64Array();
    expect([0, 1].map((slot) => unpackLease(packed, slot)?.askedAt)).toEqual([77 + 9_000, 0]);
  });

  it('[I3] contains only renewals received before it, although it is written later', () => {
    const { platform, checkpoints, renew, storage, written } = begin(2);
    renew(0);
    checkpoints.close();
    platform.jump(1_000);
    renew(1);
    written();
    const { header, rows } = readCheckpoint(storage);
    expect(unpackLease(rows.get(0) ?? new Float64Array(), 1)).toEqual({ renewedAt: START, askedAt: 0 });
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

it('[L6] request requests a checkpoint within five seconds, and opens none', () => {
  const { platform, checkpoints, written } = begin();
  checkpoints.request();
  platform.jump(1_000);
  checkpoints.request();
  expect(written()).toBe(0);
  expect([checkpoints.isOpen, checkpoints.dueAt]).toEqual([false, START + CHECKPOINT_DELAY_MS]);
});

it('[U8, L7] readCheckpoint returns no attention if the previous version wrote the last checkpoint', () => {
  const { storage, checkpoints, written } = begin();
  checkpoints.close();
  written();
  storage.run("UPDATE checkpoint SET state = 'closed', process = 'process-1' WHERE row = 0");
  expect(readCheckpoint(storage).header).toEqual({ state: 'closed', at: START, shiftMs: 0, attention: undefined });
  checkpoints.close();
  written();
  expect(readCheckpoint(storage).header?.attention).toEqual(ATTENTION);
  storage.run('UPDATE checkpoint SET attentive_since = NULL, attended_ms = NULL');
  expect(readCheckpoint(storage).header?.attention).toBeUndefined();
});

it('readCheckpoint finds nothing in new storage', () => {
  const { storage } = begin();
  expect(readCheckpoint(storage)).toEqual({ header: undefined, rows: new Map() });
});
