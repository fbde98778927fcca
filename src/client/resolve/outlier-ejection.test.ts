import { describe, expect, it } from 'vitest';
import { endpoints } from '../../../test/fixtures/client-instance';
import type { Endpoint } from './endpoint';
import { type EjectionOptions, OutlierEjection } from './outlier-ejection';

const TEN = 'a b c d e f g h i j';

function stage(ids = TEN, options: EjectionOptions = {}) {
  const ejection = new OutlierEjection(options);
  let list = endpoints(ids);
  let now = 5_000;
  const of = (id: string) => list.find((endpoint) => endpoint.id === id);
  ejection.usable(list, now);
  const report = (id: string, failed: boolean, times = 1) => {
    const endpoint = of(id);
    for (let time = 0; endpoint !== undefined && time < times; time++) ejection.report(endpoint, failed, now);
  };
  return {
    usable: () => ejection.usable(list, now),
    /** Returns the ejected endpoints, in one string. */
    out: () => {
      const left = new Set(ejection.usable(list, now));
      return list
        .filter((endpoint) => !left.has(endpoint))
        .map(({ id }) => id)
        .join(' ');
    },
    fails: (id: string, times = 5) => report(id, true, times),
    works: (id: string) => report(id, false),
    wait: (ms: number) => {
      now += ms;
    },
    replace: (change: (list: readonly Endpoint[]) => Endpoint[]) => {
      list = change(list);
    },
  };
}

describe('OutlierEjection', () => {
  it('[B12] ejects after five consecutive failures, immediately', () => {
    const { fails, works, out } = stage();
    fails('a', 4);
    works('a');
    fails('a', 4);
    expect(out()).toBe('');
    fails('a', 1);
    expect(out()).toBe('a');
  });

  it('[B12] readmits after 30 s, at the next interval of 10 s', () => {
    const { fails, wait, out } = stage();
    wait(5_000);
    fails('a');
    wait(30_000);
    expect(out()).toBe('a');
    wait(4_999);
    expect(out()).toBe('a');
    wait(1);
    expect(out()).toBe('');
  });

  it('[B12] starts to count again after an ejection', () => {
    const { fails, wait, out } = stage();
    fails('a');
    fails('a', 3); // calls that were under way
    wait(30_000);
    expect(out()).toBe('');
    fails('a', 4);
    expect(out()).toBe('');
    fails('a', 1);
    expect(out()).toBe('a');
  });

  it('[B12] ejects for longer each time, up to 300 s', () => {
    const { fails, wait, out } = stage();
    const lengths = Array.from({ length: 12 }, () => {
      fails('a');
      let length = 0;
      while (out() === 'a') {
        wait(10_000);
        length += 10;
      }
      return length;
    });
    expect(lengths).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  it('[B12] shortens the next ejection with each interval without failures', () => {
    const { fails, wait, out } = stage();
    for (const length of [30_000, 60_000, 90_000]) {
      fails('a');
      wait(length);
      expect(out()).toBe('');
    }
    wait(20_000);
    expect(out()).toBe('');
    fails('a');
    wait(50_000);
    expect(out()).toBe('a');
    wait(10_000);
    expect(out()).toBe('');
  });

  it.each([
    [TEN, 'a'],
    ['a b c', 'a'],
    [`${TEN} k l m n o p q r s`, 'a'],
    [`${TEN} k l m n o p q r s t`, 'a b'],
  ])('[B12] ejects a tenth of %s, but at least one: %s', (ids, ejected) => {
    const { fails, out } = stage(ids);
    for (const id of ids.split(' ')) fails(id);
    expect(out()).toBe(ejected);
  });

  it('[B12] ignores ejections if fewer than half of the instances are left', () => {
    const options = { maxEjectionPercent: 100 };
    const { fails, wait, out } = stage('a b c d', options);
    fails('a');
    fails('b');
    expect(out()).toBe('a b');
    fails('c');
    expect(out()).toBe('');
    wait(30_000);
    expect(out()).toBe('');
    fails('d');
    expect(out()).toBe('d');
  });

  it('[B12] uses the only instance, and both of two unless one fails', () => {
    const one = stage('a');
    one.fails('a');
    expect(one.out()).toBe('');
    const two = stage('a b');
    two.fails('a');
    expect(two.out()).toBe('a');
  });

  it('[B12] treats an undefined option as omitted', () => {
    const { fails, out } = stage(TEN, { consecutiveFailures: undefined, maxEjectionPercent: undefined });
    fails('a', 4);
    expect(out()).toBe('');
    fails('a', 1);
    expect(out()).toBe('a');
  });

  it('[B12] returns the same array while nothing changes', () => {
    const { fails, wait, usable } = stage();
    const all = usable();
    wait(10_000);
    expect(usable()).toBe(all);
    fails('a');
    const rest = usable();
    expect(rest).toHaveLength(9);
    wait(10_000);
    expect(usable()).toBe(rest);
    wait(20_000);
    expect(usable()).toBe(all);
  });

  it('[B12] forgets removed instances, and keeps the state of the others', () => {
    const { fails, replace, out } = stage('a b c');
    fails('a');
    replace((list) => [...list, ...endpoints('d')]);
    expect(out()).toBe('a');
    replace((list) => [...endpoints('a'), ...list.slice(1)]);
    expect(out()).toBe('');
    fails('b');
    expect(out()).toBe('b');
  });

  it('[B12] records no call that ends after its instance was removed', () => {
    const ejection = new OutlierEjection({ consecutiveFailures: 1 });
    const [removed, ...rest] = endpoints('a b c');
    ejection.usable(rest, 0);
    if (removed !== undefined) ejection.report(removed, true, 0);
    expect(ejection.usable(rest, 0)).toBe(rest);
    // Nor does it take the place of another endpoint's ejection.
    if (rest[0] !== undefined) ejection.report(rest[0], true, 0);
    expect(ejection.usable(rest, 0)).toEqual(rest.slice(1));
  });
});
