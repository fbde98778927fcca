import { describe, expect, it } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { LeaseGuard } from './lease-guard';

function stage() {
  const time = new HandTime();
  const losses: number[] = [];
  const guard = new LeaseGuard(time, () => losses.push(time.now()));
  return { time, guard, losses, start: time.now() };
}

/** Returns whether a promise has resolved. */
async function hasResolved(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);
}

describe('a lease', () => {
  it('is held for its ttl after the renewal was sent, not after it was answered', () => {
    const { time, guard, losses, start } = stage();
    const sentAt = time.now();
    time.advance(2_000);
    guard.renewed(sentAt, 5_000);
    time.advance(2_999);
    expect([guard.isHeld, losses]).toEqual([true, []]);
    time.advance(1);
    expect([guard.isHeld, losses]).toEqual([false, [start + 5_000]]);
  });

  it('of 30 days never sets a longer timer than runtimes have, which would fire at once', () => {
    const { time, guard, losses } = stage();
    const delays: number[] = [];
    const { after } = HandTime.prototype;
    time.after = (ms, act) => {
      delays.push(ms);
      return after.call(time, ms, act);
    };
    const ttlMs = 30 * 24 * 3_600_000;
    guard.renewed(time.now(), ttlMs);
    time.advance(ttlMs - 1);
    expect([guard.isHeld, delays]).toEqual([true, [2 ** 31 - 1, ttlMs - (2 ** 31 - 1)]]);
    time.advance(1);
    expect(losses).toHaveLength(1);
  });

  it("is not held before it was granted, and can't be lost then", () => {
    const { time, guard, losses } = stage();
    guard.markLost();
    time.advance(100_000);
    expect([guard.isHeld, losses]).toEqual([false, []]);
  });

  it('lasts as long as it is renewed, and a late response does not shorten it', () => {
    const { time, guard, losses } = stage();
    const late = time.now();
    guard.renewed(time.now(), 5_000);
    for (let beat = 0; beat < 10; beat++) {
      time.advance(4_000);
      guard.renewed(time.now(), 5_000);
      guard.renewed(late, 5_000);
    }
    time.advance(4_999);
    expect([guard.isHeld, losses]).toEqual([true, []]);
  });

  it('is not revived by a response to a renewal sent too long ago', () => {
    const { time, guard, losses } = stage();
    const sentAt = time.now();
    time.advance(6_000);
    guard.renewed(sentAt, 5_000);
    time.advance(6_000);
    expect([guard.isHeld, losses]).toEqual([false, []]);
  });

  it('is lost at once when the registry reports it, and only once', () => {
    const { time, guard, losses, start } = stage();
    guard.renewed(time.now(), 5_000);
    guard.markLost();
    guard.markLost();
    time.advance(10_000);
    expect([guard.isHeld, losses]).toEqual([false, [start]]);
  });

  it('has a new promise for each period', async () => {
    const { time, guard } = stage();
    const first = guard.lost;
    guard.renewed(time.now(), 5_000);
    expect(await hasResolved(first)).toBe(false);
    time.advance(5_000);
    expect(await hasResolved(first)).toBe(true);
    guard.renewed(time.now(), 5_000);
    const second = guard.lost;
    expect(await hasResolved(second)).toBe(false);
    time.advance(5_000);
    expect(await hasResolved(second)).toBe(true);
  });

  it('that was given up is not lost', async () => {
    const { time, guard, losses } = stage();
    guard.renewed(time.now(), 5_000);
    guard.stop();
    time.advance(10_000);
    expect([guard.isHeld, losses, await hasResolved(guard.lost), time.timers]).toEqual([false, [], false, 0]);
  });
});
