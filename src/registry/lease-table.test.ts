import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKPOINT_LEASES_PER_ROW_COUNT } from '../model/limits';
import { type LeaseGrant, LeaseTable, unpackLease } from './lease-table';

const DAY_MS = 24 * 3_600_000;

const grant = (lease: Partial<LeaseGrant> = {}): LeaseGrant => ({
  ttlMs: 30_000,
  removeAfterMs: 30_000,
  healthy: true,
  renewedAt: 0,
  extendedAt: 0,
  ...lease,
});

/** Holders that have lapsed, with how. */
const lapsed = (table: LeaseTable<string>, now: number, most = 1_000) =>
  table.lapsed(now, most).map(({ holder, lapse }) => `${holder} ${lapse}`);

describe('lapsed', () => {
  it('[L1] finds a lease at its deadline, and not a millisecond before', () => {
    const table = new LeaseTable<string>();
    table.grant('a', grant());
    expect(lapsed(table, 29_999)).toEqual([]);
    expect(lapsed(table, 30_000)).toEqual(['a expired']);
  });

  it('[L1] finds a lease at its time to live, and again at its removal once it is unhealthy', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant({ ttlMs: 10, removeAfterMs: 50 }));
    expect(table.lapsed(10, 9)).toEqual([{ holder: 'a', lapse: 'unhealthy', deadline: 10 }]);
    table.setHealthy(slot, false);
    expect(lapsed(table, 49)).toEqual([]);
    expect(lapsed(table, 50)).toEqual(['a expired']);
  });

  it('[L1] finds a lease expired that ran past both deadlines unseen', () => {
    const table = new LeaseTable<string>();
    table.grant('a', grant({ ttlMs: 10, removeAfterMs: 50 }));
    expect(lapsed(table, 60)).toEqual(['a expired']);
  });

  it('[L2] never finds a lease to remove that has no removal', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant({ removeAfterMs: null }));
    expect(lapsed(table, 30_000)).toEqual(['a unhealthy']);
    table.setHealthy(slot, false);
    expect(lapsed(table, 1e15)).toEqual([]);
    expect(table.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('[L14, L3] gives a slice, but of those who come first all', () => {
    const table = new LeaseTable<string>();
    for (const holder of ['x1', 'y1', 'x2', 'y2', 'x3', 'y3']) table.grant(holder, grant());
    const found = table.lapsed(30_000, 1, (holder) => holder.startsWith('y')).map(({ holder }) => holder);
    expect(found).toEqual(['x1', 'y1', 'y2', 'y3']);
    expect(table.earliestDeadline).toBe(30_000);
  });
});

describe('renew', () => {
  it('[L4] counts all times from then on', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant({ ttlMs: 10, removeAfterMs: 50 }));
    table.renew(slot, 7);
    expect(table.renewedAt(slot)).toBe(7);
    expect(table.ttlEndsAt(slot)).toBe(17);
    expect(lapsed(table, 16)).toEqual([]);
    expect(lapsed(table, 17)).toEqual(['a unhealthy']);
    expect(table.heardAt).toBe(7);
  });

  it('ends the wait for the first one', () => {
    const table = new LeaseTable<string>();
    const slots = ['silent', 'beats'].map((holder) =>
      table.grant(holder, grant({ ttlMs: 10, removeAfterMs: 20, firstRemoveAfterMs: 90, healthy: false })),
    );
    const [silent = -1, beats = -1] = slots;
    table.renew(beats, 0);
    expect(slots.map((slot) => table.awaitsFirstRenewal(slot))).toEqual([true, false]);
    expect(table.earliestDeadline).toBe(20);
    expect(lapsed(table, 20)).toEqual(['beats expired']);
    table.release(beats);
    expect(lapsed(table, 89)).toEqual([]);
    expect(lapsed(table, 90)).toEqual(['silent expired']);
    table.release(silent);
    expect(table.awaitsFirstRenewal(silent)).toBe(false);
  });
});

