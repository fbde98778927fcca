import type { Socket } from 'node:net';
import {
  BODY_PER_SECOND_MIN_BYTES,
  CONNECTION_CHECK_INTERVAL_MS,
  OUTPUT_PER_SECOND_MIN_BYTES,
  UNREAD_OUTPUT_MAX_MS,
} from '../../../model/limits';

/** A wait for bytes of a body. */
interface BodyWait {
  /** In milliseconds of the guard's clock. */
  readonly since: number;
  /** Waited already, before this piece. */
  readonly waitedMs: number;
  readonly maxMs: number;
  /** Received so far. */
  readonly bytes: number;
  readonly tooSlow: () => void;
}

/** State of one connection's output at the last check. */
interface Output {
  /** Bytes handed over in all, and of these the ones that wait. */
  written: number;
  waiting: number;
  /** Since when nothing was taken, in milliseconds of the guard's clock. */
  since: number;
}

/**
 * Bounds what every connection may keep waiting, in one pass over all of them: a timer for each answer and each body
 * would cost more than answering a heartbeat does.
 *
 * Neither Deno nor TLS tells how much of one write a client has taken. So a client may take as long as the slowest rate
 * allows for what waits, and is disconnected when by then nothing of it was taken.
 */
export class ConnectionGuard {
  readonly #outputs = new Map<Socket, Output>();
  readonly #bodies = new Set<BodyWait>();
  readonly #timer: NodeJS.Timeout;
  #clock = 0;
  #checkedAt = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#pass(), CONNECTION_CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  get connections(): number {
    return this.#outputs.size;
  }

  /** Watches the output of a connection until it closes. */
  watch(socket: Socket): void {
    this.#outputs.set(socket, { written: 0, waiting: 0, since: this.#clock });
    socket.once('close', () => this.#outputs.delete(socket));
  }

  /**
   * Bounds a wait for bytes of a body.
   *
   * @param tooSlow Called when they did not come in time.
   * @returns Ends the wait, and tells how long it took in milliseconds.
   */
  awaitBody(wait: Omit<BodyWait, 'since'>): () => number {
    const waiting: BodyWait = { ...wait, since: this.#clock };
    this.#bodies.add(waiting);
    return () => {
      this.#bodies.delete(waiting);
      return this.#clock - waiting.since;
    };
  }

  /** Disconnects everybody. */
  destroyAll(): void {
    for (const socket of this.#outputs.keys()) socket.destroy();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Checks all connections. The time that the process did not run is not held against its clients. */
  #pass(): void {
    const now = performance.now();
    this.#clock += Math.min(now - this.#checkedAt, 2 * CONNECTION_CHECK_INTERVAL_MS);
    this.#checkedAt = now;
    for (const [socket, output] of this.#outputs) this.#checkOutput(socket, output);
    for (const wait of this.#bodies) {
      const allowedMs = wait.maxMs + (wait.bytes / BODY_PER_SECOND_MIN_BYTES) * 1_000;
      if (wait.waitedMs + this.#clock - wait.since <= allowedMs) continue;
      this.#bodies.delete(wait);
      wait.tooSlow();
    }
  }

  #checkOutput(socket: Socket, output: Output): void {
    const waiting = socket.writableLength;
    // What was handed over and waits no more was taken; a write that is added takes nothing.
    const taken = socket.bytesWritten - waiting;
    if (waiting === 0 || taken !== output.written - output.waiting || output.waiting === 0) output.since = this.#clock;
    output.written = socket.bytesWritten;
    output.waiting = waiting;
    if (waiting === 0) return;
    const allowedMs = UNREAD_OUTPUT_MAX_MS + (waiting / OUTPUT_PER_SECOND_MIN_BYTES) * 1_000;
    if (this.#clock - output.since > allowedMs) socket.destroy();
  }
}
