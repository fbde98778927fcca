import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { fill, registration } from '../population';
import { median, ratios, spread } from '../statistics';

const COUNTS = [1_000, 10_000] as const;

/** Number of fetches in one round, whose median counts. */
const FETCHES = 5;

/** Returns the client-side time of one full fetch, in milliseconds. */
async function timedFetch(server: BenchServer, count: number): Promise<number> {
  const began = performance.now();
  const answer = await server.must('GET', '/eureka/apps/');
  const took = performance.now() - began;
  const shown = answer.split('"instanceId"').length - 1;
  if (shown !== count) throw new Error(`a full fetch shows ${shown} instances, not ${count}`);
  return took;
}

async function measureOf(bench: Bench, count: number): Promise<Finding[]> {
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
  await fill(server, count, { longLease: true });
  const cold = await timedFetch(server, count);
  const first: number[] = [];
  const repeated: number[] = [];
  let generation = 0;
  // Round 0 is a warm-up.
  for (let round = 0; round <= bench.rounds; round++) {
    const firsts: number[] = [];
    const repeats: number[] = [];
    for (let fetch = 0; fetch < FETCHES; fetch++) {
      generation += 1;
      const { path, body } = registration(generation % count, { longLease: true, generation });
      await server.must('PUT', path, body);
      firsts.push(await timedFetch(server, count));
      repeats.push(await timedFetch(server, count));
    }
    if (round === 0) continue;
    first.push(median(firsts));
    repeated.push(median(repeats));
  }
  bench.log(`eureka-after-change ${count}: ${median(first).toFixed(1)} ms, repeated ${median(repeated).toFixed(1)} ms`);
  await server.stop();
  return [
    {
      figure: 'eureka-after-change',
      title: `Eureka: full fetch of ${count}, first after a change of one`,
      unit: 'ms',
      value: spread(first),
      floor: { name: 'unchanged', value: spread(repeated) },
      ratio: spread(ratios(first, repeated)),
      note: `the first one in an isolate took ${cold.toFixed(0)} ms; one call at a time from Node, including the client's own cost`,
    },
  ];
}

/** Measures the first full fetch after a change, next to one without a change: the cost of updating the answer. */
export const eurekaAfterChange: Figure = {
  name: 'eureka-after-change',
  async measure(bench: Bench): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const count of COUNTS) findings.push(...(await measureOf(bench, count)));
    return findings;
  },
};
