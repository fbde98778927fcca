import { describe, expect, it } from 'vitest';
import { countById, endpoints } from '../../../test/fixtures/client-instance';
import { SeededRandom } from '../../../test/simulation/seeded-random';
import type { Endpoint } from './endpoint';
import { powerOfTwo } from './power-of-two';
import type { CallReport } from './selector';

/** A selector over some endpoints, at a time that the test moves. */
function stage(ids: string, weights: Record<string, number> = {}) {
  const random = new SeededRandom(7);
  const list = endpoints(ids, (id) => ({ weight: weights[id] ?? 1 }));
  const selector = powerOfTwo();
  let now = 0;
  const pick = () => selector.pick(list, { now, random: () => random.fraction() });
  const of = (id: string): Endpoint =>
    list.find((endpoint) => endpoint.id === id) ?? list[0] ?? (endpoints(id)[0] as Endpoint);
  return {
    list,
    pick,
    picks: (count: number) => countById(Array.from({ length: count }, pick)),
    started: (id: string) => selector.started?.(of(id)),
    called: (id: string, latencyMs: number, outcome: CallReport['outcome'] = 'success') => {
      selector.started?.(of(id));
      selector.ended?.(of(id), { latencyMs, outcome, now });
    },
    wait: (ms: number) => {
      now += ms;
    },
  };
}

describe('powerOfTwo', () => {
  it('[B6] chooses nothing from an empty list, and the only instance of one', () => {
    expect(powerOfTwo().pick([], { now: 0, random: () => 0 })).toBeUndefined();
    expect(stage('a').picks(3)).toEqual({ a: 3 });
  });

  it('[B6] chooses the faster of two', () => {
    const { called, picks } = stage('fast slow');
    called('fast', 10);
    called('slow', 11);
    expect(picks(100)).toEqual({ fast: 100 });
  });

  it('[B6] chooses the less busy of two, and a slow one once the fast one is busier by as much', () => {
    const { called, started, picks } = stage('fast slow');
    called('fast', 10);
    called('slow', 35);
    for (const _ of '12') started('fast');
    expect(picks(100)).toEqual({ fast: 100 });
    for (const _ of '12') started('fast');
    expect(picks(100)).toEqual({ slow: 100 });
  });

  it('[B6] never chooses the worst of many without need', () => {
    const { called, picks } = stage('a b c d worst');
    for (const id of ['a', 'b', 'c', 'd']) called(id, 10);
    called('worst', 1_000);
    expect(picks(1_000).worst).toBeUndefined();
  });

  it('[B6] follows a higher latency immediately and a lower one slowly', () => {
    const { called, wait, picks } = stage('steady spiky');
    for (let call = 0; call < 100; call++) {
      called('steady', 20);
      called('spiky', 10);
      wait(100);
    }
    expect(picks(10)).toEqual({ spiky: 10 });
    called('spiky', 100);
    expect(picks(10)).toEqual({ steady: 10 });
    for (let call = 0; call < 50; call++) {
      called('spiky', 10);
      called('steady', 20);
      wait(100);
    }
    expect(picks(10)).toEqual({ steady: 10 });
    for (let call = 0; call < 400; call++) {
      called('spiky', 10);
      called('steady', 20);
      wait(100);
    }
    expect(picks(10)).toEqual({ spiky: 10 });
  });

  it('[B6] tries a new instance with one call first', () => {
    const { called, started, picks } = stage('old new');
    called('old', 10);
    expect(picks(10)).toEqual({ new: 10 });
    started('new');
    expect(picks(10)).toEqual({ old: 10 });
  });

  it('[B6] retries an instance that was slow long ago', () => {
    const { called, wait, picks } = stage('a b');
    called('a', 5_000);
    wait(90_000);
    called('b', 10);
    expect(picks(10)).toEqual({ a: 10 });
  });

  it('[B6] does not mistake quick failures for a fast instance', () => {
    const { called, picks } = stage('works fails');
    called('works', 50);
    called('fails', 1, 'failure');
    expect(picks(10)).toEqual({ works: 10 });
  });

  it('[B6] counts the duration of an aborted call as latency', () => {
    const { called, picks } = stage('a b');
    called('a', 20);
    called('b', 30);
    expect(picks(10)).toEqual({ a: 10 });
    called('a', 500, 'aborted');
    expect(picks(10)).toEqual({ b: 10 });
  });

  it('[B7] gives each its share if all are equally fast', () => {
    const { called, picks } = stage('a b c', { a: 1, b: 2, c: 5 });
    for (const id of ['a', 'b', 'c']) called(id, 10);
    const counts = picks(8_000);
    expect(counts.a).toBeGreaterThan(850);
    expect(counts.a).toBeLessThan(1_150);
    expect(counts.b).toBeGreaterThan(1_800);
    expect(counts.b).toBeLessThan(2_200);
  });

  it('[B7] weighs the number of calls in progress', () => {
    const { called, started, picks } = stage('small big', { small: 1, big: 9 });
    for (const id of ['small', 'big']) called(id, 10);
    started('small');
    for (const _ of '12345678') started('big');
    expect(picks(100)).toEqual({ big: 100 });
    for (const _ of '12') started('big');
    expect(picks(100)).toEqual({ small: 100 });
  });
});