describe('extendAll', () => {
  it('[L7, L9] lets a lease count from now the first time, and keeps the distance of its removal', () => {
    const table = new LeaseTable<string>();
    table.grant('a', grant({ ttlMs: 10_000, removeAfterMs: 50_000 }));
    table.extendAll(100_000, 90_000);
    expect(table.earliestDeadline).toBe(110_000);
    expect(lapsed(table, 149_999)).toEqual(['a unhealthy']);
    expect(lapsed(table, 150_000)).toEqual(['a expired']);
  });

  it('[I6] adds only the deaf time from the second time on, until a renewal', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant({ ttlMs: 3_600_000, removeAfterMs: 3_600_000 }));
    table.extendAll(1_000_000, 500_000);
    table.extendAll(2_000_000, 300_000);
    expect(table.ttlEndsAt(slot)).toBe(1_000_000 + 300_000 + 3_600_000);
    table.renew(slot, 2_500_000);
    table.extendAll(3_000_000, 1_000);
    expect(table.ttlEndsAt(slot)).toBe(3_000_000 + 3_600_000);
  });

  it('[I6] always leaves half of the time to live to come back: until the next heartbeat of a holder that noticed nothing', () => {
    const table = new LeaseTable<string>();
    const short = table.grant('short', grant({ ttlMs: 6_000, removeAfterMs: 6_000 }));
    const long = table.grant('long', grant({ ttlMs: 600_000, removeAfterMs: 600_000 }));
    table.extendAll(1_000, 0);
    table.extendAll(DAY_MS, 0);
    expect(table.ttlEndsAt(short)).toBe(DAY_MS + 3_000);
    expect(table.ttlEndsAt(long)).toBe(DAY_MS + 300_000);
  });

  it('[L10] leaves as much where the silence may have been longer than it seems, as when the clock leapt', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant({ ttlMs: 3_600_000, removeAfterMs: 3_600_000 }));
    table.extendAll(1_000, 0);
    table.extendAll(3_600_000, 800_000);
    expect(table.ttlEndsAt(slot)).toBe(3_600_000 + 1_800_000);
  });

  it('[I6] leaves a lease that is unhealthy already no new time to live, so that daily trouble keeps nobody', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant({ ttlMs: 15_000, removeAfterMs: 7 * DAY_MS, healthy: false }));
    let days = 0;
    for (; days < 30; days++) {
      if (lapsed(table, days * DAY_MS).length > 0) break;
      table.extendAll(days * DAY_MS + 1, 1_000);
    }
    expect(days).toBe(8);
    expect(table.ttlEndsAt(slot)).toBeLessThan(DAY_MS);
  });

  it('never lets a lease count from a time to come', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant());
    table.extendAll(10, 0);
    table.extendAll(20, 1e9);
    expect(table.ttlEndsAt(slot)).toBe(20 + 30_000);
  });

  it('does not touch what nobody holds', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', grant());
    table.grant('b', grant());
    table.release(slot);
    expect(table.extendAll(1_000, 0)).toBe(1);
    expect(lapsed(table, 31_000)).toEqual(['b expired']);
  });
});

describe('slots', () => {
  it('are used again', () => {
    const table = new LeaseTable<string>();
    const slots = ['a', 'b', 'c'].map((holder) => table.grant(holder, grant()));
    expect(slots).toEqual([0, 1, 2]);
    table.release(1);
    expect(table.size).toBe(2);
    expect(table.grant('d', grant({ ttlMs: 5, removeAfterMs: 5 }))).toBe(1);
    expect(lapsed(table, 5)).toEqual(['d expired']);
  });

  it('that loading left empty are used first', () => {
    const table = new LeaseTable<string>();
    table.grant('a', grant(), 3);
    table.grant('b', grant(), 1);
    table.collectFreeSlots();
    expect(['c', 'd', 'e'].map((holder) => table.grant(holder, grant()))).toEqual([0, 2, 4]);
  });

  it('grow in number as far as they must', () => {
    const table = new LeaseTable<string>();
    for (let index = 0; index < 1_000; index++) table.grant(`h-${index}`, grant({ renewedAt: index }));
    expect(table.size).toBe(1_000);
    expect(lapsed(table, 30_000 + 9)).toHaveLength(10);
    expect(table.renewedAt(777)).toBe(777);
    table.grant('far', grant({ renewedAt: 5 }), 50_000);
    expect(table.renewedAt(50_000)).toBe(5);
    expect(table.renewedAt(777)).toBe(777);
  });
});

