import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding, Goal } from '../figure';
import type { FrameSocket } from '../frame-socket';
import { NAMESPACE_PATH, placeOf } from '../population';
import type { BenchProgram } from '../program';
import { referenceInstance } from '../reference-instance';
import { ratios, spread } from '../statistics';

const SOCKET_PATH = `${NAMESPACE_PATH}/socket`;

/** Frames of one size: instances per frame, frames per run, and frames in flight. */
interface Batching {
  size: number;
  frames: number;
  underWay: number;
}

const BATCHINGS: readonly Batching[] = [
  { size: 1, frames: 500, underWay: 64 },
  { size: 10, frames: 300, underWay: 32 },
  { size: 100, frames: 100, underWay: 16 },
  { size: 1_000, frames: 30, underWay: 4 },
];

/** Goal for the resident host with the largest batches. */
const GOAL: Goal = { of: 'value', atLeast: 100_000 };

/** Number of pings in flight on one socket. */
const PINGS_UNDER_WAY = 64;
const PING_SOCKETS = 16;
const PINGS = 20_000;

/** Maximum time of one run over one socket; a longer one is stuck. */
const EXCHANGE_MAX_MS = 60_000;

function frame(id: string, operations: object[]): string {
  return JSON.stringify({ type: 'batch', id, operations });
}

/** Returns the operations on `size` instances from `first` on. */
function operations(op: 'register' | 'deregister', first: number, size: number): object[] {
  return Array.from({ length: size }, (_, index) => {
    const n = first + index;
    return { op, ...placeOf(n), ...(op === 'register' && referenceInstance(n, { longLease: true })) };
  });
}

/**
 * Sends texts over one socket, with a fixed number in flight. Returns the number of answers per second.
 *
 * @param check Throws if an answer is wrong.
 */
async function exchange(
  socket: FrameSocket,
  texts: readonly string[],
  underWay: number,
  check: (answer: Buffer) => void,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let answered = 0;
  socket.onLost = (reason) => reject(new Error(reason));
  socket.onText = (bytes) => {
    try {
      check(bytes);
    } catch (error) {
      reject(error);
    }
    answered += 1;
    const text = texts[sent++];
    if (text !== undefined) socket.send(text);
    else if (answered === texts.length) resolve();
  };
  const timer = setTimeout(
    () => reject(new Error(`${texts.length - answered} frames were not answered`)),
    EXCHANGE_MAX_MS,
  );
  const began = performance.now();
  while (sent < Math.min(underWay, texts.length)) socket.send(texts[sent++] ?? '');
  await promise.finally(() => clearTimeout(timer));
  return (texts.length * 1_000) / (performance.now() - began);
}

/** A server in which one socket registers instances, each time new ones. */
export class RegisteringSide {
  readonly server: BenchServer;
  readonly #socket: FrameSocket;
  #next = 0;

  private constructor(server: BenchServer, socket: FrameSocket) {
    this.server = server;
    this.#socket = socket;
  }

  static async start({ workspace }: Bench, program: BenchProgram, inspector = false): Promise<RegisteringSide> {
    const server = await BenchServer.start({ workspace, program, inspector });
    return new RegisteringSide(server, await server.openSocket(SOCKET_PATH));
  }

