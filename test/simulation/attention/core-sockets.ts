import type { Registry } from '../../../src/core/namespace/core';
import { decodeMemory, encodeMemory, newMemory } from '../../../src/core/namespace/watch/connection-memory';
import type { Connection, ConnectionMemory, Connections } from '../../../src/core/platform/connection';
import { ServerFrame } from '../../../src/model/frames';
import { socketPurpose } from '../../fixtures/socket-purpose';

/** A socket of a session, at both ends. Outlives the registry's memory. */
class CoreSocket {
  /** Of the session's lease. */
  readonly name: string;
  readonly #answers = new Map<string, (frame: ServerFrame) => void>();
  #asked = 0;
  kept: string;

  constructor(name: string) {
    this.name = name;
    this.kept = encodeMemory(newMemory(socketPurpose({ subscriber: name, caller: { tokenId: 'owner' } }), 0));
  }

  /** Returns the id of a request, and its answer once it comes. */
  request(): { id: string; answer: Promise<ServerFrame> } {
    const id = String(++this.#asked);
    return { id, answer: new Promise((resolve) => this.#answers.set(id, resolve)) };
  }

  received(frame: ServerFrame): void {
    if (frame.type === 'answer' || frame.type === 'error') this.#answers.get(frame.id ?? '')?.(frame);
  }
}

/** The registry's end of a socket, in one life of the registry. */
class CoreConnection implements Connection {
  readonly socket: CoreSocket;
  readonly memory: ConnectionMemory;
  readonly #closed: () => void;

  constructor(socket: CoreSocket, closed: () => void) {
    this.socket = socket;
    this.memory = decodeMemory(socket.kept);
    this.#closed = closed;
  }

  send(frame: string): void {
    this.socket.received(ServerFrame.parse(JSON.parse(frame)));
  }

  close(): void {
    this.#closed();
  }

  remember(): void {
    this.socket.kept = encodeMemory(this.memory);
  }
}

/** All open sockets of sessions. The host handles pings, and decides when a socket was heard. */
export class CoreSockets implements Connections {
  readonly #lastPing: (name: string) => number | undefined;
  readonly #open = new Set<CoreSocket>();
  #connections = new Map<CoreSocket, CoreConnection>();

  /** @param lastPing Returns when a lease's live socket last pinged, on the clock that leases are counted by. */
  constructor(lastPing: (name: string) => number | undefined) {
    this.#lastPing = lastPing;
  }

  /** Opens a socket for the session of a lease. */
  open(name: string): CoreSocket {
    const socket = new CoreSocket(name);
    this.#open.add(socket);
    return socket;
  }

  /** Sends a frame and resolves with the body of its answer. */
  async ask(registry: Registry, socket: CoreSocket, frame: object): Promise<unknown> {
    const { id, answer } = socket.request();
    await registry.receive(this.#connectionOf(socket), JSON.stringify({ id, ...frame }));
    const answered = await answer;
    if (answered.type === 'answer') return answered.body;
    throw new Error(`a frame was answered with ${JSON.stringify(answered)}`);
  }

  *all(): Generator<Connection> {
    for (const socket of this.#open) yield this.#connectionOf(socket);
  }

  heardAt(connection: Connection): number {
    return connection instanceof CoreConnection ? (this.#lastPing(connection.socket.name) ?? 0) : 0;
  }

  /** Drops the registry's ends; the sockets stay. */
  slept(): void {
    this.#connections = new Map();
  }

  /** Drops every socket without a notice. */
  died(): void {
    this.slept();
    this.#open.clear();
  }

  #connectionOf(socket: CoreSocket): CoreConnection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new CoreConnection(socket, () => this.#open.delete(socket));
    this.#connections.set(socket, connection);
    return connection;
  }
}
