import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import type { Location } from '../../../model/instance';
import type { Endpoint } from '../../../model/queries';
import { type Candidate, candidatesOf, chooseByWeight, distanceKm, nearestFirst } from './endpoints';

const found = (awake: AwakeNamespace) => candidatesOf(awake.state.catalog.serviceFor(ORDERS));

describe('candidatesOf', () => {
  it('[V1, V2] are the instances that take traffic, whatever their health, by id', () => {
    const awake = new AwakeNamespace();
    awake.put('b', { tags: ['x'] });
    awake.put('a', {}, { healthy: false });
    awake.put('weightless', { weight: 0 });
    awake.put('down', { status: 'down' });
    awake.put('draining', {}, { drainEndsAt: 1e15 });
    awake.put('disabled quarantined');
    awake.override('disabled', { enabled: false });
    awake.override('quarantined', { quarantine: {} });
    expect(found(awake).map(({ endpoint, healthy, tags }) => [endpoint.id, healthy, tags])).toEqual([
      ['a', false, []],
      ['b', true, ['x']],
    ]);
  });

  it('[O1] have the operator’s overrides applied', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { status: 'starting', metadata: { a: '1', b: '1' } });
    awake.override('a', { status: 'up', weight: 9, metadata: { b: '2' } });
    expect(found(awake)).toMatchObject([{ endpoint: { weight: 9, metadata: { a: '1', b: '2' } } }]);
  });

  it('[V4] are at their own location, otherwise where they registered from', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { location: { zone: 'eu-1' } }, { place: { zone: 'us-1' } });
    awake.put('b', {}, { place: { zone: 'us-1', latitude: 1, longitude: 2 } });
    awake.put('c');
    expect(found(awake).map(({ endpoint, place }) => [endpoint.zone, place])).toEqual([
      ['eu-1', { zone: 'eu-1' }],
      ['us-1', { zone: 'us-1', latitude: 1, longitude: 2 }],
      [undefined, undefined],
    ]);
  });
});

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
  it('[V4] is symmetric, and handles the poles and the date line', () => {
    const cases = [
      [BERLIN, BERLIN, 0],
      [BERLIN, PARIS, 878],
      [PARIS, SYDNEY, 16_960],
      [{ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 77 }, 20_015],
      [{ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }, 111],
    ] as const;
    for (const [from, to, km] of cases) {
      expect(Math.abs(distanceKm(from, to) - km), `${km} km`).toBeLessThan(1);
      expect(distanceKm(to, from)).toBe(distanceKm(from, to));
    }
  });
});

describe('nearestFirst', () => {
  const ids = (candidates: Candidate[], near: Parameters<typeof nearestFirst>[1]) =>
    nearestFirst(candidates, near).map(({ id }) => id);

  it('[V4] orders by distance from a point, returns the distance, and puts unknown locations last', () => {
    const candidates = [candidate('a', SYDNEY), candidate('b'), candidate('c', PARIS), candidate('d', { zone: 'x' })];
    const near = { kind: 'point', ...BERLIN } as const;
    expect(ids(candidates, near)).toEqual(['c', 'a', 'b', 'd']);
    const [nearest] = nearestFirst(candidates, near);
    expect(nearest?.distanceKm).toBeCloseTo(877.5, 0);
    expect(nearestFirst([candidate('b')], near)[0]).not.toHaveProperty('distanceKm');
  });

  it('[V4] keeps the order of equals, and leaves its input unchanged', () => {
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

const endpoint = (id: string, weight: number): Endpoint => ({
  id,
  weight,
  address: '10.0.0.1',
  port: 80,
  ports: {},
  metadata: {},
  cluster: 'DEFAULT',
});

const PICKS = 10_000;

/** Returns the share of each endpoint in all picks. */
function shares(weights: Record<string, number>, count: number): Record<string, number> {
  const random = new SeededRandom(7);
  const endpoints = Object.entries(weights).map(([id, weight]) => endpoint(id, weight));
  const picked: Record<string, number> = Object.fromEntries(endpoints.map(({ id }) => [id, 0]));
  for (let pick = 0; pick < PICKS; pick++) {
    for (const { id } of chooseByWeight(endpoints, count, () => random.fraction())) picked[id] = (picked[id] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(picked).map(([id, times]) => [id, times / PICKS]));
}

describe('chooseByWeight', () => {
  it('[V3] chooses each in proportion to its weight, to a hundredth', () => {
    const cases: Record<string, number>[] = [
      { a: 1, b: 1 },
      { a: 1, b: 2, c: 7 },
      { a: 10_000, b: 1 },
      { a: 0.001, b: 0.003 },
      { a: 5 },
    ];
    for (const weights of cases) {
      const total = Object.values(weights).reduce((sum, weight) => sum + weight);
      for (const [id, share] of Object.entries(shares(weights, 1))) {
        expect(Math.abs(share - (weights[id] ?? 0) / total), JSON.stringify({ id, weights })).toBeLessThan(0.01);
      }
    }
  });

  it('[V3] chooses none twice, and no more than there are', () => {
    const random = new SeededRandom(1);
    const endpoints = ['a', 'b', 'c'].map((id) => endpoint(id, 1));
    for (let pick = 0; pick < 100; pick++) {
      const two = chooseByWeight(endpoints, 2, () => random.fraction()).map(({ id }) => id);
      expect(new Set(two).size).toBe(2);
    }
    expect(chooseByWeight(endpoints, 9, () => random.fraction())).toHaveLength(3);
    expect(chooseByWeight([], 1, () => 0)).toEqual([]);
  });

  it('[V3] chooses the second among the remaining ones, by their weights', () => {
    const { a = 0, b = 0, c = 0 } = shares({ a: 1, b: 1, c: 2 }, 2);
    // c is first half the time; else it is second in two thirds of the cases.
    expect(Math.abs(c - (1 / 2 + (1 / 2) * (2 / 3)))).toBeLessThan(0.01);
    expect(Math.abs(a - b)).toBeLessThan(0.02);
  });

  it('accepts a random number of exactly 0', () => {
    expect(chooseByWeight([endpoint('a', 1), endpoint('b', 2)], 1, () => 0)).toHaveLength(1);
  });
});
