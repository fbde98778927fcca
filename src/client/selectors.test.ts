import { describe, expect, it } from 'vitest';
import { countById, endpoints } from '../../test/fixtures/client-instance';
import { SeededRandom } from '../../test/simulation/seeded-random';
import type { Endpoint } from './resolve/endpoint';
import type { Selector } from './resolve/selector';
import { consistentHash, nearest, random, roundRobin, sticky, subset, weightedRoundRobin } from './selectors';

/** Asks a selector again and again. */
function asking(selector: Selector, seed = 3) {
  const chance = new SeededRandom(seed);
  const pick = (list: readonly Endpoint[], key?: string) =>
    selector.pick(list, { key, now: 0, random: () => chance.fraction() });
  return {
    pick,
    ids: (list: readonly Endpoint[], count: number) => Array.from({ length: count }, () => pick(list)?.id).join(' '),
    counts: (list: readonly Endpoint[], count: number) => countById(Array.from({ length: count }, () => pick(list))),
    /** Returns the endpoint of each of many keys. */
    homes: (list: readonly Endpoint[], count: number) =>
      Array.from({ length: count }, (_, key) => pick(list, `key-${key}`)?.id),
  };
}

const without = (list: readonly Endpoint[], id: string) => list.filter((endpoint) => endpoint.id !== id);
const weighing = (weights: Record<string, number>) =>
  endpoints(Object.keys(weights).join(' '), (id) => ({ weight: weights[id] ?? 1 }));

describe.each<[string, () => Selector]>([
  ['random', random],
  ['roundRobin', roundRobin],
  ['weightedRoundRobin', weightedRoundRobin],
  ['consistentHash', consistentHash],
  ['nearest', () => nearest({ zone: 'x' })],
  ['subset', () => subset(2, 'client')],
  ['sticky', () => sticky()],
])('%s', (_, make) => {
  it('[B13] chooses from the given list, and nothing from an empty one', () => {
    const { pick } = asking(make());
    const list = endpoints('a b c');
    const first = pick(list, 'key');
    expect(list).toContain(first);
    expect(without(list, first?.id ?? '')).toContain(pick(without(list, first?.id ?? ''), 'key'));
    expect(pick([], 'key')).toBeUndefined();
    expect(pick([])).toBeUndefined();
  });
});

describe('random', () => {
  it('[B7] gives each its share', () => {
    const counts = asking(random()).counts(weighing({ a: 1, b: 2, c: 7 }), 10_000);
    expect(Math.abs((counts.a ?? 0) - 1_000)).toBeLessThan(100);
    expect(Math.abs((counts.b ?? 0) - 2_000)).toBeLessThan(150);
  });
});

describe('roundRobin', () => {
  it('[B7] takes turns, also when an instance leaves', () => {
    const { ids } = asking(roundRobin());
    const list = endpoints('a b c');
    expect('a b c a b c a b').toContain(ids(list, 6));
    expect(['a b a b', 'b a b a']).toContain(ids(without(list, 'c'), 4));
  });

  it('[B7] starts at a random instance', () => {
    const list = endpoints('a b c d');
    const firsts = Array.from({ length: 20 }, (_, seed) => asking(roundRobin(), seed).pick(list));
    expect(Object.keys(countById(firsts))).toHaveLength(4);
  });
});

describe('weightedRoundRobin', () => {
  it('[B7] distributes turns like nginx', () => {
    const { ids } = asking(weightedRoundRobin());
    const list = weighing({ a: 5, b: 1, c: 1 });
    expect(ids(list, 7)).toBe('a a b a c a a');
    expect(ids(list, 7)).toBe('a a b a c a a');
  });
});

describe('consistentHash', () => {
  it('[B8] assigns a key to the same instance, in any order of the list', () => {
    const list = endpoints('a b c d e');
    expect(asking(consistentHash()).homes(list.toReversed(), 100)).toEqual(asking(consistentHash()).homes(list, 100));
  });

  it('[B8] moves only the keys of a removed instance, to all others', () => {
    const { homes } = asking(consistentHash());
    const list = endpoints('a b c d e');
    const before = homes(list, 5_000);
    const after = homes(without(list, 'c'), 5_000);
    const moved = before.flatMap((home, key) => (home === after[key] ? [] : [{ from: home, to: after[key] }]));
    expect(moved.every(({ from }) => from === 'c')).toBe(true);
    for (const id of ['a', 'b', 'd', 'e']) {
      expect(Math.abs(moved.filter(({ to }) => to === id).length - 250)).toBeLessThan(75);
    }
  });

  it('[B8] distributes keys by weight, and moves keys only to the instance whose weight grows', () => {
    const { homes } = asking(consistentHash());
    const before = homes(weighing({ a: 1, b: 1, c: 2 }), 8_000);
    const after = homes(weighing({ a: 1, b: 1, c: 6 }), 8_000);
    const count = (list: (string | undefined)[], id: string) => list.filter((home) => home === id).length;
    expect(Math.abs(count(before, 'c') - 4_000)).toBeLessThan(200);
    expect(Math.abs(count(after, 'c') - 6_000)).toBeLessThan(200);
    expect(before.every((home, key) => home === after[key] || after[key] === 'c')).toBe(true);
  });
});

