import { describe, expect, it } from 'vitest';
import { notePlainRead, recentPlainReads, SparseMap } from './catalog-entries';

it('[I12] a SparseMap contains the same as a Map, from empty to empty', () => {
  const sparse = new SparseMap<number>();
  const plain = new Map<string, number>();
  const contents = (map: ReadonlyMap<string, number>) => {
    const seen: unknown[] = [];
    map.forEach((value, key) => {
      seen.push([key, value]);
    });
    return [
      map.size,
      map.get('a'),
      map.has('a'),
      [...map],
      [...map.entries()],
      [...map.keys()],
      [...map.values()],
      seen,
    ];
  };
  const steps: ((map: { set(key: string, value: number): void; delete(key: string): void }) => void)[] = [
    (map) => map.delete('a'),
    (map) => map.set('b', 1),
    (map) => map.set('a', 2),
    (map) => map.set('b', 3),
    (map) => map.delete('c'),
    (map) => map.delete('b'),
    (map) => map.delete('a'),
    (map) => map.set('a', 4),
  ];
  expect(contents(sparse)).toEqual(contents(plain));
  for (const step of steps) {
    step(sparse);
    step({ set: (key, value) => plain.set(key, value), delete: (key) => plain.delete(key) });
    expect(contents(sparse)).toEqual(contents(plain));
  }
});

const MINUTE_MS = 60_000;

function read(...times: number[]) {
  const reads = { minute: 0, count: 0, before: 0 };
  for (const time of times) notePlainRead(reads, time);
  return (now: number) => recentPlainReads(reads, now);
}

describe('plain reads', () => {
  it('are counted for at least one minute, and at most two', () => {
    const recent = read(MINUTE_MS, MINUTE_MS + 5, 2 * MINUTE_MS - 1);
    expect(recent(2 * MINUTE_MS - 1)).toBe(3);
    expect(recent(3 * MINUTE_MS - 1)).toBe(3);
    expect(recent(3 * MINUTE_MS)).toBe(0);
  });

  it('of this minute are added to those of the previous one', () => {
    const recent = read(MINUTE_MS, 2 * MINUTE_MS, 2 * MINUTE_MS);
    expect(recent(2 * MINUTE_MS)).toBe(3);
    expect(recent(3 * MINUTE_MS)).toBe(2);
  });

  it('of earlier minutes are not counted', () => {
    expect(read(MINUTE_MS, 3 * MINUTE_MS)(3 * MINUTE_MS)).toBe(1);
  });
});
