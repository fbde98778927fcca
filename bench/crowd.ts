import { execFileSync } from 'node:child_process';
import type { BenchServer } from './bench-server';
import type { FrameSocket } from './frame-socket';

/** Connections that are opened at once. */
const OPENING_COUNT = 100;

/** Descriptors that are kept for everything but the crowd's sockets. */
const SPARE_DESCRIPTORS = 500;

const DELIVERY_MAX_MS = 30_000;

/** Where a crowd connects to, and how it begins. */
export interface CrowdOptions {
  path: string;
  /** Sent first; left out: nothing is. */
  greeting?: string;
  /** Frames that answer it. */
  answers?: number;
}

/** When a change had arrived, in milliseconds since it was asked for. */
export interface Delivery {
  /** The writer had its answer. */
  answeredMs: number;
  /** The last of the crowd had the change. */
  lastMs: number;
}

/** Sockets that one process may have at once, each of which takes so many descriptors. */
export function socketsWithin(descriptorsEach: number): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? 1_000_000 : Math.floor((Number(limit) - SPARE_DESCRIPTORS) / descriptorsEach);
}

/** Many sockets to one server, which all hear the same. */
export class Crowd {
  readonly #sockets: FrameSocket[] = [];
  #lost: string | undefined;
  /** The bytes that were delivered last. */
  #heard: Buffer | undefined;

  get count(): number {
    return this.#sockets.length;
  }

  /** The text that was delivered last. */
  get heard(): string {
    return this.#heard?.toString() ?? '';
  }

  /** Opens so many sockets, and waits until each has been answered. */
  static async open(server: BenchServer, count: number, options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd();
    await crowd.grow(server, count, options);
    return crowd;
  }

  /** Opens more of them. */
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
   * Asks for one change, and waits until every socket has heard of it.
   *
   * @throws {Error} if any hears something else than the others, hears it twice, or is gone.
   */
  async deliver(change: () => Promise<unknown>): Promise<Delivery> {
    if (this.#lost !== undefined) throw new Error(`a socket of the crowd was lost: ${this.#lost}`);
    const { promise: delivered, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error(`${waiting} sockets did not hear of a change`)), DELIVERY_MAX_MS);
    let waiting = this.#sockets.length;
    let heard: Buffer | undefined;
    const began = performance.now();
    for (const socket of this.#sockets) {
      let isWaiting = true;
      socket.onText = (bytes) => {
        heard ??= Buffer.from(bytes);
        if (!isWaiting || !heard.equals(bytes)) reject(new Error(`a socket heard ${bytes.toString().slice(0, 300)}`));
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

  /** Cuts all connections. */
  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}
