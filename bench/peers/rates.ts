import { type Comparison, inTurns, type Row } from './comparison';
import type { PeerConnection } from './peer';

const CONNECTIONS = 32;
const READ_SERVICE = 'read';
const READ_INSTANCES = 20;
/** Longer than the run: leases are not what is measured here. ZooKeeper grants less, and its client pings. */
const TTL_SECONDS = 3_600;

/** Instances of one service, at most: as in a fleet. */
const PER_SERVICE = 100;

/** Calls a second of connections that each call again as soon as they are answered. */
async function rate(
  connections: readonly PeerConnection[],
  seconds: number,
  call: (connection: PeerConnection) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  const end = began + seconds * 1_000;
  let calls = 0;
  const run = async (connection: PeerConnection) => {
    while (performance.now() < end) {
      await call(connection);
      calls += 1;
    }
  };
  await Promise.all(connections.map(run));
  return (calls * 1_000) / (performance.now() - began);
}

/** Registers, beats and reads, over connections that are opened once. */
export async function rates(comparison: Comparison): Promise<Row[]> {
  const { contenders, seconds, say } = comparison;
  const clients = new Map<string, PeerConnection[]>();
  for (const { peer, server } of contenders) {
    const opened = await Promise.all(Array.from({ length: CONNECTIONS }, () => server.connect(TTL_SECONDS)));
    // What each beats for; and the service that all read.
    await Promise.all(opened.map((connection, n) => connection.register('beaten', `b-${n}`)));
    const [first] = opened;
    for (let n = 0; n < READ_INSTANCES; n++) await first?.register(READ_SERVICE, `r-${n}`);
    clients.set(peer.name, opened);
  }
  let next = 0;
  const registering = (connection: PeerConnection) => {
    const n = next++;
    return connection.register(`s-${Math.floor(n / PER_SERVICE)}`, `i-${n}`);
  };
  const assertAll = (count: number | undefined) => {
    if (count !== READ_INSTANCES) throw new Error(`read ${count} of ${READ_INSTANCES} instances`);
  };
  const readStale = contenders.filter(({ peer }) => clients.get(peer.name)?.every((each) => each.readStale));
  type Call = (connection: PeerConnection) => Promise<unknown>;
  const measure = async (title: string, call: Call, turnSeconds = seconds, among = contenders): Promise<Row> => {
    const turns = { contenders: among, rounds: comparison.rounds };
    const values = await inTurns(turns, ({ peer }) => rate(clients.get(peer.name) ?? [], turnSeconds, call));
    say(`${title}: ${[...values].map(([name, { median }]) => `${name} ${median.toFixed(0)}`).join(', ')}`);
    return { title, unit: 'calls/s', better: 'more', values };
  };
  try {
    return [
      // What is registered stays, and a namespace has room for 32 MiB of records.
      await measure('Register, durable', registering, seconds / 2),
      await measure('Beat', (connection) => connection.beat()),
      await measure(`Read a service of ${READ_INSTANCES}`, async (each) => assertAll(await each.read(READ_SERVICE))),
      await measure(
        `Stale read of a service of ${READ_INSTANCES}`,
        async (each) => assertAll(await each.readStale?.(READ_SERVICE)),
        seconds,
        readStale,
      ),
    ];
  } finally {
    for (const connection of [...clients.values()].flat()) connection.cut();
  }
}
