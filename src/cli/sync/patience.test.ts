import { describe, expect, it } from 'vitest';
import { Patience } from './patience';

const MINUTE = 60_000;

describe('patience', () => {
  it('[K24] removes at once what vanished from a source that was there all the time', () => {
    const patience = new Patience();
    patience.back(0, 3, true);
    patience.back(10, 1, true);
    expect([patience.mayRemove(10), patience.isOver(10)]).toEqual([true, false]);
  });

  it('[K24] removes nothing while the source is away, nor for two minutes after', () => {
    const patience = new Patience();
    patience.back(0, 3, true);
    patience.away(10);
    expect(patience.mayRemove(10 + MINUTE)).toBe(false);
    patience.back(5 * MINUTE, 1, true);
    expect(patience.mayRemove(7 * MINUTE - 1)).toBe(false);
    expect(patience.mayRemove(7 * MINUTE)).toBe(true);
  });

  it('[K24] waits for two minutes, and once, where a source has nothing any more', () => {
    const patience = new Patience();
    patience.back(0, 3, true);
    patience.back(10, 0, true);
    expect(patience.mayRemove(10)).toBe(false);
    patience.back(MINUTE, 0, true);
    patience.back(2 * MINUTE + 10, 0, true);
    expect(patience.mayRemove(2 * MINUTE + 10)).toBe(true);
    patience.back(3 * MINUTE, 2, true);
    expect(patience.mayRemove(3 * MINUTE)).toBe(true);
    patience.back(4 * MINUTE, 0, true);
    expect(patience.mayRemove(4 * MINUTE)).toBe(false);
  });

  it('[K24] waits where the first that it sees of a source is nothing, and something of it is here', () => {
    const patience = new Patience();
    patience.back(0, 0, true);
    expect(patience.mayRemove(0)).toBe(false);
  });

  it('[K24] does not wait where there is nothing to lose', () => {
    const patience = new Patience();
    patience.back(0, 0, false);
    patience.back(10, 2, true);
    expect(patience.mayRemove(10)).toBe(true);
  });

  it('[K25] gives up on a source that is away for fifteen minutes, and takes it up when it is back', () => {
    const patience = new Patience();
    patience.away(0);
    patience.away(MINUTE);
    expect([patience.isOver(15 * MINUTE - 1), patience.isOver(15 * MINUTE)]).toEqual([false, true]);
    patience.back(16 * MINUTE, 1, true);
    expect(patience.isOver(16 * MINUTE)).toBe(false);
  });
});
