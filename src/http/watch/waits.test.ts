import { describe, expect, it, vi } from 'vitest';
import { WAITS_PER_SUBSCRIBER_MAX_COUNT, WAITS_PER_TOKEN_MAX_COUNT } from '../../model/limits';
import { jittered, Waits } from './waits';

const root = { tokenId: 'root', subscriber: '' };
const limited = expect.objectContaining({ code: 'LIMIT_EXCEEDED' });

/** As many waits as fit; returns what ends each. */
function fill(waits: Waits, waiter: typeof root, count: number): (() => void)[] {
  return Array.from({ length: count }, () => waits.enter(waiter, 60_000));
}

describe('Waits', () => {
  it('[P5] permits a limited number per token, and another one after one has ended', () => {
    const waits = new Waits(() => 0);
    const [end] = fill(waits, root, WAITS_PER_TOKEN_MAX_COUNT);
    expect(() => waits.enter(root, 1)).toThrow(limited);
    expect(() => waits.enter({ ...root, tokenId: 'other' }, 1)).not.toThrow();
    end?.();
    end?.();
    expect(() => waits.enter(root, 1)).not.toThrow();
    expect(() => waits.enter(root, 1)).toThrow(limited);
  });

  it('[P5] permits a limited number per subscriber of a token', () => {
    const waits = new Waits(() => 0);
    const named = { tokenId: 'root', subscriber: 's' };
    const [end] = fill(waits, named, WAITS_PER_SUBSCRIBER_MAX_COUNT);
    expect(() => waits.enter(named, 1)).toThrow(limited);
    for (const other of [root, { ...named, subscriber: 't' }, { ...named, tokenId: 'other' }]) {
      expect(() => waits.enter(other, 1)).not.toThrow();
    }
    end?.();
    expect(() => waits.enter(named, 1)).not.toThrow();
  });

  it('[P5] does not count a refused wait', () => {
    const waits = new Waits(() => 0);
    const named = { tokenId: 'root', subscriber: 's' };
    const ends = fill(waits, named, WAITS_PER_SUBSCRIBER_MAX_COUNT);
    for (let tries = 0; tries < WAITS_PER_TOKEN_MAX_COUNT; tries++) expect(() => waits.enter(named, 1)).toThrow();
    for (const end of ends) end();
    expect(fill(waits, root, WAITS_PER_TOKEN_MAX_COUNT)).toHaveLength(WAITS_PER_TOKEN_MAX_COUNT);
  });

  it('[W27] drops the names of interrupted waits once their token has reached its limit', () => {
    let now = 0;
    const waits = new Waits(() => now);
    for (let count = 0; count < 3 * WAITS_PER_TOKEN_MAX_COUNT; count++) {
      waits.enter({ tokenId: 'reader', subscriber: `fresh-${count}` }, 1_000);
      now += 1;
    }
    expect(waits.nameCount).toBeLessThanOrEqual(WAITS_PER_TOKEN_MAX_COUNT);
  });

  it('[P5] drops interrupted waits that never reported their end', () => {
    let now = 0;
    const waits = new Waits(() => now);
    fill(waits, root, WAITS_PER_TOKEN_MAX_COUNT);
    now = 59_999;
    expect(() => waits.enter(root, 1)).toThrow(limited);
    now = 60_000;
    expect(() => waits.enter(root, 1)).not.toThrow();
  });
});

it('[P2, E4] shortens a duration by up to a tenth', () => {
  const random = vi.spyOn(Math, 'random');
  random.mockReturnValue(0);
  expect(jittered(30_000)).toBe(30_000);
  random.mockReturnValue(0.5);
  expect(jittered(30_000)).toBe(28_500);
  random.mockReturnValue(0.999_999_9);
  expect(jittered(30_000)).toBe(27_000);
  random.mockRestore();
});
