import { BenchServer } from '../bench-server';
import { Crowd, type CrowdOptions, socketsWithin } from '../crowd';
import type { Bench, Figure, Finding, Goal } from '../figure';
import { residentBytes } from '../resident-memory';
import { spread } from '../statistics';
import { BROADCAST_PATH, changeWatched, WATCHING } from './fan-out';

const COUNT = 4_000;

/** Goal for the resident host: 16 KB. A bare socket takes 12 KB. */
const GOAL: Goal = { of: 'value', atMost: 16_000 };

/** Memory of idle sockets, in bytes. */
interface Memory {
  /** V8 heap, array buffers included, after a full collection. */
  heap: number;
  /** Resident memory of the process, which holds the connections too. */
  resident: number;
}

async function memoryOf(server: BenchServer, nudge: () => Promise<unknown>): Promise<Memory> {
  const inspector = await server.inspect();
  const heapBytes = await inspector.heapAfterCollection(nudge);
  inspector.close();
  return { heap: heapBytes, resident: residentBytes(server.pid) };
}

/** Returns the memory of each of many sockets. Some are opened before, to exclude one-time allocations. */
async function perSocket(
  server: BenchServer,
  count: number,
  options: CrowdOptions,
  nudge: () => Promise<unknown>,
): Promise<Memory> {
  const crowd = await Crowd.open(server, 100, options);
  const before = await memoryOf(server, nudge);
  await crowd.grow(server, count, options);
  const after = await memoryOf(server, nudge);
  crowd.leave();
  await server.stop();
  return { heap: (after.heap - before.heap) / count, resident: (after.resident - before.resident) / count };
}

/** Measures the memory of an idle watcher while the object is awake. */
export const watcherMemory: Figure = {
  name: 'watcher-memory',
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const count = Math.min(COUNT, socketsWithin(2));
    const registry = await BenchServer.start({ workspace, program: programs.registry, inspector: true });
    await changeWatched(registry, 0);
    const watcher = await perSocket(registry, count, WATCHING, () => registry.stats());
    const floor = await BenchServer.start({ workspace, program: programs.floor('broadcast'), inspector: true });
    const listener = await perSocket(floor, count, { path: BROADCAST_PATH }, () =>
      floor.must('POST', '/topic/unwatched', ''),
    );
    const finding = (what: 'heap' | 'resident', title: string, note: string): Finding => {
      const [value, floorValue] = [watcher[what], listener[what]];
      bench.log(`${title}: ${value.toFixed(0)} B, floor ${floorValue.toFixed(0)}`);
      return {
        figure: 'watcher-memory',
        title,
        unit: 'B',
        value: spread([value]),
        floor: { name: 'broadcast', value: spread([floorValue]) },
        ratio: spread([value / floorValue]),
        ...(what === 'resident' && programs.home === 'deno' && { goal: GOAL }),
        note: `${count} sockets, each with one watch, the object awake; ${note}`,
      };
    };
    return [
      finding('heap', 'Heap of an idle watcher', 'V8 heap and array buffers after a full collection'),
      finding('resident', 'Resident memory of an idle watcher', 'of the whole process, its connection included'),
    ];
  },
};
