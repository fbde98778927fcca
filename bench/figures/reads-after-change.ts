import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { LISTED_COUNT, LISTED_PATH, listedRegistration, registerListed } from '../listed-service';
import { median, ratios, spread } from '../statistics';

/** Number of reads in one round, whose median counts. */
const READS = 20;

/** Returns the client-side time of one list, in milliseconds. */
async function timedList(server: BenchServer): Promise<number> {
  const began = performance.now();
  const answer = await server.must('GET', LISTED_PATH);
  const took = performance.now() - began;
  // Only the number of members is read.
  const { instances } = JSON.parse(answer) as { instances: unknown[] };
  if (instances.length !== LISTED_COUNT) throw new Error(`the list shows ${instances.length} instances`);
  return took;
}

/**
 * Measures the first list after a change, next to a list without a change: the cost of rendering a thousand instances.
 * Node sends one call at a time, and both times include its own cost.
 */
export const readsAfterChange: Figure = {
  name: 'list-after-change',
  async measure(bench: Bench): Promise<Finding[]> {
    const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
    await registerListed(server);
    const first: number[] = [];
    const repeated: number[] = [];
    let generation = 0;
    // Round 0 is a warm-up.
    for (let round = 0; round <= bench.rounds; round++) {
      const firsts: number[] = [];
      const repeats: number[] = [];
      for (let read = 0; read < READS; read++) {
        generation += 1;
        const { path, body } = listedRegistration(generation % LISTED_COUNT, generation);
        await server.must('PUT', path, body);
        firsts.push(await timedList(server));
        repeats.push(await timedList(server));
      }
      if (round === 0) continue;
      first.push(median(firsts));
      repeated.push(median(repeats));
    }
    bench.log(`list-after-change: ${median(first).toFixed(2)} ms, repeated ${median(repeated).toFixed(2)} ms`);
    await server.stop();
    return [
      {
        figure: 'list-after-change',
        title: `List, ${LISTED_COUNT} instances, first after a change of one`,
        unit: 'ms',
        value: spread(first),
        floor: { name: 'unchanged', value: spread(repeated) },
        ratio: spread(ratios(first, repeated)),
        note: "one call at a time from Node, including the client's own cost",
      },
    ];
  },
};
