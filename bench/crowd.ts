import { execFileSync } from 'node:child_process';
import type { BenchServer } from './bench-server';
import type { FrameSocket } from './frame-socket';

/** Number of connections opened concurrently. */
const OPENING_COUNT = 100;

/** File descriptors reserved for everything except the crowd's sockets. */
const SPARE_DESCRIPTORS = 500;

const DELIVERY_MAX_MS = 30_000;

/** Target and first message of a crowd's connections. */
export interface CrowdOptions {
  path: string;
  /** First message of each connection. Default: none. */
  greeting?: string;
  /** Number of frames that answer it. */
  answers?: number;
}

/** Times of a delivery, in milliseconds since the change was requested. */
export interface Delivery {
  /** Time of the writer's answer. */
  answeredMs: number;
  /** Time at which the last socket received the change. */
  lastMs: number;
}

/** Returns the number of sockets that one process may have open, given the file descriptors of each. */
export function socketsWithin(descriptorsEach: number): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? 1_000_000 : Math.floor((Number(limit) - SPARE_DESCRIPTORS) / descriptorsEach);
}

/** Many sockets to one server, which all receive the same messages. */
export class Crowd {
  readonly #sockets: FrameSocket[] = [];
  #lost: string | undefined;
  /** The last delivered message, as bytes. */
  #heard: Buffer | undefined;

  get count(): number {
    return this.#sockets.length;
  }

  /** The last delivered message. */
  get heard(): string {
    return this.#heard?.toString() ?? '';
  }

  /** Opens a number of sockets, and waits until each has been answered. */
  static async open(server: BenchServer, count: number, options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd();
    await crowd.grow(server, count, options);
    return crowd;
  }

  /** Opens further sockets. */
  async grow(server: BenchServer, count: number, options: CrowdOptions): Promise<void> {
    let left = count;
    const openSome = async () => {
      while (left-- > 0) this.#sockets.push(await this.#openOne(server, options));
    };
    await Promise.all(Array.from({ length: OPENING_COUNT }, openSome));
  }

  async #openOne(server: BenchServer, { path, greeting, answers = 0 }: CrowdOptions): Promise<FrameSocket> {
    const socket = await server.openSocket(path);
    if (greeting !== undefined) {
      const answered = new Promise<void>((resolve, reject) => {
        let awaited = answers;
        socket.onLost = (reason) => reject(new Error(reason));
        socket.onText = () => {
          awaited -= 1;
          if (awaited === 0) resolve();
        };
      });
      socket.send(greeting);
      await answered;
    }
    socket.onLost = (reason) => {
      this.#lost = reason;
    };
    return socket;
  }

  /**
   * Requests one change, and waits until every socket has received it.
   *
   * @throws {Error} if a socket receives a different message, receives one twice, or is lost.
   */
  async deliver(change: () => Promise<unknown>): Promise<Delivery> {
    if (this.#lost !== undefined) throw new Error(`a socket of the crowd was lost: ${this.#lost}`);
    const { promise: delivered, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error(`${waiting} sockets did not receive a change`)), DELIVERY_MAX_MS);
    let waiting = this.#sockets.length;
    let heard: Buffer | undefined;
    const began = performance.now();
    for (const socket of this.#sockets) {
      let isWaiting = true;
      socket.onText = (bytes) => {
        heard ??= Buffer.from(bytes);
        if (!isWaiting || !heard.equals(bytes))
          reject(new Error(`a socket received ${bytes.toString().slice(0, 300)}`));
        isWaiting = false;
        waiting -= 1;
        if (waiting === 0) resolve(performance.now() - began);
      };
      socket.onLost = (reason) => reject(new Error(`a socket of the crowd was lost: ${reason}`));
    }
    const answered = change().then(() => performance.now() - began);
    const [lastMs, answeredMs] = await Promise.all([delivered, answered]).finally(() => clearTimeout(timer));
    this.#heard = heard;
    return { answeredMs, lastMs };
  }

  /** Destroys all connections. */
  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}
