import { describe, expect, it } from 'vitest';
import { indexAfterKey, indexAt, nearestTo, placesOf } from './past-points';

const points = [0, 1, 2, 1_000].map((at, index) => ({ at, revision: (index + 1) * 10 }));

describe('placesOf', () => {
  it('keeps the changes of a burst apart, and shows a pause', () => {
    const places = placesOf(points, 2_000);
    expect(places).toEqual([0, (0.0005 + 0.25) / 2, (0.001 + 0.5) / 2, (0.5 + 0.75) / 2]);
  });

  it('places every point before now, even with one time for all', () => {
    const places = placesOf(
      [0, 0, 0].map((at, revision) => ({ at, revision })),
      0,
    );
    expect(places.every((place) => place < 1)).toBe(true);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(placesOf([], 5)).toEqual([]);
  });

  it('places a change ahead of the clock of this machine', () => {
    expect(
      placesOf(
        [
          { at: 0, revision: 1 },
          { at: 90, revision: 2 },
        ],
        80,
      ).at(-1),
    ).toBeLessThan(1);
  });
});

describe('nearestTo', () => {
  it('snaps to the nearest point, or to now', () => {
    const places = placesOf(points, 2_000);
    expect(nearestTo(0, places)).toBe(0);
    expect(nearestTo(0.2, places)).toBe(2);
    expect(nearestTo(0.7, places)).toBe(3);
    expect(nearestTo(0.9, places)).toBe(4);
    expect(nearestTo(0.5, [])).toBe(0);
  });
});

describe('indexAt', () => {
  it('finds the newest point up to a revision', () => {
    expect(indexAt(points, 9)).toBe(-1);
    expect(indexAt(points, 20)).toBe(1);
    expect(indexAt(points, 39)).toBe(2);
    expect(indexAt(points, 1_000)).toBe(3);
  });
});

describe('indexAfterKey', () => {
  it('moves by one, by ten, or to an end, and stays in the range', () => {
    expect(indexAfterKey('ArrowLeft', 5, 30)).toBe(4);
    expect(indexAfterKey('ArrowUp', 30, 30)).toBe(30);
    expect(indexAfterKey('PageDown', 15, 30)).toBe(5);
    expect(indexAfterKey('PageDown', 5, 30)).toBe(0);
    expect(indexAfterKey('Home', 5, 30)).toBe(0);
    expect(indexAfterKey('End', 5, 30)).toBe(30);
  });

  it('leaves other keys to the browser', () => {
    expect(indexAfterKey('Tab', 5, 30)).toBeUndefined();
  });
});
