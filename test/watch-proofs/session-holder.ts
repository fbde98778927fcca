import { setTimeout as sleep } from 'node:timers/promises';
import { type Place, RegistrySocket } from './registry-socket';
import { UpgradeRefused } from './web-socket';

export interface Holding {
  place: Place;
  service: string;
  ids: string[];
  ttlMs: number;
}

/**
 * Holds instances by one socket, as a client should: pings at the required rate, reconnects when the socket breaks, and
 * resumes its session.
 */
export class SessionHolder {
  /** Status of each refused upgrade. */
  readonly refusals: number[] = [];
  resumes = 0;
  /** Number of times that its session was gone, so that it had to register again. */
  losses = 0;
  readonly #holding: Holding;
  #socket: RegistrySocket | undefined;
  #session: string | undefined;
  #isOver = false;
  #reconnectWithinMs = 1_000;

  constructor(holding: Holding) {
    this.#holding = holding;
  }

  /** Starts; resolves when everything is registered. */
  async start(): Promise<void> {
    const socket = await this.#connect();
    void this.#goOn(socket);
  }

  /** Ends the session with its close code. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#socket?.close(4000);
    await this.#socket?.closed;
  }

  /** Simulates the death of its process: breaks its connection and never reconnects. */
  die(): void {
    this.#isOver = true;
    this.#socket?.destroy();
  }

  /** Breaks the socket; the holder notices and reconnects. */
  break(): void {
    this.#socket?.destroy();
  }

  /** Uses another address from the next reconnect on. */
  moveTo(place: Place): void {
    this.#holding.place = place;
  }

  async #connect(): Promise<RegistrySocket> {
    const { place, service, ids, ttlMs } = this.#holding;
    const socket = await RegistrySocket.open(place);
    this.#socket = socket;
    try {
      const opened = await socket.session(this.#session === undefined ? { ttlMs } : { session: this.#session });
      this.#reconnectWithinMs = opened.reconnectWithinMs;
      if (opened.resumed) this.resumes += 1;
      else {
        if (this.#session !== undefined) this.losses += 1;
        const operations = ids.map((id) => ({ op: 'register', service, id, address: '127.0.0.1', port: 80 }));
        await socket.ask({ type: 'batch', operations });
      }
      this.#session = opened.session;
      const pings = setInterval(() => socket.ping(), opened.pingIntervalMs);
      void socket.closed.then(() => clearInterval(pings));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  }

  async #goOn(first: RegistrySocket): Promise<void> {
    let socket: RegistrySocket | undefined = first;
    while (!this.#isOver) {
      await socket?.closed;
      if (this.#isOver) return;
      await sleep(Math.random() * this.#reconnectWithinMs);
      if (this.#isOver) return;
      socket = await this.#connect().catch((error: unknown) => {
        if (error instanceof UpgradeRefused) this.refusals.push(error.status);
        return undefined;
      });
    }
  }
}
