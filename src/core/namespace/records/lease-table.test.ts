import { describe, expect, it } from 'vitest';
import { CHECKPOINT_LEASES_PER_ROW_COUNT } from '../../../model/limits';
import { Attention } from '../time/attention';
import { type LeaseGrant, LeaseTable, unpackLease } from './lease-table';

const grant = (lease: Partial<LeaseGrant> = {}): LeaseGrant => ({
  ttlMs: 30_000,
  removeAfterMs: 30_000,
  healthy: true,
  renewedAt: 0,
  askedAt: 0,
  ...lease,
});

/** A table whose registry has listened since 0. */
function begin<Holder = string>() {
  const attention = new Attention({ since: 0, attendedMs: 1 }, 0, Number.NEGATIVE_INFINITY);
  return { attention, table: new LeaseTable<Holder>(attention) };
}

/** Returns the holders that have lapsed, and how. */
const lapsed = (table: LeaseTable<string>, now: number, most = 1_000) =>
  table.lapsed(now, most).map(({ holder, lapse }) => `${holder} ${lapse}`);

/** Passes over the leases whenever there is work. Returns when the first one ends, and how. */
function firstEnd(table: LeaseTable<string>): [now: number, ...how: string[]] {
  for (;;) {
    const now = table.earliestDeadline;
    const ended = now === Number.POSITIVE_INFINITY ? ['none'] : lapsed(table, now);
    if (ended.length > 0) return [now, ...ended];
    if (table.earliestDeadline <= now) throw new Error('a pass leaves work that is due now');
  }
}

