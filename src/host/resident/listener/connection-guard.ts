import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  ACCEPT_CHECK_INTERVAL_MS,
  BODY_PER_SECOND_MIN_BYTES,
  BODY_WAIT_MAX_MS,
  CONNECTION_CHECK_INTERVAL_MS,
  IDLE_CONNECTION_MAX_MS,
  OUTPUT_PER_SECOND_MIN_BYTES,
  REQUEST_HEADERS_MAX_MS,
  STREAMED_BODY_WAIT_MAX_MS,
  TLS_HANDSHAKE_MAX_MS,
  UNREAD_BODY_MAX_MS,
  UNREAD_OUTPUT_MAX_MS,
  UNREAD_OUTPUT_STRETCH_COUNT,
} from '../../../model/limits';

/** Deadlines of a listener, in milliseconds. Tests set shorter ones. */
export const DEADLINES = {
  headersMs: REQUEST_HEADERS_MAX_MS,
  handshakeMs: TLS_HANDSHAKE_MAX_MS,
  idleMs: IDLE_CONNECTION_MAX_MS,
  bodyMs: BODY_WAIT_MAX_MS,
  streamedBodyMs: STREAMED_BODY_WAIT_MAX_MS,
  unreadBodyMs: UNREAD_BODY_MAX_MS,
  unreadOutputMs: UNREAD_OUTPUT_MAX_MS,
  checkMs: CONNECTION_CHECK_INTERVAL_MS,
  acceptCheckMs: ACCEPT_CHECK_INTERVAL_MS,
};
export type Deadlines = typeof DEADLINES;

/** A wait for bytes of a body. */
export interface BodyWait {
  /** Start of the wait, in milliseconds of the guard's clock. Set by the guard. */
  since: number;
  /** Time spent in earlier waits for the same body. */
  readonly waitedMs: number;
  readonly maxMs: number;
  /** Number of bytes received so far. */
  readonly bytes: number;
  /** Called if the bytes do not arrive in time. */
  tooSlow(): void;
}

/** State of one connection at the last check. */
interface Connection {
  /** Bytes written to the socket in total, and the part of them still in its buffer. */
  written: number;
  waiting: number;
  /** Time of the last progress in reading by the client, in milliseconds of the guard's clock. */
  since: number;
  /** The response that may still be under way. */
  answer: ServerResponse | undefined;
  /** True if the idle deadline applies: after the first request, and not to a WebSocket. */
  mayIdle: boolean;
  /** Bytes received in total, and the time since which none came and no response was under way. */
  read: number;
  quietSince: number;
}

/**
 * Disconnects clients that read or send too slowly or stay idle for too long. One pass checks all connections, because a
 * timer for each response and each body would cost more than answering a heartbeat.
 *
 * Neither Deno nor TLS reports how much of a single write the client has taken. A client is therefore disconnected if it
 * takes nothing for as long as all waiting bytes would need at the minimum rate.
 */
export class ConnectionGuard {
  readonly deadlines: Deadlines;
  /** Value of the `Keep-Alive` header. Its timeout is slightly below the real one, so that clients reconnect in time. */
  readonly keepAlive: string;
  readonly #connections = new Map<Socket, Connection>();
  readonly #bodies = new Set<BodyWait>();
  readonly #timer: NodeJS.Timeout;
  #clock = 0;
  #checkedAt = performance.now();

  constructor(deadlines: Deadlines) {
    this.deadlines = deadlines;
    this.keepAlive = `timeout=${Math.max(1, Math.floor(deadlines.idleMs / 1_000) - 1)}`;
    this.#timer = setInterval(() => this.#pass(), deadlines.checkMs);
    this.#timer.unref();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Adds a connection, until it closes. */
  watch(socket: Socket): void {
    const since = this.#clock;
    const output = { written: 0, waiting: 0, since };
    this.#connections.set(socket, { ...output, answer: undefined, mayIdle: false, read: 0, quietSince: since });
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** Registers the response under way on a connection. The connection is idle once the response is written. */
  answers(socket: Socket, answer: ServerResponse): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.answer = answer;
    connection.mayIdle = true;
  }

  /** Exempts a connection from the idle deadline, since it becomes a WebSocket. */
  upgraded(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) connection.mayIdle = false;
  }

  /** Discards the rest of an unread body. Closes its connection if that takes too long. */
  discardBody(message: IncomingMessage): void {
    const tooSlow = () => message.socket.destroy();
    const wait = { since: 0, waitedMs: 0, bytes: 0, maxMs: this.deadlines.unreadBodyMs, tooSlow };
    this.awaitBody(wait);
    message.on('error', () => {});
    message.once('close', () => this.endBody(wait));
    message.resume();
  }

  /** Starts a wait for bytes of a body. {@link endBody} ends it. */
  awaitBody(wait: BodyWait): void {
    wait.since = this.#clock;
    this.#bodies.add(wait);
  }

  /** Ends a wait and returns its length in milliseconds. */
  endBody(wait: BodyWait): number {
    this.#bodies.delete(wait);
    return this.#clock - wait.since;
  }

  /** Disconnects all clients. */
  destroyAll(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Checks all connections and waits. The guard's clock leaves out the time during which the process did not run. */
  #pass(): void {
    const now = performance.now();
    this.#clock += Math.min(now - this.#checkedAt, 2 * this.deadlines.checkMs);
    this.#checkedAt = now;
    for (const [socket, connection] of this.#connections) {
      this.#checkOutput(socket, connection);
      this.#checkIdle(socket, connection);
    }
    for (const wait of this.#bodies) {
      const allowedMs = wait.maxMs + (wait.bytes / BODY_PER_SECOND_MIN_BYTES) * 1_000;
      if (wait.waitedMs + this.#clock - wait.since <= allowedMs) continue;
      this.#bodies.delete(wait);
      wait.tooSlow();
    }
  }

  #checkOutput(socket: Socket, connection: Connection): void {
    const waiting = socket.writableLength;
    // Progress is measured on bytes that left the buffer, so that a new write does not count as progress.
    const taken = socket.bytesWritten - waiting;
    if (waiting === 0 || taken !== connection.written - connection.waiting || connection.waiting === 0)
      connection.since = this.#clock;
    connection.written = socket.bytesWritten;
    connection.waiting = waiting;
    if (waiting === 0) return;
    const { unreadOutputMs } = this.deadlines;
    const atSlowestMs = unreadOutputMs + (waiting / OUTPUT_PER_SECOND_MIN_BYTES) * 1_000;
    const allowedMs = Math.min(atSlowestMs, UNREAD_OUTPUT_STRETCH_COUNT * unreadOutputMs);
    if (this.#clock - connection.since > allowedMs) socket.destroy();
  }

  #checkIdle(socket: Socket, connection: Connection): void {
    const { answer } = connection;
    if (answer?.writableFinished === true || answer?.destroyed === true) connection.answer = undefined;
    if (!connection.mayIdle || connection.answer !== undefined || socket.bytesRead !== connection.read) {
      connection.read = socket.bytesRead;
      connection.quietSince = this.#clock;
    } else if (this.#clock - connection.quietSince > this.deadlines.idleMs) socket.destroy();
  }
}
