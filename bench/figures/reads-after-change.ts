import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { LISTED_COUNT, LISTED_PATH, listedRegistration, registerListed } from '../listed-service';
import { median, ratios, spread } from '../statistics';

/** Reads in one round: their median is the round's. */
const READS = 20;

/** Milliseconds that one list takes, as its client sees it. */
async function timedList(server: BenchServer): Promise<number> {
  const began = performance.now();
  const answer = await server.must('GET', LISTED_PATH);
  const took = performance.now() - began;
  // The members are looked at by their number alone.
  const { instances } = JSON.parse(answer) as { instances: unknown[] };
  if (instances.length !== LISTED_COUNT) throw new Error(`the list shows ${instances.length} instances`);
  return took;
}

/**
 * The first list after a change, beside the list that nothing changed for: what rendering a thousand instances costs.
 * One call at a time, from Node, whose own cost is in both.
 */
export const readsAfterChange: Figure = {
  name: 'list-after-change',
  async measure(bench: Bench): Promise<Finding[]> {
    const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
    await registerListed(server);
    const first: number[] = [];
    const repeated: number[] = [];
    let generation = 0;
    // Round 0 warms up.
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
    bench.say(`list-after-change: ${median(first).toFixed(2)} ms, repeated ${median(repeated).toFixed(2)} ms`);
    await server.stop();
    return [
      {
        figure: 'list-after-change',
        title: `List, ${LISTED_COUNT} instances, first after a change of one`,
        unit: 'ms',
        value: spread(first),
        floor: { name: 'unchanged', value: spread(repeated) },
        ratio: spread(ratios(first, repeated)),
        note: 'one call at a time from Node, its own cost included',
      },
    ];
  },
};
