import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding, Goal } from '../figure';
import { fill, NAMESPACE_PATH } from '../population';
import { ratios, spread } from '../statistics';

const COUNT = 100_000;

/** Interval of the heap samples. */
const SAMPLE_MS = 200;

/** Memory limit of an isolate on the platform. */
const HEAP_GOAL: Goal = { of: 'value', atMost: 128 };

const perSecond = (beganAt: number): number => COUNT / ((performance.now() - beganAt) / 1_000);

async function exportFrom(server: BenchServer): Promise<string> {
  const file = await server.must('GET', `${NAMESPACE_PATH}/export`);
  if (!file.endsWith(`"instances":${COUNT}}\n`)) throw new Error(`the export ends with ${file.slice(-200)}`);
  return file;
}

async function importInto(server: BenchServer, file: string, mode: 'merge' | 'replace'): Promise<void> {
  const response = await fetch(`${server.origin}${NAMESPACE_PATH}/import?mode=${mode}`, {
    method: 'POST',
    headers: { ...server.authorization, 'Content-Type': 'application/x-ndjson' },
    body: file,
  });
  const text = await response.text();
  if (!text.includes('"kind":"done"')) throw new Error(`the import returned ${response.status} ${text.slice(-300)}`);
}

/** Returns the peak of the heap's live bytes while some work runs, in megabytes. */
async function heapPeak(server: BenchServer, work: () => Promise<unknown>): Promise<number> {
  const inspector = await server.inspect();
  let isOver = false;
  let peak = 0;
  const sampling = (async () => {
    while (!isOver) {
      const heapBytes = await inspector.heapAfterCollection(() => server.must('GET', '/health'));
      peak = Math.max(peak, heapBytes);
      await sleep(SAMPLE_MS);
    }
  })();
  await work();
  isOver = true;
  await sampling;
  inspector.close();
  return peak / 1_000_000;
}

/** Measures export and import of 100,000 instances, next to registering as many in batches of a thousand. */
export const transfer: Figure = {
  name: 'transfer',
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const batches: number[] = [];
    const exports: number[] = [];
    const merges: number[] = [];
    const replaces: number[] = [];
    let file = '';
    // Each round fills two new registries, and three rounds are enough to show the spread.
    for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
      const first = await BenchServer.start({ workspace, program: programs.registry });
      let beganAt = performance.now();
      await fill(first, COUNT, { longLease: true });
      batches.push(perSecond(beganAt));
      beganAt = performance.now();
      file = await exportFrom(first);
      exports.push(perSecond(beganAt));
      await first.stop();
      const second = await BenchServer.start({ workspace, program: programs.registry });
      beganAt = performance.now();
      await importInto(second, file, 'merge');
      merges.push(perSecond(beganAt));
      beganAt = performance.now();
      await importInto(second, file.replaceAll('"port":', '"weight":2,"port":'), 'replace');
      replaces.push(perSecond(beganAt));
      await second.stop();
      bench.log(
        `transfer: batches ${batches.at(-1)?.toFixed(0)}/s, export ${exports.at(-1)?.toFixed(0)}/s, merge ${merges.at(-1)?.toFixed(0)}/s, replace ${replaces.at(-1)?.toFixed(0)}/s`,
      );
    }
    const watched = await BenchServer.start({ workspace, program: programs.registry, inspector: true });
    const importPeak = await heapPeak(watched, () => importInto(watched, file, 'merge'));
    const exportPeak = await heapPeak(watched, () => exportFrom(watched));
    await watched.stop();
    const floor = { name: 'batches', value: spread(batches) };
    const rate = (title: string, values: number[]): Finding => ({
      figure: 'transfer',
      title,
      unit: '/s',
      value: spread(values),
      floor,
      ratio: spread(ratios(values, batches)),
      note: 'batches of 1,000 over HTTP, one after the other',
    });
    const heap = (title: string, peak: number): Finding => ({
      figure: 'transfer',
      title,
      unit: 'MB',
      value: spread([peak]),
      goal: HEAP_GOAL,
      note: 'Worker and object in one isolate, with full collections during the run',
    });
    bench.log(`transfer: heap at most ${importPeak.toFixed(0)} MB importing, ${exportPeak.toFixed(0)} MB exporting`);
    return [
      rate('Export of 100,000 instances', exports),
      rate('Import of 100,000 instances into nothing', merges),
      rate('Import that replaces 100,000 instances', replaces),
      heap('Heap while 100,000 instances are imported', importPeak),
      heap('Heap while 100,000 instances are exported', exportPeak),
    ];
  },
};
