import { Balancer } from '../../src/client/resolve/balancer';
import { OutlierEjection } from '../../src/client/resolve/outlier-ejection';
import { powerOfTwo } from '../../src/client/resolve/power-of-two';
import type { Selector } from '../../src/client/resolve/selector';
import { consistentHash, random, roundRobin, weightedRoundRobin } from '../../src/client/selectors';
import { REAL_TIME } from '../../src/client/wire/time';
import { endpoints } from '../fixtures/client-instance';

const SELECTORS: Record<string, () => Selector> = {
  powerOfTwo,
  random,
  roundRobin,
  weightedRoundRobin,
  consistentHash,
};

/** Returns the nanoseconds that one run takes after the compiler has optimized it. */
function nanoseconds(run: () => void, count = 20_000): number {
  for (let warm = 0; warm < count; warm++) run();
  const began = performance.now();
  for (let time = 0; time < count; time++) run();
  return ((performance.now() - began) * 1e6) / count;
}

/** Returns the time of a pick, and of a call with its report, on this machine: a line for each selector and fleet size. */
export function pickSpeeds(): string[] {
  return [20, 1_000].flatMap((size) => {
    const list = endpoints(Array.from({ length: size }, (_, index) => `instance-${index}`).join(' '));
    return Object.entries(SELECTORS).map(([name, make]) => {
      const balancer = new Balancer({ selector: make(), ejection: new OutlierEjection(), time: REAL_TIME });
      balancer.endpoints = list;
      const pick = nanoseconds(() => balancer.pick('user-7'));
      const call = nanoseconds(() => balancer.picker('user-7').next()?.end('success'));
      return `${name} of ${size}: ${pick.toFixed(0)} ns a pick, ${call.toFixed(0)} ns a call with its report`;
    });
  });
}
