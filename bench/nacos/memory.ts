import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../figure';
import { residentBytes } from '../resident-memory';
import { ratios, spread } from '../statistics';
import { counted, type NacosBench, type NacosTarget, startFloor, startNacos } from './nacos-bench';
import { connectAll, inFlight, type NacosClient, registering } from './nacos-client';

/** Number of services that the clients have instances of, and are subscribed to. */
const SERVICES = 50;

const KIBIBYTE = 1_024;
const MEBIBYTE = KIBIBYTE * KIBIBYTE;

const serviceOf = (n: number): string => `service-${n % SERVICES}`;

/** Action of each client after its introduction. */
type Doing = 'nothing' | 'subscribes' | 'registers';

const ACTS: Readonly<Record<Doing, (client: NacosClient, n: number) => Promise<unknown>>> = {
  nothing: async () => {},
  subscribes: (client, n) => client.subscribe(serviceOf(n)),
  registers: (client, n) => client.ask(registering(serviceOf(n), n)),
};

const TITLES: Readonly<Record<Doing, string>> = {
  nothing: 'introduced',
  subscribes: 'with one subscription',
  registers: 'with one instance',
};

/** Returns the memory of a process without clients, and what each of its clients adds, in bytes. */
async function measure(
  bench: NacosBench,
  start: () => Promise<NacosTarget>,
  { count, doing }: { count: number; doing: Doing },
): Promise<{ empty: number; each: number }> {
  const { server, grpcPort } = await start();
  const settled = async (): Promise<number> => {
    await sleep(bench.scale.settleMs);
    return residentBytes(server.pid);
  };
  // The code of a first client is compiled.
  const [first] = await connectAll(grpcPort, 1);
  if (first !== undefined) await ACTS[doing](first, 0);
  const empty = await settled();
  const clients = await connectAll(grpcPort, count);
  await inFlight(50, count, async (n) => {
    const client = clients[n];
    if (client !== undefined) await ACTS[doing](client, n);
  });
  const each = ((await settled()) - empty) / count;
  for (const client of clients) client.close();
  first?.close();
  await server.stop();
  return { empty, each };
}

/** Measures the resident memory of idle connections. */
export async function memory(bench: NacosBench): Promise<Finding[]> {
  const findings: Finding[] = [];
  const empties: number[] = [];
  const rounds = Math.min(bench.rounds, 3);
  for (const count of bench.scale.connections) {
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      floors.push((await measure(bench, () => startFloor(bench, 'nacos'), { count, doing: 'nothing' })).each);
    }
    // `as`: the keys of the record above
    for (const doing of Object.keys(TITLES) as Doing[]) {
      const values: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { empty, each } = await measure(bench, () => startNacos(bench), { count, doing });
        values.push(each);
        empties.push(empty);
      }
      const kibibytes = (bytes: readonly number[]) => spread(bytes.map((each) => each / KIBIBYTE));
      findings.push({
        figure: 'memory',
        title: `Memory of each of ${counted(count, 'connection')}, ${TITLES[doing]}`,
        unit: 'KiB',
        value: kibibytes(values),
        floor: { name: 'constant', value: kibibytes(floors) },
        ratio: spread(ratios(values, floors)),
        note: "resident memory of the process after the clients are connected and idle, less that before, divided by their number; *constant* is the registry's own server of gRPC with as many streams",
      });
      bench.log(`${findings.at(-1)?.title}: ${findings.at(-1)?.value.median.toFixed(1)} KiB`);
    }
  }
  const empty = spread(empties.map((bytes) => bytes / MEBIBYTE));
  return [{ figure: 'memory', title: 'Resident memory with one client', unit: 'MiB', value: empty }, ...findings];
}
