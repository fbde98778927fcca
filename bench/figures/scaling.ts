import { BenchServer } from '../bench-server';
import { type Contest, Side } from '../contest';
import type { Bench, Figure, Finding } from '../figure';
import { fill, instancePath, registration, servicePath, servicesOfTwenty } from '../population';
import { ratios, spread } from '../statistics';

const SMALL_COUNT = 100;
const COUNTS = [SMALL_COUNT, 10_000, 100_000] as const;
const PER_CALL_MOST = 1.3;

/** Number of instances whose registration changes. Changing all 100,000 would grow the records past a namespace's limit. */
const CHANGED_COUNT = 10_000;

type Operation = Pick<Contest, 'title' | 'method' | 'request' | 'cycle'>;

/** Returns the operations on a namespace of `count` instances, spread over all of it. */
function operations(count: number): Record<'heartbeat' | 'register' | 'resolve', Operation> {
  const services = servicesOfTwenty(count);
  const changed = Math.min(count, CHANGED_COUNT);
  return {
    heartbeat: {
      title: 'Heartbeat',
      method: 'POST',
      cycle: count,
      request: (n) => ({ path: `${instancePath(n)}/heartbeat`, body: '' }),
    },
    // The largest namespace is full, so each registration changes an existing instance.
    register: {
      title: 'Register, changed content',
      method: 'PUT',
      request: (n) => {
        const options = { generation: 1 + Math.floor(n / changed), longLease: true };
        return registration((n % changed) * (count / changed), options);
      },
    },
    resolve: {
      title: 'Resolve, 20 instances',
      method: 'GET',
      cycle: services.length,
      request: (n) => ({ path: `${servicePath(services[n % services.length] ?? '')}/resolve` }),
    },
  };
}

type OperationName = keyof ReturnType<typeof operations>;
const NAMES: readonly OperationName[] = ['heartbeat', 'register', 'resolve'];

/** A filled registry with a load for each operation. */
interface Scaled {
  count: number;
  server: BenchServer;
  sides: Record<OperationName, Side>;
}

async function start(bench: Bench, count: number): Promise<Scaled> {
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
  await fill(server, count, { longLease: true });
  const all = operations(count);
  const side = (name: OperationName) => {
    const contest: Contest = { name: `scale-${name}`, population: count, check: () => {}, ...all[name] };
    return new Side(server, contest, bench.seconds);
  };
  const scaled = {
    count,
    server,
    sides: { heartbeat: side('heartbeat'), register: side('register'), resolve: side('resolve') },
  };
  for (const name of NAMES) await scaled.sides[name].run();
  return scaled;
}

/** Returns the server's time per call in milliseconds, since the connections keep it busy. */
function perCallMs(perSecond: number): number {
  return 1_000 / perSecond;
}

/** Measures the time of a call in namespaces of 100, 10,000 and 100,000 instances, round by round. */
export const scaling: Figure = {
  name: 'scaling',
  async measure(bench: Bench): Promise<Finding[]> {
    const registries: Scaled[] = [];
    for (const count of COUNTS) registries.push(await start(bench, count));
    const findings: Finding[] = [];
    for (const name of NAMES) {
      const times = new Map<number, number[]>(COUNTS.map((count) => [count, []]));
      for (let round = 0; round < bench.rounds; round++) {
        const order = round % 2 === 0 ? registries : registries.toReversed();
        for (const { count, sides } of order) times.get(count)?.push(perCallMs((await sides[name].run()).perSecond));
        const shown = COUNTS.map((count) => `${times.get(count)?.at(-1)?.toFixed(4)} ms`).join(', ');
        bench.log(`scaling ${name} ${round + 1}/${bench.rounds}: ${shown}`);
      }
      findings.push(...compared(name, times));
    }
    for (const { server } of registries) await server.stop();
    return findings;
  },
};

function compared(name: OperationName, times: ReadonlyMap<number, readonly number[]>): Finding[] {
  const small = times.get(SMALL_COUNT) ?? [];
  return COUNTS.filter((count) => count !== SMALL_COUNT).map((count) => {
    const large = times.get(count) ?? [];
    return {
      figure: 'scaling',
      title: `${operations(count)[name].title}, time a call with ${count.toLocaleString('en')} instances`,
      unit: 'ms',
      value: spread(large),
      floor: { name: `${SMALL_COUNT} instances`, value: spread(small) },
      ratio: spread(ratios(large, small)),
      goal: { of: 'ratio', atMost: PER_CALL_MOST },
    };
  });
}