describe('nearest', () => {
  const places: Record<string, [number, number]> = {
    berlin: [52.5, 13.4],
    potsdam: [52.4, 13.06],
    hamburg: [53.55, 10],
    sydney: [-33.9, 151.2],
  };
  const cities = endpoints('sydney hamburg potsdam berlin', (id) => {
    const [latitude, longitude] = places[id] ?? [];
    return { location: { latitude, longitude } };
  });
  const nowhere = endpoints('nowhere');

  it('[B9] chooses those near a point, and the next nearest if there are none', () => {
    const { counts } = asking(nearest({ latitude: 52.52, longitude: 13.4 }, random()));
    expect(Object.keys(counts([...nowhere, ...cities], 50)).sort()).toEqual(['berlin', 'potsdam']);
    expect(counts([...nowhere, ...cities.slice(0, 2)], 50)).toEqual({ hamburg: 50 });
    expect(counts([...nowhere, ...cities.slice(0, 1)], 50)).toEqual({ sydney: 50 });
    expect(counts(nowhere, 50)).toEqual({ nowhere: 50 });
  });

  it('[B9] chooses those in a zone, then in its region, then any', () => {
    const zones: Record<string, { zone?: string; region: string }> = {
      here: { zone: 'eu-1a', region: 'eu-1' },
      near: { zone: 'eu-1b', region: 'eu-1' },
      far: { zone: 'us-1a', region: 'us-1' },
    };
    const list = [...nowhere, ...endpoints('far near here', (id) => ({ location: zones[id] }))];
    const { counts } = asking(nearest({ zone: 'eu-1a', region: 'eu-1' }, random()));
    expect(counts(list, 20)).toEqual({ here: 20 });
    expect(counts(without(list, 'here'), 20)).toEqual({ near: 20 });
    expect(Object.keys(counts(without(without(list, 'here'), 'near'), 20)).sort()).toEqual(['far', 'nowhere']);
  });
});

describe('subset', () => {
  const fleet = endpoints(Array.from({ length: 40 }, (_, index) => `i${index}`).join(' '));
  const members = (selector: Selector, list = fleet) => Object.keys(asking(selector).counts(list, 2_000)).sort();

  it('[B10] has its size, is stable for a client, and differs between clients', () => {
    const one = members(subset(5, 'client-1', random()));
    expect(one).toHaveLength(5);
    expect(members(subset(5, 'client-1', random()), fleet.toReversed())).toEqual(one);
    expect(members(subset(5, 'client-2', random()))).not.toEqual(one);
    expect(members(subset(50, 'client-1', random()))).toHaveLength(40);
  });

  it('[B10] changes by one if a member leaves, and not at all if another instance does', () => {
    const selector = subset(5, 'client-1', random());
    const before = members(selector);
    for (const { id } of fleet) {
      const after = members(selector, without(fleet, id));
      expect(after.filter((member) => !before.includes(member))).toHaveLength(before.includes(id) ? 1 : 0);
    }
  });

  it('[B10] distributes clients over all instances', () => {
    const counts: Record<string, number> = {};
    for (let client = 0; client < 400; client++) {
      for (const id of members(subset(4, `client-${client}`, roundRobin()))) counts[id] = (counts[id] ?? 0) + 1;
    }
    expect(Object.keys(counts)).toHaveLength(40);
    for (const count of Object.values(counts)) expect(Math.abs(count - 40)).toBeLessThan(25);
  });

  it.each([0, -1, 1.5, Number.NaN])('[B10] refuses %d members', (size) => {
    expect(() => subset(size, 'client')).toThrow(RangeError);
  });

  it('[B10] passes the results of calls on to the inner selector', () => {
    const calls: string[] = [];
    const among: Selector = {
      pick: (list) => list[0],
      started: ({ id }) => calls.push(`${id} started`),
      ended: ({ id }, { outcome }) => calls.push(`${id} ${outcome}`),
    };
    const [a] = fleet;
    for (const selector of [subset(3, 'c', among), nearest({ zone: 'x' }, among), sticky(among)]) {
      if (a !== undefined) selector.started?.(a);
      if (a !== undefined) selector.ended?.(a, { latencyMs: 1, outcome: 'success', now: 0 });
    }
    expect(calls).toEqual(Array(3).fill(['i0 started', 'i0 success']).flat());
  });
});

describe('sticky', () => {
  it('[B11] keeps a key on its instance when others are added', () => {
    const { homes } = asking(sticky(random()));
    const before = homes(endpoints('a b c').slice(0, 0), 1);
    expect(before).toEqual([undefined]);
    const list = endpoints('a b c');
    const first = homes(list, 100);
    expect(homes([...list, ...endpoints('d e f g h')], 100)).toEqual(first);
  });

  it('[B11] moves only the keys of a removed instance, and keeps them there', () => {
    const { homes } = asking(sticky(random()));
    const list = endpoints('a b c');
    const before = homes(list, 100);
    const during = homes(without(list, 'c'), 100);
    expect(during.every((home, key) => home === before[key] || before[key] === 'c')).toBe(true);
    expect(homes(list, 100)).toEqual(during);
  });

  it('[B11] forgets the least recently used keys', () => {
    const { pick } = asking(sticky(roundRobin(), 2));
    const list = endpoints('a b c d e f g');
    const one = pick(list, 'one');
    const two = pick(list, 'two');
    expect(pick(list, 'one')).toBe(one);
    pick(list, 'three');
    expect(pick(list, 'one')).toBe(one);
    expect(pick(list, 'two')).not.toBe(two);
  });

  it('[B11] stores nothing without a key', () => {
    expect(Object.keys(asking(sticky(random())).counts(endpoints('a b c'), 100))).toHaveLength(3);
  });
});
