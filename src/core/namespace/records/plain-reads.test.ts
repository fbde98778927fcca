import { describe, expect, it } from 'vitest';
import { notePlainRead, recentPlainReads } from './plain-reads';

const MINUTE_MS = 60_000;

function read(...times: number[]) {
  const reads = { minute: 0, count: 0, before: 0 };
  for (const time of times) notePlainRead(reads, time);
  return (now: number) => recentPlainReads(reads, now);
}

describe('plain reads', () => {
  it('are counted for a minute at least, and for two at most', () => {
    const recent = read(MINUTE_MS, MINUTE_MS + 5, 2 * MINUTE_MS - 1);
    expect(recent(2 * MINUTE_MS - 1)).toBe(3);
    expect(recent(3 * MINUTE_MS - 1)).toBe(3);
    expect(recent(3 * MINUTE_MS)).toBe(0);
  });

  it('of this minute count together with those of the one before', () => {
    const recent = read(MINUTE_MS, 2 * MINUTE_MS, 2 * MINUTE_MS);
    expect(recent(2 * MINUTE_MS)).toBe(3);
    expect(recent(3 * MINUTE_MS)).toBe(2);
  });

  it('do not count with those of long ago', () => {
    expect(read(MINUTE_MS, 3 * MINUTE_MS)(3 * MINUTE_MS)).toBe(1);
  });
});
