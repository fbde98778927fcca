import { comparedTurns, type Turn } from '../contest';
import type { Finding } from '../figure';
import { processorUs } from '../processor-time';
import type { FloorName } from '../program';
import { deleting, HttpClient, posting } from './http-client';
import { counted, type NacosBench, type NacosTarget, startFloor, startNacos } from './nacos-bench';
import { connectAll, deregistering, registering } from './nacos-client';

/** Clients of one protocol, which register and remove instances. */
interface Registrants {
  /** Sends request `n` of a kind on the connection of a worker. */
  ask(worker: number, kind: Kind, n: number): Promise<unknown>;
  close(): void;
}

type Kind = 'register' | 'deregister';

const KINDS: readonly Kind[] = ['register', 'deregister'];

/** Connections, and the requests that are under way on all of them. */
interface Way {
  title: string;
  workers: number;
  connect(target: NacosTarget, instances: number): Promise<Registrants>;
  floor: FloorName;
}

/** Result of a turn: all instances are registered, and then removed. */
type BothTurns = Record<Kind, Turn>;

const grpcWay = (connections: number, workers: number): Way => ({
  title: `gRPC, ${counted(connections, 'connection')} with ${workers / connections} in flight`,
  workers,
  floor: 'nacos',
  connect: async ({ grpcPort }, instances) => {
    const clients = await connectAll(grpcPort, connections);
    const requests = { register: [] as Uint8Array[], deregister: [] as Uint8Array[] };
    for (let n = 0; n < instances; n++) {
      // A connection has one instance of a service.
      requests.register.push(registering(`grpc-${n}`, n));
      requests.deregister.push(deregistering(`grpc-${n}`, n));
    }
    return {
      // `as`: both numbers are in range
      ask: (worker, kind, n) => clients[worker % connections]?.ask(requests[kind][n] as Uint8Array) as Promise<unknown>,
      close: () => {
        for (const client of clients) client.close();
      },
    };
  },
});

const httpWay = (connections: number): Way => ({
  title: `HTTP, ${counted(connections, 'connection')}`,
  workers: connections,
  floor: 'hello',
  connect: async ({ httpPort }, instances) => {
    const clients: HttpClient[] = [];
    while (clients.length < connections) clients.push(await HttpClient.connect(httpPort));
    const requests = { register: [] as Buffer[], deregister: [] as Buffer[] };
    for (let n = 0; n < instances; n++) {
      requests.register.push(posting(`http-${n}`, n));
      requests.deregister.push(deleting(`http-${n}`, n));
    }
    return {
      // `as`: both numbers are in range
      ask: (worker, kind, n) => clients[worker]?.ask(requests[kind][n] as Buffer) as Promise<unknown>,
      close: () => {
        for (const client of clients) client.close();
      },
    };
  },
});

/** Ways that have the same number of requests under way, by gRPC and by HTTP. */
const levelsOf = (clients: number): Way[][] => [
  [grpcWay(1, 32), httpWay(32)],
  [grpcWay(1, 128), httpWay(128)],
  [grpcWay(clients, clients), httpWay(clients)],
];

/** Sends each of a kind's requests once. A worker has the same instances in all turns, as only their connection removes them. */
async function sendAll(registrants: Registrants, kind: Kind, workers: number, instances: number): Promise<void> {
  const work = async (worker: number): Promise<void> => {
    for (let n = worker; n < instances; n += workers) await registrants.ask(worker, kind, n);
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
}

async function turnOf(
  { server }: NacosTarget,
  registrants: Registrants,
  { workers }: Way,
  instances: number,
): Promise<BothTurns> {
  const turn = async (kind: Kind): Promise<Turn> => {
    const [began, before] = [performance.now(), processorUs(server.pid)];
    await sendAll(registrants, kind, workers, instances);
    const seconds = (performance.now() - began) / 1_000;
    return { perSecond: instances / seconds, processorUs: (processorUs(server.pid) - before) / instances };
  };
  return { register: await turn('register'), deregister: await turn('deregister') };
}

/** Checks that a turn has registered what it should. @throws {Error} */
async function verify({ server }: NacosTarget, registrants: Registrants, { title, workers }: Way): Promise<void> {
  const count = workers;
  await sendAll(registrants, 'register', workers, count);
  const { instances } = await server.stats();
  await sendAll(registrants, 'deregister', workers, count);
  const { instances: left } = await server.stats();
  if (instances !== count || left !== 0) {
    throw new Error(`${title}: ${count} were registered, and stats report ${instances}, and then ${left}`);
  }
}

/** Measures the ways of one level, in the same rounds on the same registry. */
async function measureLevel(bench: NacosBench, ways: readonly Way[]): Promise<Finding[]> {
  const { instances } = bench.scale;
  const registry = await startNacos(bench);
  const sides = [];
  for (const way of ways) {
    const floor = await startFloor(bench, way.floor);
    const [own, constant] = [await way.connect(registry, instances), await way.connect(floor, instances)];
    await verify(registry, own, way);
    const [turns, floors]: [BothTurns[], BothTurns[]] = [[], []];
    sides.push({ way, floor, own, constant, turns, floors });
  }
  // The first round is a warm-up and is not counted.
  for (let round = 0; round <= bench.rounds; round++) {
    for (const { way, floor, own, constant, turns, floors } of sides) {
      const turn = await turnOf(registry, own, way, instances);
      const floorTurn = await turnOf(floor, constant, way, instances);
      if (round === 0) continue;
      turns.push(turn);
      floors.push(floorTurn);
    }
  }
  for (const { floor, own, constant } of sides) {
    own.close();
    constant.close();
    await floor.server.stop();
  }
  await registry.server.stop();
  return sides.flatMap(({ way, turns, floors }) =>
    KINDS.map((kind) => {
      const about = { figure: 'rates', title: `${way.title}: ${kind}`, unit: 'requests/s' };
      const of = (both: readonly BothTurns[]) => both.map((each) => each[kind]);
      return comparedTurns(about, of(turns), { name: 'constant', turns: of(floors) });
    }),
  );
}

/** Measures registrations and deregistrations a second, by gRPC and by HTTP. */
export async function rates(bench: NacosBench): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { clients, instances } = bench.scale;
  for (const ways of levelsOf(clients)) {
    const measured = await measureLevel(bench, ways);
    for (const { title, value } of measured) bench.log(`${title}: ${value.median.toFixed(0)}`);
    findings.push(...measured);
  }
  return findings.map((finding) => ({
    ...finding,
    note: `each turn registers ${instances.toLocaleString('en')} instances, each in a service of its own, and then removes them; *constant* gets the same requests and answers each with a constant, by the registry's own server of gRPC or its HTTP listener`,
  }));
}

/** Returns a function that runs a turn over gRPC, for a profile. It resolves with the rate of registrations. */
export async function registeringWork(
  { scale: { instances } }: NacosBench,
  registry: NacosTarget,
  connections: number,
): Promise<() => Promise<number>> {
  const way = grpcWay(connections, Math.max(connections, 128));
  const registrants = await way.connect(registry, instances);
  return async () => (await turnOf(registry, registrants, way, instances)).register.perSecond;
}
