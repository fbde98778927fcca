import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { fill, RESOLVED_COUNT, servicePath, servicesOfTwenty } from '../population';
import { spread } from '../statistics';

const COUNT = 10_000;
const REPEATS_LEAST = 9;
const GOAL = { of: 'value', atMost: 250 } as const;

/** Returns the milliseconds from the start of a process to its first correct answer about stored instances. */
async function firstAnswerMs(bench: Bench, storage: string): Promise<number> {
  const began = performance.now();
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry, storage });
  const answer = await server.must('GET', `${servicePath(servicesOfTwenty(COUNT)[0] ?? '')}/resolve`);
  const took = performance.now() - began;
  const shown = answer.split('"address"').length - 1;
  if (shown !== RESOLVED_COUNT) throw new Error(`the first answer shows ${shown} instances of ${RESOLVED_COUNT}`);
  await server.stop();
  return took;
}

/** Measures the time of a start with instances on disk. */
export const start: Figure = {
  name: 'start',
  async measure(bench: Bench): Promise<Finding[]> {
    const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
    await fill(server, COUNT, { longLease: true });
    await server.stop();
    const times: number[] = [];
    for (let repeat = 0; repeat < Math.max(bench.rounds, REPEATS_LEAST); repeat++) {
      times.push(await firstAnswerMs(bench, server.storage));
      bench.log(`start ${repeat + 1}: ${times.at(-1)?.toFixed(0)} ms`);
    }
    return [
      {
        figure: 'start',
        title: `From the start of the process to the first answer, ${COUNT.toLocaleString('en')} instances on disk`,
        unit: 'ms',
        value: spread(times),
        ...(bench.programs.home === 'deno' && { goal: GOAL }),
        note: 'the files are in the page cache',
      },
    ];
  },
};