describe('packChanges', () => {
  it('gives the rows that changed, once, and each lease comes out as it went in', () => {
    const table = new LeaseTable<string>();
    const slots = [0, 1, 2].map((index) => table.grant(`h-${index}`, grant({ renewedAt: index })));
    expect(table.packChanges()).toEqual([]);
    table.renew(slots[1] ?? 0, 70);
    table.extendAll(90, 0);
    expect(table.changed).toBe(true);
    const [packed] = table.packChanges();
    expect(packed?.row).toBe(0);
    const leases = packed?.leases ?? new ArrayBuffer();
    expect(slots.map((slot) => unpackLease(new Float64Array(leases), slot))).toEqual([
      { renewedAt: 0, extendedAt: 90 },
      { renewedAt: 70, extendedAt: 90 },
      { renewedAt: 2, extendedAt: 90 },
    ]);
    expect(unpackLease(new Float64Array(leases), 3)).toBeUndefined();
    expect(table.changed).toBe(false);
    expect(table.packChanges()).toEqual([]);
  });

  it('[I8] packs ten thousand leases into a row', () => {
    const table = new LeaseTable<string>();
    const last = 2 * CHECKPOINT_LEASES_PER_ROW_COUNT + 4;
    for (let index = 0; index <= last; index++) table.grant('h', grant());
    table.renew(CHECKPOINT_LEASES_PER_ROW_COUNT - 1, 1);
    table.renew(last, 2);
    const packed = table.packChanges();
    expect(packed.map(({ row, leases }) => [row, leases.byteLength])).toEqual([
      [0, CHECKPOINT_LEASES_PER_ROW_COUNT * 16],
      [2, 5 * 16],
    ]);
    expect(unpackLease(new Float64Array(packed[1]?.leases ?? new ArrayBuffer()), last)).toEqual({
      renewedAt: 2,
      extendedAt: 0,
    });
  });
});

/** A lease as a child would write it down. */
interface Plain {
  ttlMs: number;
  removeAfterMs: number;
  from: number;
  healthy: boolean;
}

const deadlineOf = ({ ttlMs, removeAfterMs, from, healthy }: Plain) =>
  from + (healthy ? Math.min(ttlMs, removeAfterMs) : removeAfterMs);

describe('earliestDeadline', () => {
  const step = fc.record({
    act: fc.constantFrom('grant', 'renew', 'release', 'turn', 'look', 'find'),
    which: fc.nat(20),
    ttlMs: fc.integer({ min: 1, max: 50 }),
    moreMs: fc.option(fc.integer({ min: 0, max: 50 })),
    passMs: fc.nat(10),
  });

  it('is never after a deadline, is exact once somebody looked, and no lapsed lease is missed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new LeaseTable<number>();
        const plain = new Map<number, Plain>();
        let now = 1;
        for (const { act, which, ttlMs, moreMs, passMs } of steps) {
          now += passMs;
          const slot = [...plain.keys()][which % Math.max(1, plain.size)];
          const lease = slot === undefined ? undefined : plain.get(slot);
          const earliest = () => Math.min(Number.POSITIVE_INFINITY, ...[...plain.values()].map(deadlineOf));
          if (act === 'grant') {
            const removeAfterMs = moreMs === null ? null : ttlMs + moreMs;
            const granted = table.grant(now, { ttlMs, removeAfterMs, healthy: true, renewedAt: now, extendedAt: 0 });
            expect(plain.has(granted)).toBe(false);
            plain.set(granted, {
              ttlMs,
              removeAfterMs: removeAfterMs ?? Number.POSITIVE_INFINITY,
              from: now,
              healthy: true,
            });
          } else if (act === 'look') {
            const due = [...plain.values()].filter((each) => deadlineOf(each) <= now).length;
            expect(table.lapsed(now, 1_000)).toHaveLength(due);
            expect(table.earliestDeadline).toBe(earliest());
          } else if (act === 'find') {
            table.findEarliest();
            expect(table.earliestDeadline).toBe(earliest());
          } else if (slot !== undefined && lease !== undefined) {
            if (act === 'renew') {
              table.renew(slot, now);
              lease.from = now;
            } else if (act === 'turn') {
              lease.healthy = !lease.healthy;
              table.setHealthy(slot, lease.healthy);
            } else {
              table.release(slot);
              plain.delete(slot);
            }
          }
          expect(table.earliestDeadline).toBeLessThanOrEqual(earliest());
          expect(table.size).toBe(plain.size);
        }
      }),
    );
  });
});

describe('renewals', () => {
  const granted = { ttlMs: 10_000, removeAfterMs: 20_000, healthy: true, renewedAt: 1_000, extendedAt: 0 };

  it('[J8] remembers the longest gap of each lease, until its slot serves another', () => {
    const table = new LeaseTable<string>();
    const slot = table.grant('a', granted);
    for (const at of [2_000, 5_000, 6_000]) table.renew(slot, at);
    expect(table.longestGapMs(slot)).toBe(3_000);
    table.regrant(slot, { ...granted, renewedAt: 10_000 });
    expect(table.longestGapMs(slot)).toBe(4_000);
    table.release(slot);
    expect(table.longestGapMs(table.grant('b', granted))).toBe(0);
  });

  it('[J8] tells when a lease is to be removed, if ever', () => {
    const table = new LeaseTable<string>();
    expect(table.removalAt(table.grant('a', granted))).toBe(21_000);
    expect(table.removalAt(table.grant('b', { ...granted, removeAfterMs: null }))).toBe(Number.POSITIVE_INFINITY);
  });
});
