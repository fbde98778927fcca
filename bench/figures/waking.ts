import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding, Goal } from '../figure';
import { fill, RESOLVED_COUNT, servicePath, servicesOfTwenty } from '../population';
import { ratios, spread } from '../statistics';

const REPEATS_LEAST = 5;

const GOALS_MS: ReadonlyMap<number, number> = new Map([
  [10_000, 50],
  [100_000, 500],
]);

/** Creates a data folder with a namespace of `count` instances, as a stopped workerd leaves it. */
async function prepare(bench: Bench, count: number): Promise<string> {
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
  await fill(server, count, { longLease: true });
  await server.stop();
  return server.storage;
}

/**
 * Returns the milliseconds of the first read of the object in a new process. The Worker has answered before, so its start
 * is not included; the rest, apart from waking, is the same for a namespace without instances.
 */
async function firstReadMs(bench: Bench, storage: string, count: number): Promise<number> {
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry, storage });
  for (let call = 0; call < 3; call++) await server.must('GET', '/health');
  const path = `${servicePath(servicesOfTwenty(Math.max(count, RESOLVED_COUNT))[0] ?? '')}/resolve`;
  const began = performance.now();
  const answer = await server.must('GET', path);
  const took = performance.now() - began;
  // Only the number of members is read.
  const { instances } = JSON.parse(answer) as { instances: unknown[] };
  const expected = count === 0 ? 0 : RESOLVED_COUNT;
  if (instances.length !== expected) throw new Error(`woke with ${instances.length} instances of ${expected}`);
  await server.stop();
  return took;
}

/** Measures the time in which a namespace wakes from its rows, relative to an empty one. */
export const waking: Figure = {
  name: 'waking',
  async measure(bench: Bench): Promise<Finding[]> {
    const repeats = Math.max(bench.rounds, REPEATS_LEAST);
    const empty = await prepare(bench, 0);
    const findings: Finding[] = [];
    for (const [count, atMost] of GOALS_MS) {
      const storage = await prepare(bench, count);
      const wakes: number[] = [];
      const floors: number[] = [];
      for (let repeat = 0; repeat < repeats; repeat++) {
        floors.push(await firstReadMs(bench, empty, 0));
        wakes.push(await firstReadMs(bench, storage, count));
        bench.log(
          `waking ${count} ${repeat + 1}/${repeats}: ${wakes.at(-1)?.toFixed(1)} ms, empty ${floors.at(-1)?.toFixed(1)} ms`,
        );
      }
      const goal: Goal = { of: 'value', atMost };
      findings.push({
        figure: 'waking',
        title: `Waking with ${count.toLocaleString('en')} instances, over an empty namespace`,
        unit: 'ms',
        value: spread(wakes.map((wake, repeat) => wake - (floors[repeat] ?? Number.NaN))),
        floor: { name: 'empty', value: spread(floors) },
        ratio: spread(ratios(wakes, floors)),
        ...(bench.programs.home === 'workerd' && { goal }),
        note: 'first read after a restart; the files are in the page cache',
      });
    }
    return findings;
  },
};