  /** Runs the load once. Returns the number of instances registered per second. */
  async run({ size, frames, underWay }: Batching): Promise<number> {
    const first = this.#next;
    this.#next += size * frames;
    const texts = Array.from({ length: frames }, (_, n) => {
      return frame(`f${n}`, operations('register', first + n * size, size));
    });
    const perSecond = await exchange(this.#socket, texts, underWay, (answer) => {
      const created = answer.toString().split('"outcome":"created"').length - 1;
      if (created !== size) throw new Error(`a frame creates ${size} instances: ${answer.toString().slice(0, 300)}`);
    });
    return perSecond * size;
  }

  /** Deregisters the instances of the last run, which restores the size of the namespace. */
  async clear({ size, frames }: Batching): Promise<void> {
    const count = size * frames;
    const texts: string[] = [];
    for (let done = 0; done < count; done += 1_000) {
      const left = Math.min(1_000, count - done);
      texts.push(frame('clear', operations('deregister', this.#next - count + done, left)));
    }
    await exchange(this.#socket, texts, 1, (answer) => {
      if (!answer.includes('"outcome":"removed"')) throw new Error(`not cleared: ${answer.toString().slice(0, 300)}`);
    });
  }

  async stop(): Promise<void> {
    this.#socket.destroy();
    await this.server.stop();
  }
}

/** The largest batches, which `--profile socket-register` profiles. */
export const LARGEST_BATCHING: Batching = { size: 1_000, frames: 60, underWay: 4 };

/** Measures registrations per second over one socket, single and in batches. */
export const socketRegister: Figure = {
  name: 'socket-register',
  async measure(bench: Bench): Promise<Finding[]> {
    const registry = await RegisteringSide.start(bench, bench.programs.registry);
    const floor = await RegisteringSide.start(bench, bench.programs.floor('socket-rows'));
    const findings: Finding[] = [];
    for (const batching of BATCHINGS) {
      const rates: number[] = [];
      const floors: number[] = [];
      // The first round is a warm-up and is not counted.
      for (let round = 0; round <= bench.rounds; round++) {
        rates.push(await registry.run(batching));
        await registry.clear(batching);
        floors.push(await floor.run(batching));
      }
      const { size } = batching;
      const value = spread(rates.slice(1));
      bench.log(
        `socket-register ${size}: ${value.median.toFixed(0)}/s, floor ${spread(floors.slice(1)).median.toFixed(0)}`,
      );
      findings.push({
        figure: 'socket-register',
        title: size === 1 ? 'Register over one socket, one a frame' : `Register over one socket, ${size} a frame`,
        unit: 'instances/s',
        value,
        floor: { name: 'socket-rows', value: spread(floors.slice(1)) },
        ratio: spread(ratios(rates.slice(1), floors.slice(1))),
        ...(size === LARGEST_BATCHING.size && bench.programs.home === 'deno' && { goal: GOAL }),
        note: `new instances; ${BATCHINGS.map((each) => `${each.underWay} frames of ${each.size}`).join(', ')} are under way at a time, which the platform delivers one after the other`,
      });
    }
    if ((await registry.server.stats()).instances !== 0) throw new Error('cleared instances still exist');
    await Promise.all([registry.stop(), floor.stop()]);
    return findings;
  },
};

async function pingRate(sockets: readonly FrameSocket[]): Promise<number> {
  const texts = Array.from({ length: PINGS / PING_SOCKETS }, () => 'ping');
  const rates = sockets.map((socket) =>
    exchange(socket, texts, PINGS_UNDER_WAY, (answer) => {
      if (answer.toString() !== 'pong') throw new Error(`a ping was answered with ${answer.toString().slice(0, 100)}`);
    }),
  );
  const began = performance.now();
  await Promise.all(rates);
  return (PINGS * 1_000) / (performance.now() - began);
}

/** Measures pings per second over sockets, the heartbeats of sessions. */
export const socketBeat: Figure = {
  name: 'socket-beat',
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const registry = await BenchServer.start({ workspace, program: programs.registry });
    const floor = await BenchServer.start({ workspace, program: programs.floor('broadcast') });
    const open = (server: BenchServer) =>
      Promise.all(Array.from({ length: PING_SOCKETS }, () => server.openSocket(SOCKET_PATH)));
    const sockets = { registry: await open(registry), floor: await open(floor) };
    // Each socket has a session, so that every ping renews a lease.
    for (const socket of sockets.registry) {
      const answer = socket.next();
      socket.send('{"type":"session","id":"s"}');
      if (!(await answer).includes('"resumed":false')) throw new Error(`no session: ${await answer}`);
    }
    const rates: number[] = [];
    const floors: number[] = [];
    const before = await registry.stats();
    for (let round = 0; round <= bench.rounds; round++) {
      rates.push(await pingRate(sockets.registry));
      floors.push(await pingRate(sockets.floor));
    }
    const after = await registry.stats();
    if (after.sinceStart.rowsWritten - before.sinceStart.rowsWritten > rates.length) {
      throw new Error('pings made the registry write rows');
    }
    for (const socket of [...sockets.registry, ...sockets.floor]) socket.destroy();
    await Promise.all([registry.stop(), floor.stop()]);
    const [value, floorValue] = [spread(rates.slice(1)), spread(floors.slice(1))];
    bench.log(`socket-beat: ${value.median.toFixed(0)}/s, floor ${floorValue.median.toFixed(0)}`);
    return [
      {
        figure: 'socket-beat',
        title: `Beats over ${PING_SOCKETS} sockets with a session each`,
        unit: 'beats/s',
        value,
        floor: { name: 'broadcast', value: floorValue },
        ratio: spread(ratios(rates.slice(1), floors.slice(1))),
        ...(programs.home === 'deno' && { goal: GOAL }),
        note: 'the connection answers a ping without the core',
      },
    ];
  },
};
