import { drive, type Load } from '../load';
import { processorUs } from '../processor-time';
import { type Comparison, type Contender, inTurns, type Row, spreads } from './comparison';
import type { PeerConnection } from './peer';
import type { CallName, PeerRequests } from './requests';

const CONNECTIONS = 32;
const READ_SERVICE = 'read';
const READ_INSTANCES = 20;
/** Lease time, longer than the run, so that no lease expires. ZooKeeper grants less, and its client pings. */
const TTL_SECONDS = 3_600;

/** Number of leases that `wrk` renews in turn. */
const RENEWED = 1_000;

/** Maximum number of instances of one service, as in a typical fleet. */
const PER_SERVICE = 100;

/** Number of requests prepared for `wrk`, more than any peer registers in a turn. */
const DISTINCT_PER_SECOND = 40_000;

/** Result of one turn of a peer. */
interface Turn {
  perSecond: number;
  processorUs: number;
}

/** A call over a connection of the bench's client. */
type Call = (connection: PeerConnection) => Promise<unknown>;

/** Runs connections that each call again as soon as they are answered. */
async function drivenByConnections(
  pid: number,
  connections: readonly PeerConnection[],
  seconds: number,
  call: Call,
): Promise<Turn> {
  const before = processorUs(pid);
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
  const perSecond = (calls * 1_000) / (performance.now() - began);
  return { perSecond, processorUs: (processorUs(pid) - before) / calls };
}

/** A measurement: its call, the number of connections, and the peers that take part. */
interface Measurement {
  name: CallName;
  title: string;
  connections: number;
  /** The call for peers that `wrk` does not drive; undefined if they don't take part. */
  call?: Call;
  /** Returns whether a peer that `wrk` does not drive takes part. Default: all do. */
  takesPart?: (contender: Contender) => boolean;
  /** Share of a turn's time for the bench's client. */
  share?: number;
}

/** Measures the rates of a client's usual calls, with the processor time of a call. */
export class Rates {
  readonly #comparison: Comparison;
  readonly #clients = new Map<string, PeerConnection[]>();
  /** Number of the next instance that a connection registers. */
  #next = 0;

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
  }

  /** Makes all measurements, with two rows each. */
  async measure(): Promise<Row[]> {
    for (const contender of this.#comparison.contenders) await this.#prepare(contender);
    const register: Call = (connection) => {
      const n = this.#next++;
      return connection.register(`s-${Math.floor(n / PER_SERVICE)}`, `i-${n}`);
    };
    const assertAll = (count: number | undefined) => {
      if (count !== READ_INSTANCES) throw new Error(`read ${count} of ${READ_INSTANCES} instances`);
    };
    const measurements: Measurement[] = [
      { name: 'beat', title: 'Beat', connections: CONNECTIONS, call: (each) => each.beat() },
      {
        name: 'read',
        title: `Read a service of ${READ_INSTANCES}`,
        connections: CONNECTIONS,
        call: async (each) => assertAll(await each.read(READ_SERVICE)),
      },
      {
        name: 'stale',
        title: `Stale read of a service of ${READ_INSTANCES}`,
        connections: CONNECTIONS,
        call: async (each) => assertAll(await each.readStale?.(READ_SERVICE)),
        takesPart: ({ peer }) => this.#clients.get(peer.name)?.every((each) => each.readStale) ?? false,
      },
      // Last, because registrations may stay. The bench's own connections fill one namespace, which has room for 100,000.
      { name: 'register', title: 'Register, durable', connections: CONNECTIONS, call: register, share: 0.25 },
      { name: 'register', title: 'Register, durable, over 128 connections', connections: 128 },
    ];
    const rows: Row[] = [];
    try {
      for (const measurement of measurements) rows.push(...(await this.#rows(measurement)));
      return rows;
    } finally {
      for (const connection of [...this.#clients.values()].flat()) connection.cut();
    }
  }

  async #prepare({ peer, server }: Contender): Promise<void> {
    if (server.requests !== undefined) return server.requests.prepare(RENEWED, READ_INSTANCES);
    const opened = await Promise.all(Array.from({ length: CONNECTIONS }, () => server.connect(TTL_SECONDS)));
    // The instances that the heartbeats renew.
    await Promise.all(opened.map((connection, n) => connection.register('beaten', `b-${n}`)));
    const [first] = opened;
    for (let n = 0; n < READ_INSTANCES; n++) await first?.register(READ_SERVICE, `r-${n}`);
    this.#clients.set(peer.name, opened);
  }

  async #rows(measurement: Measurement): Promise<Row[]> {
    const { rounds, warmsUp, log } = this.#comparison;
    const { title, call, takesPart = () => true } = measurement;
    const contenders = this.#comparison.contenders.filter((contender) => {
      return contender.server.requests !== undefined || (call !== undefined && takesPart(contender));
    });
    const turns = await inTurns({ contenders, rounds, warmsUp }, (contender) => this.#turn(contender, measurement));
    const of = (member: keyof Turn) =>
      new Map([...turns].map(([name, taken]) => [name, taken.map((turn) => turn[member])]));
    const [rates, times] = [of('perSecond'), of('processorUs')];
    const values = spreads(rates);
    log(`${title}: ${[...values].map(([name, { median }]) => `${name} ${median.toFixed(0)}`).join(', ')}`);
    return [
      { title, unit: 'calls/s', better: 'more', values, rounds: rates },
      {
        title: `${title}: processor time of the server`,
        unit: 'µs a call',
        better: 'less',
        values: spreads(times),
        rounds: times,
      },
    ];
  }

  async #turn({ peer, server }: Contender, measurement: Measurement): Promise<Turn> {
    const { seconds } = this.#comparison;
    const { name, call, connections, share = 1 } = measurement;
    if (server.requests === undefined) {
      if (call === undefined) throw new Error(`${peer.name} is not measured in ${measurement.title}`);
      return drivenByConnections(server.pid, this.#clients.get(peer.name) ?? [], seconds * share, call);
    }
    const clear = name === 'register' ? await server.requests.registering() : async () => {};
    const turn = await this.#drivenByWrk(server.requests, { pid: server.pid, port: server.port, name, connections });
    await clear();
    return turn;
  }

  async #drivenByWrk(
    requests: PeerRequests,
    { pid, port, name, connections }: { pid: number; port: number; name: CallName; connections: number },
  ): Promise<Turn> {
    // wrk takes whole seconds.
    const seconds = Math.ceil(this.#comparison.seconds);
    const { method, request, cycle } = requests.list(name);
    const origin = `http://127.0.0.1:${port}`;
    const first = request(0);
    const answer = await fetch(origin + first.path, {
      method,
      headers: { 'Content-Type': 'application/json', ...requests.headers },
      ...(method === 'GET' ? {} : { body: first.body ?? '' }),
    });
    const text = await answer.text();
    if (!requests.isRight(name, text)) throw new Error(`${name} at ${origin} answered ${text.slice(0, 300)}`);
    const length = cycle ?? DISTINCT_PER_SECOND * seconds;
    const load: Load = {
      method,
      requests: Array.from({ length }, (_, n) => request(cycle === undefined ? n + 1 : n)),
      connections,
      seconds,
    };
    const result = await drive({ origin, pid, headers: requests.headers }, load, this.#comparison.workspace.folder);
    if (result.requests > length && cycle === undefined) throw new Error(`wrk sent all of ${length} registrations`);
    return { perSecond: result.perSecond, processorUs: result.processorUs };
  }
}
