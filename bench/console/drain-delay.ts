import type { Finding } from '../figure';
import { median, spread } from '../statistics';
import { type ConsoleBench, instancePath, PAGES, registration } from './console-bench';

/** Consoles that are open. */
const CONSOLES = 10;

/** Drains of half a round. */
const DRAINS = 5;

/** Measures by how much open consoles delay a drain. */
export async function drainDelay(bench: ConsoleBench): Promise<Finding[]> {
  const { server } = bench;
  await server.must('PUT', instancePath('drained', 'stays'), registration(0));
  let made = 0;
  /** Returns the median time of some drains, which wait for all subscribers. */
  const drain = async (): Promise<number> => {
    const times: number[] = [];
    for (let n = 0; n < DRAINS; n++) {
      const path = instancePath('drained', `drained-${made++}`);
      await server.must('PUT', path, registration(made));
      const startedAt = performance.now();
      const report = await server.must('POST', `${path}/drain?wait=30s&grace=0s`);
      times.push(performance.now() - startedAt);
      if (!report.includes('"drained":true')) throw new Error(`not drained: ${report}`);
    }
    return median(times);
  };
  const [values, floors, added]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < bench.rounds; round++) {
    const floor = await drain();
    const context = await bench.newProfile();
    for (let n = 0; n < CONSOLES; n++) await bench.visit(context, PAGES.few);
    const value = await drain();
    await context.close();
    floors.push(floor);
    values.push(value);
    added.push(value - floor);
  }
  bench.log(`drain: ${median(values).toFixed(1)} ms, without consoles ${median(floors).toFixed(1)} ms`);
  return [
    {
      figure: 'drain-delay',
      title: `Delay of a drain by ${CONSOLES} open consoles`,
      unit: 'ms',
      value: spread(added),
      goal: { of: 'value', atMost: 100 },
      note: `the difference between the median times of ${DRAINS} drains with and without them, in each round; no drain waits for a console, so what remains is the processor time that they use`,
    },
  ];
}
