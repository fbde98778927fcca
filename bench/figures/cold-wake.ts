import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import { Crowd, socketsWithin } from '../crowd';
import type { Bench, Figure, Finding } from '../figure';
import { ratios, spread } from '../statistics';
import { changeWatched, WATCHING } from './fan-out';

const COUNTS = [1_000, 4_000, 9_000] as const;
const REPEATS_MOST = 3;

/** An object whose sockets are quiet is evicted after ten seconds; this adds a margin. */
const ASLEEP_AFTER_MS = 16_000;

/** Milliseconds until the last delivery of a change: with the object hibernated, and right after that. */
interface Wake {
  cold: number;
  awake: number;
}

async function wakeOnce(registry: BenchServer, crowd: Crowd, generation: number): Promise<Wake> {
  await sleep(ASLEEP_AFTER_MS);
  const began = Date.now();
  const cold = await crowd.deliver(() => changeWatched(registry, generation));
  const awake = await crowd.deliver(() => changeWatched(registry, generation + 1));
  const { wokeAt } = (await registry.stats()).sinceStart;
  if (Date.parse(wokeAt) < began) throw new Error(`the object did not hibernate: it has been awake since ${wokeAt}`);
  return { cold: cold.lastMs, awake: awake.lastMs };
}

/** Measures the first change after hibernation with many sockets, relative to a change when awake. */
export const coldWake: Figure = {
  name: 'cold-wake',
  homes: ['workerd'],
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const findings: Finding[] = [];
    for (const wanted of COUNTS) {
      const count = Math.min(wanted, socketsWithin(2));
      const registry = await BenchServer.start({ workspace, program: programs.registry });
      await changeWatched(registry, 0);
      const crowd = await Crowd.open(registry, count, WATCHING);
      const wakes: Wake[] = [];
      for (let repeat = 0; repeat < Math.min(bench.rounds, REPEATS_MOST); repeat++) {
        wakes.push(await wakeOnce(registry, crowd, 1 + 2 * repeat));
      }
      crowd.leave();
      await registry.stop();
      const cold = wakes.map((wake) => wake.cold);
      const awake = wakes.map((wake) => wake.awake);
      bench.log(
        `cold-wake ${count}: ${spread(cold).median.toFixed(1)} ms, awake ${spread(awake).median.toFixed(1)} ms`,
      );
      findings.push({
        figure: 'cold-wake',
        title: `First change after hibernation, ${count.toLocaleString('en')} sockets`,
        unit: 'ms',
        value: spread(cold),
        floor: { name: 'awake', value: spread(awake) },
        ratio: spread(ratios(cold, awake)),
        note: 'until the last delivery; the floor is the next change, when the object is awake',
      });
    }
    return findings;
  },
};
