import { expect, it } from 'vitest';
import { SparseMap } from './sparse-map';

it('[I12] a SparseMap holds what a Map holds, from empty to empty', () => {
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
