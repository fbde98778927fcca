import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding, Goal } from '../figure';
import { fill } from '../population';
import { spread } from '../statistics';

const COUNT = 100_000;
const GOAL: Goal = { of: 'value', atMost: 600 };

/** Returns the bytes of heap of a woken registry, array buffers included. */
async function heapBytes(server: BenchServer): Promise<number> {
  await server.stats();
  const inspector = await server.inspect();
  const bytes = await inspector.heapAfterCollection(() => server.must('GET', '/health'));
  inspector.close();
  return bytes;
}

function finding(title: string, bytes: number): Finding {
  return {
    figure: 'heap',
    title,
    unit: 'B',
    value: spread([bytes]),
    goal: GOAL,
    note: 'V8 heap and array buffers after a full collection, over an empty namespace',
  };
}

/** Measures the heap of an instance: after its registration, and after waking. */
export const heap: Figure = {
  name: 'heap',
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const first = await BenchServer.start({ workspace, program: programs.registry, inspector: true });
    const empty = await heapBytes(first);
    await fill(first, COUNT, { longLease: true });
    const registered = await heapBytes(first);
    await first.stop();
    const { storage } = first;
    const second = await BenchServer.start({ workspace, program: programs.registry, storage, inspector: true });
    const woken = await heapBytes(second);
    await second.stop();
    const findings = [
      finding('Heap an instance, 100,000 registered', (registered - empty) / COUNT),
      finding('Heap an instance, woken with 100,000', (woken - empty) / COUNT),
    ];
    for (const { title, value } of findings) bench.log(`${title}: ${value.median.toFixed(0)} B`);
    return findings;
  },
};
