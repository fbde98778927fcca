import { describe, expect, it } from 'vitest';
import { HeardLeases } from './heard-leases';

/** Leases, with clocks moved by hand. */
function begin() {
  let [monotonic, wall] = [1_000, 5_000_000];
  const leases = new HeardLeases({ monotonic: () => monotonic, wall: () => wall });
  const freeze = (ms: number) => {
    monotonic += ms;
    wall += ms;
  };
  /** Lets time pass in ticks. Returns the time of the first tick that finds a lease lapsed, from now; undefined if none does. */
  const firstLapse = (ms: number): number | undefined => {
    for (let passed = 0; passed < ms; passed += 250) {
      freeze(250);
      leases.pass();
      if (leases.lapsed().length > 0) return passed + 250;
    }
    return undefined;
  };
  return {
    leases,
    freeze,
    firstLapse,
    setWall: (ms: number) => {
      wall += ms;
    },
  };
}

describe('a lease whose client is silent', () => {
  it('[KL7] lapses within a second after its time to live, and until it is removed or heard', () => {
    const { leases, firstLapse, freeze } = begin();
    leases.add('a', 10_000);
    expect(firstLapse(60_000)).toBe(10_500);
    expect(leases.lapsed()).toEqual(['a']);
    leases.hear('a');
    expect(leases.lapsed()).toEqual([]);
    expect(firstLapse(60_000)).toBe(10_500);
    leases.remove('a');
    freeze(250);
    leases.pass();
    expect(leases.lapsed()).toEqual([]);
  });

  it('[KL10] has its whole time to live after a gap, also by the wall clock alone', () => {
    type Stage = ReturnType<typeof begin>;
    const gaps = [(stage: Stage) => stage.freeze(500), (stage: Stage) => stage.setWall(1_000)];
    for (const gap of gaps) {
      const stage = begin();
      stage.leases.add('a', 10_000);
      expect(stage.firstLapse(9_500)).toBeUndefined();
      gap(stage);
      expect(stage.leases.pass()).toBe(true);
      expect(stage.firstLapse(60_000)).toBe(10_250);
    }
  });

  it('[KL10] is not ended by the first pass after a gap, and counts from a time when it was spared', () => {
    const { leases, freeze, firstLapse } = begin();
    leases.add('a', 10_000);
    freeze(3_600_000);
    leases.pass();
    expect(leases.lapsed()).toEqual([]);
    expect(firstLapse(9_000)).toBeUndefined();
    leases.spare('a');
    expect(leases.heardAt('a')).toBe(1_000);
    expect(firstLapse(60_000)).toBe(10_500);
  });

  it('[KL9] lapses as if keepalives that are refused had not been sent, however many', () => {
    const { leases, firstLapse, freeze } = begin();
    leases.add('a', 10_000);
    let passed = 0;
    for (; leases.lapsed().length === 0 && passed < 60_000; passed += 250) {
      leases.hear('a');
      leases.hear('a');
      leases.refute('a');
      leases.refute('a');
      freeze(250);
      leases.pass();
    }
    expect(passed).toBe(10_500);
    const heardAt = 1_000 + passed;
    leases.hear('a');
    leases.confirm('a', heardAt);
    leases.refute('a');
    expect(leases.heardAt('a')).toBe(heardAt);
    freeze(250);
    leases.pass();
    leases.spare('a');
    leases.confirm('a', heardAt);
    expect(firstLapse(60_000)).toBe(10_500);
  });

  it('[KL7] lapses after two times to live of attention, if gaps repeat', () => {
    const { leases, freeze, firstLapse } = begin();
    leases.add('a', 10_000);
    let attendedMs = 0;
    const lapsesWithin = (ms: number): boolean => {
      const found = firstLapse(ms);
      attendedMs += found ?? ms;
      return found !== undefined;
    };
    while (attendedMs < 100_000 && !lapsesWithin(4_000)) {
      freeze(5_000);
      leases.pass();
    }
    expect(attendedMs).toBeGreaterThan(20_000);
    expect(attendedMs).toBeLessThan(36_000);
  });

  it('[KL10] waits for a moment after a pass that was late, and for a second at most', () => {
    const { leases, freeze, firstLapse } = begin();
    leases.add('a', 10_000);
    expect(firstLapse(10_250)).toBeUndefined();
    freeze(400);
    leases.pass();
    expect(leases.lapsed()).toEqual([]);
    let waitedMs = 0;
    for (; leases.lapsed().length === 0; waitedMs += 400) {
      freeze(400);
      leases.pass();
    }
    expect(waitedMs).toBeLessThanOrEqual(1_200);
  });
});
