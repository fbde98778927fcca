import { setTimeout as sleep } from 'node:timers/promises';
import { type Place, RegistrySocket } from './registry-socket';
import { Replica } from './replica';
import { type SocketEnd, UpgradeRefused } from './web-socket';

/** Amount of received data, in characters, after which credit is granted again. */
const CREDIT_LUMP = 1024 * 1024;

export interface FollowerOptions {
  place: Place;
  subscriber?: string;
  /** `group@@service` or `service`; empty for the whole namespace. */
  services?: string[];
  /** Called when everything up to a cursor is applied; the resolved cursor is acknowledged. */
  applied?: (cursor: string) => Promise<string> | string | undefined;
}

/** Watches over a socket. When the socket breaks, it resumes at its cursor within the time that the server specified. */
export class Follower {
  readonly replica: Replica;
  /** Close of each connection. */
  readonly ends: SocketEnd[] = [];
  /** Status of each refused upgrade. */
  readonly refusals: number[] = [];
  reconnectWithinMs = 1_000;
  readonly #options: FollowerOptions;
  #socket: RegistrySocket | undefined;
  #isOver = false;
  #received = 0;

  /** @param replica The known state, from which it resumes. */
  constructor(options: FollowerOptions, replica = new Replica()) {
    this.#options = options;
    this.replica = replica;
  }

  /** Starts; resolves when the watch is accepted. */
  async start(): Promise<void> {
    const socket = await this.#connect();
    void this.#goOn(socket);
  }

  stop(): void {
    this.#isOver = true;
    this.#socket?.destroy();
  }

  async #connect(): Promise<RegistrySocket> {
    const { place, subscriber, services = [] } = this.#options;
    const socket = await RegistrySocket.open(place, subscriber);
    this.#socket = socket;
    socket.onFrame = (frame, size) => {
      this.#grant(socket, size);
      if (!this.replica.apply(frame)) return;
      void this.#acknowledge(socket, this.replica.cursor ?? '');
    };
    try {
      const { cursor } = this.replica;
      const { reconnectWithinMs } = await socket.ask<{ reconnectWithinMs: number }>({
        type: 'watch',
        watch: 'w',
        scope: { services },
        cursor,
      });
      this.reconnectWithinMs = reconnectWithinMs;
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  }

  async #goOn(first: RegistrySocket): Promise<void> {
    let socket: RegistrySocket | undefined = first;
    while (!this.#isOver) {
      if (socket !== undefined) this.ends.push(await socket.closed);
      this.replica.broken();
      await sleep(Math.random() * this.reconnectWithinMs);
      if (this.#isOver) return;
      socket = await this.#connect().catch((error: unknown) => {
        if (error instanceof UpgradeRefused) this.refusals.push(error.status);
        return undefined;
      });
    }
  }

  async #acknowledge(socket: RegistrySocket, applied: string): Promise<void> {
    const cursor = await this.#options.applied?.(applied);
    if (cursor !== undefined) socket.send({ type: 'ack', watch: 'w', cursor });
  }

  #grant(socket: RegistrySocket, size: number): void {
    this.#received += size;
    if (this.#received < CREDIT_LUMP) return;
    socket.send({ type: 'credit', bytes: this.#received });
    this.#received = 0;
  }
}
