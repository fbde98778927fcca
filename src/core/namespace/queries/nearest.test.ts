import { describe, expect, it } from 'vitest';
import type { Location } from '../../../model/instance';
import type { Candidate } from './endpoints';
import { distanceKm, nearestFirst } from './nearest';

const BERLIN = { latitude: 52.52, longitude: 13.405 };
const PARIS = { latitude: 48.8566, longitude: 2.3522 };
const SYDNEY = { latitude: -33.8688, longitude: 151.2093 };

const candidate = (id: string, place?: Location): Candidate => ({
  endpoint: { id, ports: {}, weight: 1, metadata: {}, cluster: 'DEFAULT', zone: place?.zone },
  healthy: true,
  tags: [],
  place,
});

describe('distanceKm', () => {
  it.each([
    [BERLIN, BERLIN, 0],
    [BERLIN, PARIS, 878],
    [PARIS, SYDNEY, 16_960],
    [{ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 77 }, 20_015],
    [{ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }, 111],
  ])('[V4] from %o to %o is %i', (from, to, km) => {
    expect(Math.abs(distanceKm(from, to) - km)).toBeLessThan(1);
    expect(distanceKm(to, from)).toBe(distanceKm(from, to));
  });
});

describe('nearestFirst', () => {
  const ids = (candidates: Candidate[], near: Parameters<typeof nearestFirst>[1]) =>
    nearestFirst(candidates, near).map(({ id }) => id);

  it('[V4] orders by distance from a point, tells it, and puts the unknown last', () => {
    const candidates = [candidate('a', SYDNEY), candidate('b'), candidate('c', PARIS), candidate('d', { zone: 'x' })];
    const near = { kind: 'point', ...BERLIN } as const;
    expect(ids(candidates, near)).toEqual(['c', 'a', 'b', 'd']);
    const [nearest] = nearestFirst(candidates, near);
    expect(nearest?.distanceKm).toBeCloseTo(877.5, 0);
    expect(nearestFirst([candidate('b')], near)[0]).not.toHaveProperty('distanceKm');
  });

  it('[V4] keeps the order of equals, and what it was given', () => {
    const candidates = ['c', 'a', 'b'].map((id) => candidate(id, PARIS));
    expect(ids(candidates, { kind: 'point', ...BERLIN })).toEqual(['c', 'a', 'b']);
    expect(ids(candidates, { kind: 'zone', zone: 'x' })).toEqual(['c', 'a', 'b']);
    expect(candidates[0]?.endpoint).not.toHaveProperty('distanceKm');
  });

  it('[V4] puts a zone first, then its region', () => {
    const candidates = [
      candidate('a'),
      candidate('b', { region: 'eu', zone: 'eu-2' }),
      candidate('c', { region: 'us', zone: 'us-1' }),
      candidate('d', { region: 'eu', zone: 'eu-1' }),
      candidate('e', { zone: 'eu-1' }),
    ];
    expect(ids(candidates, { kind: 'zone', zone: 'eu-1' })).toEqual(['d', 'e', 'b', 'a', 'c']);
    expect(ids(candidates, { kind: 'zone', zone: 'asia-1' })).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
