import { decodeMemory, encodeMemory, newMemory } from '../../core/namespace/watch/connection-memory';
import type { Connection, ConnectionMemory, Connections } from '../../core/platform/connection';
import { PING, PONG } from '../../model/frames';
import type { SocketPurpose } from '../../model/namespace-sockets';

/** Attachments are kept as bytes: a text with one letter beyond Latin would take two for each of all its letters. */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Header in which a Worker tells an object whom a socket is for. */
const CONNECTION_HEADER = 'Rollcall-Connection';

/** Status of an answer to an upgrade that is a refusal, as JSON: see {@link RegistryError.toData}. */
export const REFUSED_STATUS = 403;

/** Headers of the request that opens a socket: {@link ObjectSockets.purposeOf} reads them. */
export function upgradeHeaders(purpose: SocketPurpose): Record<string, string> {
  // Headers are ASCII; in JSON every other character can be written as an escape.
  const text = JSON.stringify(purpose).replace(/[^\x20-\x7e]/g, escaped);
  return { Upgrade: 'websocket', [CONNECTION_HEADER]: text };
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A hibernating WebSocket as the core sees it. */
class SocketConnection implements Connection {
  readonly memory: ConnectionMemory;
  readonly socket: WebSocket;

  constructor(socket: WebSocket, memory: ConnectionMemory) {
    this.socket = socket;
    this.memory = memory;
  }

  send(frame: string): void {
    quietly(() => this.socket.send(frame));
  }

  close(code: number, reason: string): void {
    quietly(() => this.socket.close(code, reason));
  }

  remember(): void {
    try {
      this.socket.serializeAttachment(encoder.encode(encodeMemory(this.memory)));
    } catch {
      // What is not kept would be missing after the next sleep: rather no socket than one with gaps.
      this.close(1011, 'this socket has too much to remember; resume by cursor');
    }
  }
}

/**
 * Answers the close of a client, which waits for that: on a hibernating socket the platform leaves it to us. A code that
 * stands for the lack of one (1005, 1006) can't be sent, and is answered without one.
 */
export function answerClose(socket: WebSocket, code: number): void {
  quietly(() => (code === 1005 || code === 1006 ? socket.close() : socket.close(code)));
}

/** Ignores that the other end may be gone already: its close is on its way, and is what counts. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing to do: see above.
  }
}

/** The sockets of a Durable Object. They outlive its sleep, and what the core remembers of them does so with them. */
export class ObjectSockets implements Connections {
  readonly #ctx: DurableObjectState;
  readonly #connections = new WeakMap<WebSocket, SocketConnection>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Returns the purpose of the socket that a request asks for; undefined where it asks for none. */
  purposeOf(request: Request): SocketPurpose | undefined {
    const purpose = request.headers.get(CONNECTION_HEADER);
    if (purpose === null || request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') return undefined;
    return JSON.parse(purpose) as SocketPurpose; // `as`: only our own Worker reaches an object, and wrote it
  }

  /** Accepts a socket: what the core sees of it, and the client's end. */
  accept(purpose: SocketPurpose): { connection: Connection; client: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    const connection = new SocketConnection(server, newMemory(purpose, Date.now()));
    this.#connections.set(server, connection);
    this.#ctx.acceptWebSocket(server);
    connection.remember();
    return { connection, client };
  }

  /** The connection of a socket that the platform hands over. */
  connectionOf(socket: WebSocket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const kept = socket.deserializeAttachment() as Uint8Array; // `as`: only remember() writes attachments
    const connection = new SocketConnection(socket, decodeMemory(decoder.decode(kept)));
    this.#connections.set(socket, connection);
    return connection;
  }

  *all(): Generator<Connection> {
    for (const socket of this.#ctx.getWebSockets()) yield this.connectionOf(socket);
  }

  heardAt(connection: Connection): number {
    if (!(connection instanceof SocketConnection)) return 0;
    return this.#ctx.getWebSocketAutoResponseTimestamp(connection.socket)?.getTime() ?? 0;
  }
}
