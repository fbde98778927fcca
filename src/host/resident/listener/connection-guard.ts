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

/** Deadlines of a listener, in milliseconds; tests set shorter ones. */
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
  /** When it began, in milliseconds of the guard's clock: the guard sets it. */
  since: number;
  /** Waited already, before this piece. */
  readonly waitedMs: number;
  readonly maxMs: number;
  /** Received so far. */
  readonly bytes: number;
  /** Called when the bytes did not come in time. */
  tooSlow(): void;
}

/** State of one connection at the last check. */
interface Connection {
  /** Bytes handed over in all, and of these the ones that wait. */
  written: number;
  waiting: number;
  /** Since when nothing was taken, in milliseconds of the guard's clock. */
  since: number;
  /** The answer that may be under way. */
  answer: ServerResponse | undefined;
  /** False before the first answer, which has another deadline, and once it is a WebSocket. */
  mayIdle: boolean;
  /** Bytes received in all, and since when there were no more while nothing was answered. */
  read: number;
  quietSince: number;
}

/**
 * Bounds what every connection may keep waiting, in one pass over all of them: a timer for each answer and each body
 * would cost more than answering a heartbeat does.
 *
 * Neither Deno nor TLS tells how much of one write a client has taken. So a client may take as long as the slowest rate
 * allows for what waits, and is disconnected when by then nothing of it was taken.
 */
export class ConnectionGuard {
  readonly deadlines: Deadlines;
  /** What answers say of how long a connection may be idle: a little less than it is. */
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

  /** Watches a connection until it closes. */
  watch(socket: Socket): void {
    const since = this.#clock;
    const output = { written: 0, waiting: 0, since };
    this.#connections.set(socket, { ...output, answer: undefined, mayIdle: false, read: 0, quietSince: since });
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** Notes the answer that a connection waits for: it is idle once that has left. */
  answers(socket: Socket, answer: ServerResponse): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.answer = answer;
    connection.mayIdle = true;
  }

  /** Lets a connection be idle from now on: it is a WebSocket. */
  upgraded(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) connection.mayIdle = false;
  }

  /** Takes in the rest of a body that nobody reads; its connection ends where that takes too long. */
  discardBody(message: IncomingMessage): void {
    const tooSlow = () => message.socket.destroy();
    const wait = { since: 0, waitedMs: 0, bytes: 0, maxMs: this.deadlines.unreadBodyMs, tooSlow };
    this.awaitBody(wait);
    message.on('error', () => {});
    message.once('close', () => this.endBody(wait));
    message.resume();
  }

  /** Bounds a wait for bytes of a body, until it is ended. */
  awaitBody(wait: BodyWait): void {
    wait.since = this.#clock;
    this.#bodies.add(wait);
  }

  /** Ends a wait, and returns how long it took in milliseconds. */
  endBody(wait: BodyWait): number {
    this.#bodies.delete(wait);
    return this.#clock - wait.since;
  }

  /** Disconnects everybody. */
  destroyAll(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Checks all connections. The time that the process did not run is not held against its clients. */
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
    // What was handed over and waits no more was taken; a write that is added takes nothing.
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
