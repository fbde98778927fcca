import { describe, expect, it } from 'vitest';
import { SeededRandom } from './seeded-random';
import { VirtualTime } from './virtual-time';

describe('VirtualTime', () => {
  it('runs events in the order of their time, and events at one time in the order of planning', async () => {
    const time = new VirtualTime();
    const random = new SeededRandom(1);
    const planned = Array.from({ length: 500 }, (_, order) => ({ at: random.whole(0, 50), order }));
    const happened: { at: number; order: number }[] = [];
    for (const plan of planned) time.after(plan.at, () => happened.push({ ...plan, at: time.now }));
    await time.runUntil(50);
    expect(happened).toEqual(planned.toSorted((a, b) => a.at - b.at || a.order - b.order));
  });

  it('advances to the given end, no further, and continues from there', async () => {
    const time = new VirtualTime();
    const happened: number[] = [];
    for (const at of [10, 20, 30]) time.after(at, () => happened.push(at));
    await time.runUntil(25);
    expect([time.now, happened]).toEqual([25, [10, 20]]);
    await time.runUntil(30);
    expect([time.now, happened]).toEqual([30, [10, 20, 30]]);
  });

  it('settles all promises between two events, however long their chain', async () => {
    const time = new VirtualTime();
    const steps: string[] = [];
    time.after(1, async () => {
      for (let step = 0; step < 1_000; step++) await null;
      steps.push('chain');
    });
    time.after(1, () => steps.push('next'));
    await time.runUntil(1);
    expect(steps).toEqual(['chain', 'next']);
  });

  it('skips cancelled events, and stops on request', async () => {
    const time = new VirtualTime();
    const happened: number[] = [];
    const second = time.after(2, () => happened.push(2));
    time.after(1, () => {
      happened.push(1);
      second.cancel();
    });
    for (const at of [3, 4]) time.after(at, () => happened.push(at));
    await time.runUntil(10, () => happened.includes(3));
    expect([time.now, happened]).toEqual([3, [1, 3]]);
  });
});