describe('lapsed', () => {
  it('[L1, L15] asks a lease one retry before its limit, ends it at the second pass after, and not a millisecond before', () => {
    const { table } = begin();
    table.grant('a', grant());
    expect(lapsed(table, 29_249)).toEqual([]);
    expect([table.earliestDeadline, table.hasAsked]).toEqual([29_250, false]);
    expect(lapsed(table, 29_250)).toEqual([]);
    expect([table.earliestDeadline, table.hasAsked]).toEqual([30_500, true]);
    expect(lapsed(table, 30_499)).toEqual([]);
    expect(lapsed(table, 30_500)).toEqual(['a expired']);
    expect(table.hasAsked).toBe(false);
  });

  it('[L15] asks at a late pass too, before it ends anything', () => {
    const { table } = begin();
    table.grant('a', grant());
    expect(lapsed(table, 90_000)).toEqual([]);
    expect(lapsed(table, 91_249)).toEqual([]);
    expect(lapsed(table, 91_250)).toEqual(['a expired']);
  });

  it.each([
    [1_000, 1_150, 1_500],
    [1_009, 1_159, 1_509],
    [10_000, 9_250, 10_500],
    [3_600_000, 3_599_250, 3_600_500],
  ])('[L15] asks a lease of %i ms at %i ms, in whole milliseconds, and ends it at %i ms', (ttlMs, askedAt, endsAt) => {
    const { table } = begin();
    table.grant('a', grant({ ttlMs, removeAfterMs: ttlMs }));
    expect(table.earliestDeadline).toBe(askedAt);
    expect(firstEnd(table)).toEqual([endsAt, 'a expired']);
  });

  it('[L1] returns a lease at its time to live, and again at its removal once it is unhealthy', () => {
    const { table } = begin();
    const slot = table.grant('a', grant({ ttlMs: 1_000, removeAfterMs: 5_000 }));
    lapsed(table, 1_150);
    expect(table.lapsed(1_500, 9)).toEqual([{ holder: 'a', lapse: 'unhealthy' }]);
    table.setHealthy(slot, false);
    expect(lapsed(table, 5_249)).toEqual([]);
    expect(lapsed(table, 5_250)).toEqual(['a expired']);
  });

  it('[L1] returns a lease as expired if it passed both limits unnoticed', () => {
    const { table } = begin();
    table.grant('a', grant({ ttlMs: 1_000, removeAfterMs: 5_000 }));
    lapsed(table, 6_000);
    expect(lapsed(table, 6_350)).toEqual(['a expired']);
  });

  it('[L1] returns a lease as unhealthy unless its removal is due within the same 250 ms', () => {
    const { table } = begin();
    table.grant('a', grant({ ttlMs: 1_000, removeAfterMs: 1_400 }));
    lapsed(table, 1_299);
    expect(lapsed(table, 1_649)).toEqual(['a unhealthy']);
    expect(lapsed(table, 1_650)).toEqual(['a expired']);
  });

  it('[L2] never returns a lease without removal for removal', () => {
    const { table } = begin();
    const slot = table.grant('a', grant({ removeAfterMs: null }));
    expect(firstEnd(table)).toEqual([30_500, 'a unhealthy']);
    table.setHealthy(slot, false);
    expect(lapsed(table, 1e15)).toEqual([]);
    expect(table.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(table.hasAsked).toBe(false);
  });

  it('[L14, L3] returns a slice, but always all of the given holders', () => {
    const { table } = begin();
    for (const holder of ['x1', 'y1', 'x2', 'y2', 'x3', 'y3']) table.grant(holder, grant());
    lapsed(table, 29_250, 1);
    const found = table.lapsed(30_500, 1, (holder) => holder.startsWith('y')).map(({ holder }) => holder);
    expect(found).toEqual(['x1', 'y1', 'y2', 'y3']);
    expect(table.earliestDeadline).toBe(30_500);
  });

  it('[L14, L15] asks all leases past their limit, whatever the slice', () => {
    const { table } = begin();
    for (const holder of ['a', 'b', 'c']) table.grant(holder, grant());
    expect(lapsed(table, 29_250, 0)).toEqual([]);
    expect(lapsed(table, 30_500, 3)).toEqual(['a expired', 'b expired', 'c expired']);
  });

  it('[L16] finds the shortest time to live of the remaining leases', () => {
    const { table } = begin();
    expect(table.shortestTtlMs).toBe(Number.POSITIVE_INFINITY);
    const short = table.grant('short', grant({ ttlMs: 5_000 }));
    table.grant('long', grant({ ttlMs: 20_000 }));
    expect(table.shortestTtlMs).toBe(5_000);
    table.release(short);
    lapsed(table, 1);
    expect(table.shortestTtlMs).toBe(20_000);
  });
});

describe('lapsed, after a gap', () => {
  it('[L7] ends a lease renewed before it only after a whole time to live without a renewal', () => {
    const { table, attention } = begin();
    table.grant('a', grant({ ttlMs: 6_000, removeAfterMs: 6_000 }));
    attention.pass(5_000);
    attention.gap(20_000, 0);
    expect(firstEnd(table)).toEqual([26_250, 'a expired']);
  });

  it('[L7, I6] ends a lease that was asked before it no sooner, however long it has been silent', () => {
    const { table, attention } = begin();
    table.grant('a', grant({ ttlMs: 6_000, removeAfterMs: 6_000 }));
    lapsed(table, 6_250);
    attention.pass(6_400);
    attention.gap(500_000, 0);
    expect(lapsed(table, 506_249)).toEqual([]);
    expect(firstEnd(table)).toEqual([506_250, 'a expired']);
  });

  it('[L7] waits for clients that have yet to reconnect after a wake', () => {
    const { table, attention } = begin();
    table.grant('a', grant({ ttlMs: 6_000, removeAfterMs: 6_000 }));
    attention.gap(20_000, 2_000);
    expect(firstEnd(table)).toEqual([28_250, 'a expired']);
  });

  it('[L7] does not postpone a lease whose limit is later than a whole time to live', () => {
    const { table, attention } = begin();
    const slot = table.grant('a', grant({ ttlMs: 6_000, removeAfterMs: 60_000 }));
    attention.gap(20_000, 0);
    expect(firstEnd(table)).toEqual([26_250, 'a unhealthy']);
    table.setHealthy(slot, false);
    expect(firstEnd(table)).toEqual([60_250, 'a expired']);
    attention.gap(59_000, 0);
    expect(firstEnd(table)).toEqual([65_250, 'a expired']);
  });

  it('[L7, I6] ends a lease after two times to live of fragmented attention, a second after the last gap', () => {
    const { table, attention } = begin();
    table.grant('a', grant({ ttlMs: 6_000, removeAfterMs: 6_000 }));
    lapsed(table, 6_250);
    attention.pass(6_250);
    let now = 10_000;
    attention.gap(now, 0);
    // Pieces of 4 s, each shorter than a time to live: three of them are 12 s of attention.
    for (let pieces = 0; pieces < 3; pieces++) {
      expect(lapsed(table, now + 3_999)).toEqual([]);
      attention.pass(now + 4_000);
      now += 10_000;
      attention.gap(now, 0);
      expect(lapsed(table, now)).toEqual([]);
    }
    expect(firstEnd(table)).toEqual([now + 1_000, 'a expired']);
  });

  it('[L7] counts only attention since the lease was asked', () => {
    const { table, attention } = begin();
    attention.pass(500_000);
    attention.gap(600_000, 0);
    table.grant('a', grant({ ttlMs: 6_000, removeAfterMs: 6_000, renewedAt: 600_000 }));
    lapsed(table, 605_650);
    expect(table.earliestDeadline).toBe(606_500);
    attention.pass(606_300);
    attention.gap(700_000, 0);
    attention.pass(704_000);
    attention.gap(710_000, 0);
    // 650 + 4,000 ms of the 12,000 have passed: the whole time to live is reached first.
    expect(firstEnd(table)).toEqual([716_250, 'a expired']);
  });

  it('[L15] asks an overdue lease at the first pass after the gap, and ends it only at a later one', () => {
    const { table, attention } = begin();
    table.grant('a', grant({ ttlMs: 1_000, removeAfterMs: 1_000 }));
    attention.gap(20_000, 0);
    expect(lapsed(table, 21_400)).toEqual([]);
    expect(table.earliestDeadline).toBe(21_750);
    expect(lapsed(table, 21_750)).toEqual(['a expired']);
  });
});

describe('lapsed, after late passes', () => {
  it('[L15, L9] ends nothing for 250 ms after one, to handle queued messages first', () => {
    const { table, attention } = begin();
    const [slot = -1] = ['a', 'b'].map((holder) => table.grant(holder, grant()));
    lapsed(table, 29_250);
    attention.hold(30_600);
    expect(lapsed(table, 30_600)).toEqual([]);
    expect([table.earliestDeadline, table.hasAsked]).toEqual([30_850, true]);
    table.renew(slot, 30_700);
    expect(lapsed(table, 30_849)).toEqual([]);
    expect(lapsed(table, 30_850)).toEqual(['b expired']);
  });

  it('[I6] ends dead leases after at most a second, even if every pass is late', () => {
    const { table, attention } = begin();
    table.grant('a', grant());
    const ended: number[] = [];
    for (let now = 100; now <= 32_000; now += 100) {
      attention.hold(now);
      if (lapsed(table, now).length > 0) ended.push(now);
    }
    // Asked at 29,300, as the pass was late, it would have ended at 30,550.
    expect(ended[0]).toBe(31_600);
  });

  it('[I6] does not restart that second with each pass', () => {
    const { table, attention } = begin();
    table.grant('a', grant());
    lapsed(table, 29_250);
    for (let now = 30_400; now < 31_500; now += 200) {
      attention.hold(now);
      expect(lapsed(table, now)).toEqual([]);
    }
    attention.hold(31_499);
    expect(firstEnd(table)).toEqual([31_500, 'a expired']);
  });

  it('[L1, L15] still asks, and postpones nothing that ends later', () => {
    const { table, attention } = begin();
    table.grant('a', grant());
    attention.hold(29_200);
    expect(table.earliestDeadline).toBe(29_250);
    expect(lapsed(table, 29_250)).toEqual([]);
    expect(table.hasAsked).toBe(true);
    expect(firstEnd(table)).toEqual([30_500, 'a expired']);
  });
});

describe('renew', () => {
  it('[L4] restarts all limits', () => {
    const { table } = begin();
    const slot = table.grant('a', grant({ ttlMs: 1_000, removeAfterMs: 5_000 }));
    table.renew(slot, 700);
    expect(table.renewedAt(slot)).toBe(700);
    expect(table.ttlEndsAt(slot)).toBe(1_700);
    expect(lapsed(table, 1_849)).toEqual([]);
    expect([table.earliestDeadline, table.hasAsked]).toEqual([1_850, false]);
    expect(firstEnd(table)).toEqual([2_200, 'a unhealthy']);
  });

  it('[L15, L4] counts for a lease that was asked, which is asked again when it is silent again', () => {
    const { table } = begin();
    const slot = table.grant('a', grant());
    lapsed(table, 29_250);
    table.renew(slot, 30_400);
    expect(lapsed(table, 30_500)).toEqual([]);
    expect(table.hasAsked).toBe(false);
    expect(lapsed(table, 59_650)).toEqual([]);
    expect(table.earliestDeadline).toBe(60_900);
    expect(lapsed(table, 60_900)).toEqual(['a expired']);
  });

  it('[L9] of one lease proves nothing about another', () => {
    const { table, attention } = begin();
    table.grant('silent', grant({ ttlMs: 4_000, removeAfterMs: 4_000 }));
    const slot = table.grant('beats', grant({ ttlMs: 4_000, removeAfterMs: 4_000 }));
    attention.pass(1_000);
    attention.gap(10_000, 0);
    table.renew(slot, 10_000);
    expect(firstEnd(table)).toEqual([14_250, 'silent expired']);
    expect(lapsed(table, 14_500)).toEqual(['silent expired', 'beats expired']);
  });

  it('ends the wait for the first renewal', () => {
    const { table } = begin();
    const terms = { ttlMs: 1_000, removeAfterMs: 2_000, firstRemoveAfterMs: 9_000, healthy: false };
    const [silent = -1, beats = -1] = ['silent', 'beats'].map((holder) => table.grant(holder, grant(terms)));
    table.renew(beats, 0);
    expect([silent, beats].map((slot) => table.awaitsFirstRenewal(slot))).toEqual([true, false]);
    expect(table.earliestDeadline).toBe(2_150);
    expect(firstEnd(table)).toEqual([2_500, 'beats expired']);
    table.release(beats);
    table.findEarliest();
    expect(firstEnd(table)).toEqual([9_500, 'silent expired']);
    table.release(silent);
    expect(table.awaitsFirstRenewal(silent)).toBe(false);
  });
});

describe('regrant', () => {
  it('[L15] is a renewal: a lease that was asked is asked again', () => {
    const { table } = begin();
    const slot = table.grant('a', grant());
    lapsed(table, 29_250);
    table.regrant(slot, grant({ renewedAt: 30_400, ttlMs: 10_000, removeAfterMs: 10_000 }));
    expect(firstEnd(table)).toEqual([40_900, 'a expired']);
  });
});

describe('askAgainAfter', () => {
  it('[F11] keeps a lease for the given amount of attention', () => {
    const { table, attention } = begin();
    const slot = table.grant('a', grant());
    lapsed(table, 29_250);
    table.askAgainAfter(slot, 30_000, 30_500);
    table.findEarliest();
    expect(lapsed(table, 60_499)).toEqual([]);
    expect(table.hasAsked).toBe(false);
    expect(lapsed(table, 60_500)).toEqual([]);
    expect(table.hasAsked).toBe(true);
    expect(firstEnd(table)).toEqual([61_750, 'a expired']);
    attention.pass(50_500);
    attention.gap(150_500, 0);
    expect(firstEnd(table)).toEqual([180_750, 'a expired']);
  });
});

describe('overdue', () => {
  it('[T10] lists every holder that was or will be asked, whatever their number', () => {
    const { table } = begin();
    for (let index = 0; index < 3_000; index++) table.grant(`h-${index}`, grant());
    const slot = table.grant('beats', grant());
    table.release(7);
    expect([...table.overdue(29_249)]).toEqual([]);
    table.renew(slot, 20_000);
    lapsed(table, 29_250, 1_000);
    expect([...table.overdue(29_250)]).toHaveLength(2_999);
  });
});

describe('slots', () => {
  it('are reused', () => {
    const { table } = begin();
    const slots = ['a', 'b', 'c'].map((holder) => table.grant(holder, grant()));
    expect(slots).toEqual([0, 1, 2]);
    table.release(1);
    expect(table.size).toBe(2);
    expect(table.grant('d', grant({ ttlMs: 1_000, removeAfterMs: 1_000 }))).toBe(1);
    expect(firstEnd(table)).toEqual([1_500, 'd expired']);
  });

  it('that loading left empty are used first', () => {
    const { table } = begin();
    table.grant('a', grant(), 3);
    table.grant('b', grant(), 1);
    table.collectFreeSlots();
    expect(['c', 'd', 'e'].map((holder) => table.grant(holder, grant()))).toEqual([0, 2, 4]);
  });

  it('grow as needed', () => {
    const { table } = begin();
    for (let index = 0; index < 1_000; index++) table.grant(`h-${index}`, grant({ renewedAt: index }));
    expect(table.size).toBe(1_000);
    lapsed(table, 29_250 + 9);
    expect(lapsed(table, 30_500 + 9)).toHaveLength(10);
    expect(table.renewedAt(777)).toBe(777);
    table.grant('far', grant({ renewedAt: 5 }), 50_000);
    expect(table.renewedAt(50_000)).toBe(5);
    expect(table.renewedAt(777)).toBe(777);
  });
});

describe('packChanges', () => {
  it('returns changed rows once, and each lease unpacks as it was packed', () => {
    const { table } = begin();
    const slots = [0, 1, 2].map((index) => table.grant(`h-${index}`, grant({ renewedAt: index })));
    expect(table.packChanges()).toEqual([]);
    table.renew(slots[1] ?? 0, 70);
    lapsed(table, 29_251);
    expect(table.changed).toBe(true);
    const [packed] = table.packChanges();
    expect(packed?.row).toBe(0);
    const leases = packed?.leases ?? new ArrayBuffer();
    expect(slots.map((slot) => unpackLease(new Float64Array(leases), slot))).toEqual([
      { renewedAt: 0, askedAt: 29_252 },
      { renewedAt: 70, askedAt: 0 },
      { renewedAt: 2, askedAt: 0 },
    ]);
    expect(unpackLease(new Float64Array(leases), 3)).toBeUndefined();
    expect(table.changed).toBe(false);
    expect(table.packChanges()).toEqual([]);
  });

  it('[I8] packs ten thousand leases into a row', () => {
    const { table } = begin();
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
      askedAt: 0,
    });
  });
});

describe('renewals', () => {
  const granted = { ttlMs: 10_000, removeAfterMs: 20_000, healthy: true, renewedAt: 1_000, askedAt: 0 };

  it('[J8] remembers the longest gap of each lease until its slot is reused', () => {
    const { table } = begin();
    const slot = table.grant('a', granted);
    for (const at of [2_000, 5_000, 6_000]) table.renew(slot, at);
    table.regrant(slot, { ...granted, renewedAt: 10_000 });
    expect(table.longestGapMs(slot)).toBe(4_000);
    table.release(slot);
    expect(table.longestGapMs(table.grant('b', granted))).toBe(0);

    for (const at of [9_000, 9_500]) table.renew(table.isUsed(7) ? 7 : table.grant('c', granted, 7), at);
    expect(table.longestGapMs(7)).toBe(500);
  });

  it('[J8] returns when a lease will be removed, if ever', () => {
    const { table } = begin();
    expect(table.removalAt(table.grant('a', granted))).toBe(21_000);
    expect(table.removalAt(table.grant('b', { ...granted, removeAfterMs: null }))).toBe(Number.POSITIVE_INFINITY);
  });
});
