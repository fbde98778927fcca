import { BenchServer } from '../bench-server';
import { type Contest, Side, type Turn } from '../contest';
import type { Bench, Figure, Finding } from '../figure';
import { referenceInstance } from '../reference-instance';
import { residentBytes } from '../resident-memory';
import { ratios, spread } from '../statistics';

const ONE = 1;
const COUNTS = [ONE, 100, 1_000] as const;

/** Total number of instances in all namespaces. */
const INSTANCES = 3_000;

/** Number of concurrent calls that create them. */
const AT_ONCE = 32;

const PER_CALL_MOST = 1.3;
const MEBIBYTE = 1_024 * 1_024;

const instancePath = (n: number, count: number): string =>
  `/api/v1/ns/grown-${n % count}/groups/DEFAULT_GROUP/services/s/instances/i-${n}`;

/** Sends heartbeats to all namespaces in turn. */
function beating(count: number): Contest {
  return {
    name: `namespaces-${count}`,
    title: 'Heartbeat',
    method: 'POST',
    population: 0,
    cycle: INSTANCES,
    request: (n) => ({ path: `${instancePath(n, count)}/heartbeat`, body: '' }),
    check: () => {},
  };
}

/** Starts a registry whose instances are spread over a number of namespaces. */
interface Grown {
  count: number;
  side: Side;
  mebibytes: number;
}

/** Makes a number of calls, several of them concurrently. */
async function together(count: number, call: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const callSome = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callSome));
}

async function grow(bench: Bench, count: number): Promise<Grown> {
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
  await together(count, (n) => server.must('POST', '/api/v1/ns', JSON.stringify({ id: `grown-${n}` })));
  const registered = (n: number) => JSON.stringify(referenceInstance(n, { longLease: true }));
  await together(INSTANCES, (n) => server.must('PUT', instancePath(n, count), registered(n)));
  const side = new Side(server, beating(count), bench.seconds);
  await side.run();
  return { count, side, mebibytes: residentBytes(server.pid) / MEBIBYTE };
}

/** Measures the time of a heartbeat with instances spread over 1, 100 and 1,000 namespaces, all awake. */
export const namespaces: Figure = {
  name: 'namespaces',
  async measure(bench: Bench): Promise<Finding[]> {
    const all: Grown[] = [];
    for (const count of COUNTS) all.push(await grow(bench, count));
    const turns = new Map<number, Turn[]>(COUNTS.map((count) => [count, []]));
    for (let round = 0; round < bench.rounds; round++) {
      for (const { count, side } of round % 2 === 0 ? all : all.toReversed()) turns.get(count)?.push(await side.run());
      const shown = COUNTS.map((count) => `${turns.get(count)?.at(-1)?.perSecond.toFixed(0)}`).join(', ');
      bench.log(`namespaces ${round + 1}/${bench.rounds}: ${shown}`);
    }
    for (const { side } of all) await side.server.stop();
    const perCall = (count: number) => (turns.get(count) ?? []).map(({ perSecond }) => 1_000 / perSecond);
    const [one, ...others] = all;
    return others.flatMap(({ count, mebibytes }): Finding[] => [
      {
        figure: 'namespaces',
        title: `Heartbeat, time a call with ${count.toLocaleString('en')} namespaces`,
        unit: 'ms',
        value: spread(perCall(count)),
        floor: { name: 'one namespace', value: spread(perCall(ONE)) },
        ratio: spread(ratios(perCall(count), perCall(ONE))),
        goal: { of: 'ratio', atMost: PER_CALL_MOST },
      },
      {
        figure: 'namespaces',
        title: `Resident memory that each of ${count.toLocaleString('en')} namespaces adds, awake`,
        unit: 'KiB',
        value: spread([((mebibytes - (one?.mebibytes ?? 0)) * 1_024) / (count - ONE)]),
        note: 'of the whole process, after the first turn of heartbeats',
      },
    ]);
  },
};
