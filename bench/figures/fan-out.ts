import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import { Crowd, type Delivery, socketsWithin } from '../crowd';
import type { Bench, Figure, Finding, Goal } from '../figure';
import { NAMESPACE_PATH, registration } from '../population';
import { percentile, ratios, spread } from '../statistics';

const COUNTS = [100, 1_000, 9_000] as const;
const CHANGES_PER_ROUND = 20;

/**
 * Pause between two changes, in milliseconds. A server cleans up after thousands of frames, for 50 ms with 9,000 sockets.
 * The floor answers its writer after the cleanup and the registry before it, so without a pause the cleanup would delay
 * the registry's next change but not the floor's.
 */
const PAUSE_MS = 100;
/** Goal for the resident host with the largest number of sockets. */
const GOAL: Goal = { of: 'value', atMost: 180 };

/** File descriptors per socket: workerd uses two per connection, and this process connects to registry and floor. */
const DESCRIPTORS_EACH = 2;

/** Path of the registry's socket, and the first message of a watcher of the service of instance 0. */
export const WATCHING = {
  path: `${NAMESPACE_PATH}/socket`,
  greeting: JSON.stringify({
    type: 'watch',
    id: 'watch',
    watch: 'w',
    scope: { services: ['service-00000'] },
  }),
  answers: 2,
};

/** Path of the floor *broadcast* for subscribing and publishing. */
export const BROADCAST_PATH = '/topic/all';

/** Changes instance 0. Each generation is a different change. */
export function changeWatched(registry: BenchServer, generation: number): Promise<string> {
  const { path, body } = registration(0, { generation, longLease: true });
  return registry.must('PUT', path, body);
}

async function deliveries(crowd: Crowd, change: (n: number) => Promise<unknown>, first: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  for (let n = 0; n < CHANGES_PER_ROUND; n++) {
    await sleep(PAUSE_MS);
    taken.push(await crowd.deliver(() => change(first + n)));
  }
  return taken;
}

/** Runs the rounds of a crowd at the registry and of an equally large one at the floor. */
async function play(bench: Bench, count: number): Promise<{ delivered: Delivery[][]; floors: Delivery[][] }> {
  const { workspace, programs } = bench;
  const registry = await BenchServer.start({ workspace, program: programs.registry });
  const floor = await BenchServer.start({ workspace, program: programs.floor('broadcast') });
  await changeWatched(registry, 0);
  const watchers = await Crowd.open(registry, count, WATCHING);
  const listeners = await Crowd.open(floor, count, { path: BROADCAST_PATH });
  const change = (n: number) => changeWatched(registry, n);
  // The floor sends the same bytes as the registry's last message.
  const broadcast = () => floor.must('POST', BROADCAST_PATH, watchers.heard);
  // The first round is a warm-up and is not counted.
  const delivered: Delivery[][] = [];
  const floors: Delivery[][] = [];
  for (let round = 0; round <= bench.rounds; round++) {
    delivered.push(await deliveries(watchers, change, 1 + round * CHANGES_PER_ROUND));
    floors.push(await deliveries(listeners, broadcast, 0));
  }
  const { revision, after } = heardChange(watchers.heard);
  if (revision !== (await registry.stats()).revision || after !== 'instance-0000000') {
    throw new Error(`watchers received something other than the last change: ${watchers.heard}`);
  }
  watchers.leave();
  listeners.leave();
  await Promise.all([registry.stop(), floor.stop()]);
  return { delivered: delivered.slice(1), floors: floors.slice(1) };
}

function heardChange(text: string): { revision: number; after: string | undefined } {
  const frame = JSON.parse(text) as { revision: number; changes: { id: string }[] };
  return { revision: frame.revision, after: frame.changes[0]?.id };
}

const lasts = (rounds: readonly Delivery[]): number[] => rounds.map(({ lastMs }) => lastMs);

/** Measures the time until the last of many sockets has received a change. */
export const fanOut: Figure = {
  name: 'fan-out',
  async measure(bench: Bench): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const wanted of COUNTS) {
      const count = Math.min(wanted, socketsWithin(DESCRIPTORS_EACH));
      const { delivered, floors } = await play(bench, count);
      const title = `One change to ${count.toLocaleString('en')} sockets`;
      const medians = delivered.map((round) => percentile(lasts(round), 0.5));
      const floorMedians = floors.map((round) => percentile(lasts(round), 0.5));
      const p99 = percentile(lasts(delivered.flat()), 0.99);
      const floorP99 = percentile(lasts(floors.flat()), 0.99);
      const afterAnswer = delivered.flat().map(({ lastMs, answeredMs }) => Math.max(0, lastMs - answeredMs));
      const note =
        'from sending the request to the last delivery, over all changes; one process is the client of all sockets';
      findings.push(
        {
          figure: 'fan-out',
          title: `${title}, median`,
          unit: 'ms',
          value: spread(medians),
          floor: { name: 'broadcast', value: spread(floorMedians) },
          ratio: spread(ratios(medians, floorMedians)),
          note,
        },
        {
          figure: 'fan-out',
          title: `${title}, p99`,
          unit: 'ms',
          value: spread([p99]),
          floor: { name: 'broadcast', value: spread([floorP99]) },
          ratio: spread([p99 / floorP99]),
          ...(wanted === 9_000 && bench.programs.home === 'deno' && { goal: GOAL }),
          note,
        },
        {
          figure: 'fan-out',
          title: `${title}, p99 after the answer to the writer`,
          unit: 'ms',
          value: spread([percentile(afterAnswer, 0.99)]),
          note: 'the process that receives the deliveries also receives the response, among them',
        },
      );
      bench.log(
        `${title}: median ${percentile(medians, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)}; floor p99 ${floorP99.toFixed(1)}`,
      );
    }
    return findings;
  },
};
