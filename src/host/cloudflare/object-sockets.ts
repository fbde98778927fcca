import { decodeMemory, encodeMemory, newMemory } from '../../core/namespace/watch/connection-memory';
import type { Connection, ConnectionMemory, Connections } from '../../core/platform/connection';
import { PING, PONG } from '../../model/frames';
import type { SocketPurpose } from '../../model/namespace-sockets';

/** Attachments are stored as UTF-8: one character beyond Latin-1 makes a string take two bytes for every character. */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Header in which a Worker sends an object the purpose of a socket. */
const CONNECTION_HEADER = 'Rollcall-Connection';

/** Status of a refused upgrade, whose body is JSON: see {@link RegistryError.toData}. */
export const REFUSED_STATUS = 403;

/** Returns the headers of a request that opens a socket, for {@link ObjectSockets.purposeOf}. */
export function upgradeHeaders(purpose: SocketPurpose): Record<string, string> {
  // Headers are ASCII, and JSON can escape every other character.
  const text = JSON.stringify(purpose).replace(/[^\x20-\x7e]/g, escaped);
  return { Upgrade: 'websocket', [CONNECTION_HEADER]: text };
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Adapts a hibernating WebSocket to the core's interface. */
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
      // Without its attachment, the socket would miss changes after the next hibernation, so close it instead.
      this.close(1011, 'this socket has too much to remember; resume by cursor');
    }
  }
}

/**
 * Answers a client's close, which the platform does not do for hibernating sockets, while the client waits for it. The
 * codes 1005 and 1006, which mean "no code", must not be sent and are answered without one.
 */
export function answerClose(socket: WebSocket, code: number): void {
  quietly(() => (code === 1005 || code === 1006 ? socket.close() : socket.close(code)));
}

/** Ignores an error because the peer has already gone: its close event follows and is handled. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // See above.
  }
}

/** The sockets of a Durable Object. They and the core's memory of them survive hibernation. */
export class ObjectSockets implements Connections {
  readonly #ctx: DurableObjectState;
  readonly #connections = new WeakMap<WebSocket, SocketConnection>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Returns the purpose of the socket that a request opens; undefined if it opens none. */
  purposeOf(request: Request): SocketPurpose | undefined {
    const purpose = request.headers.get(CONNECTION_HEADER);
    if (purpose === null || request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') return undefined;
    return JSON.parse(purpose) as SocketPurpose; // `as`: only our own Worker reaches an object, and wrote it
  }

  /** Accepts a socket. Returns the core's connection and the client's end. */
  accept(purpose: SocketPurpose): { connection: Connection; client: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    const connection = new SocketConnection(server, newMemory(purpose, Date.now()));
    this.#connections.set(server, connection);
    this.#ctx.acceptWebSocket(server);
    connection.remember();
    return { connection, client };
  }

  /** Returns the connection of a socket that the platform passes in. */
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
