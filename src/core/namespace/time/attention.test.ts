import { describe, expect, it } from 'vitest';
import { Attention } from './attention';

/** Attention that began at 1,000 with five seconds of it before. */
const begin = () => new Attention({ since: 1_000, attendedMs: 5_000 }, 1_000, Number.NEGATIVE_INFINITY);

describe('attention', () => {
  it('grows while nothing is missed', () => {
    const attention = begin();
    expect(attention.attendedAt(1_000)).toBe(5_000);
    attention.pass(1_250);
    expect(attention.attendedAt(1_400)).toBe(5_400);
    expect(attention.since).toBe(1_000);
    expect(attention).toMatchObject({ lastPass: 1_250, hasPassed: true, gaps: 0 });
  });

  it('[L9] counts up to the last pass before a gap, and again from its end', () => {
    const attention = begin();
    attention.pass(3_000);
    attention.gap(10_000, 0);
    expect(attention.stored).toEqual({ since: 10_000, attendedMs: 7_000 });
    expect(attention.attendedAt(10_000)).toBe(7_000);
    expect(attention.attendedAt(10_600)).toBe(7_600);
    expect(attention).toMatchObject({ lastPass: 10_000, gaps: 1 });
  });

  it('[L7] begins after a wake only when clients had the time to reconnect', () => {
    const attention = begin();
    attention.gap(10_000, 2_000);
    expect(attention.hasPassed).toBe(false);
    expect(attention.since).toBe(12_000);
    for (const now of [10_000, 11_000, 12_000]) {
      attention.pass(now);
      expect(attention.attendedAt(now)).toBe(5_000);
    }
    expect(attention.attendedAt(12_300)).toBe(5_300);
  });

  it('[L7] keeps that time through a gap that comes within it, and counts none of it', () => {
    const attention = begin();
    attention.gap(10_000, 5_000);
    attention.pass(10_500);
    attention.gap(12_000, 0);
    expect(attention.stored).toEqual({ since: 15_000, attendedMs: 5_000 });
  });

  it('dueAfter is when so much attention has passed since', () => {
    const attention = begin();
    const before = attention.attendedAt(2_000);
    expect(attention.dueAfter(before, 250)).toBe(2_250);
    attention.pass(2_100);
    attention.gap(9_000, 0);
    expect(attention.dueAfter(before, 250)).toBe(9_150);
    expect(attention.attendedAt(9_150) - before).toBe(250);
  });

  it('[L15] holds back ends of leases for 250 ms after a pause, and says nothing of it before the first', () => {
    const attention = begin();
    expect(attention.heldUntil).toBe(Number.NEGATIVE_INFINITY);
    attention.hold(2_000);
    expect(attention.heldUntil).toBe(2_250);
    attention.hold(2_100);
    expect(attention.heldUntil).toBe(2_350);
    // That is no gap.
    expect(attention).toMatchObject({ gaps: 0, since: 1_000 });
    expect(attention.attendedAt(2_100)).toBe(6_100);
  });

  it('is never 0, as that stands for a lease that was not asked', () => {
    const attention = new Attention({ since: 0, attendedMs: 1 }, 0, Number.NEGATIVE_INFINITY);
    attention.gap(1_000, 0);
    expect(attention.attendedAt(1_000)).toBeGreaterThan(0);
  });
});
