import {
  FRAME_PENDING_OVERHEAD_BYTES,
  FRAMES_PER_TURN_BYTES,
  NAMESPACE_ANSWERS_WAITING_MAX_BYTES,
  NAMESPACE_FRAMES_PENDING_MAX_BYTES,
  SOCKET_ANSWERS_WAITING_MAX_BYTES,
  SOCKET_FRAMES_PENDING_MAX_BYTES,
} from '../../../model/limits';
import type { Connection } from '../../platform/connection';

/** A frame that has arrived. */
interface Pending {
  size: number;
  handle: () => Promise<void>;
  /** Resolves what {@link FrameQueue.add} returned. */
  done: () => void;
}

/** Frames of one connection that have arrived but are not handled yet. */
interface Line {
  waiting: Pending[];
  /** Total size of waiting frames and of frames being handled. */
  size: number;
  /** Total size of answers that are made and not sent yet. */
  answers: number;
}

/**
 * Schedules the frames of all connections round robin. After 64 KiB it yields one turn of the event loop to the rest of the
 * process, as all namespaces share one thread.
 *
 * A frame counts until it is handled, not just until it begins: a hibernating socket accepts everything that arrives, so
 * only these limits bound it.
 */
export class FrameQueue {
  readonly #nextTurn: () => Promise<void>;
  readonly #mayBegin: (connection: Connection) => boolean;
  /** Connections with frames that wait or are being handled; the next turn goes to the first that may begin. */
  readonly #lines = new Map<Connection, Line>();
  #size = 0;
  #answers = 0;
  #spentInTurn = 0;
  #isRunning = false;

  /**
   * @param nextTurn Resolves when the event loop has delivered everything that arrived.
   * @param mayBegin Returns false for a connection whose frames are held back. Call {@link goOn} when that may have changed.
   */
  constructor(nextTurn: () => Promise<void>, mayBegin: (connection: Connection) => boolean) {
    this.#nextTurn = nextTurn;
    this.#mayBegin = mayBegin;
  }

  /**
   * Queues a frame, to be handled after earlier frames of its connection.
   *
   * @returns A promise that resolves when it is handled or dropped; undefined if too much is already pending.
   */
  add(connection: Connection, length: number, handle: () => Promise<void>): Promise<void> | undefined {
    const size = length + FRAME_PENDING_OVERHEAD_BYTES;
    const line = this.#lines.get(connection) ?? { waiting: [], size: 0, answers: 0 };
    if (line.size + size > SOCKET_FRAMES_PENDING_MAX_BYTES) return undefined;
    if (this.#size + size > NAMESPACE_FRAMES_PENDING_MAX_BYTES) return undefined;
    this.#lines.set(connection, line);
    line.size += size;
    this.#size += size;
    return new Promise((done) => {
      line.waiting.push({ size, handle, done });
      this.goOn();
    });
  }

  /**
   * Counts the answer to a frame that is being handled, from when it is made until it is sent: in between it waits for the
   * disk, in memory, and a short frame may ask for megabytes.
   *
   * @returns Call it when the answer is sent or dropped.
   */
  holdAnswer(connection: Connection, size: number): () => void {
    const line = this.#lines.get(connection);
    const add = (more: number) => {
      this.#answers += more;
      if (line !== undefined) line.answers += more;
    };
    this.spend(size);
    add(size);
    return () => {
      add(-size);
      this.goOn();
    };
  }

  /** Counts work that a frame caused, such as an answer, against the current turn. */
  spend(bytes: number): void {
    this.#spentInTurn += bytes;
  }

  /** Begins the frames that may begin. */
  goOn(): void {
    if (!this.#isRunning) void this.#run();
  }

  /** Drops the frames of a connection that have not begun. */
  drop(connection: Connection): void {
    const line = this.#lines.get(connection);
    for (const { size, done } of line?.waiting.splice(0) ?? []) {
      this.#release(connection, size);
      done();
    }
  }

  /** Resolves when the waiting frames of a connection have begun; undefined if none is waiting. */
  begun(connection: Connection): Promise<void> | undefined {
    const line = this.#lines.get(connection);
    if (line === undefined || line.waiting.length === 0) return undefined;
    return new Promise((done) => {
      line.waiting.push({ size: 0, handle: async () => {}, done });
      this.goOn();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { connection, pending } = next;
      this.#spentInTurn += pending.size;
      void pending.handle().finally(() => {
        this.#release(connection, pending.size);
        pending.done();
      });
      if (this.#spentInTurn < FRAMES_PER_TURN_BYTES) continue;
      // Frames that arrive meanwhile also wait for the end of the turn, even if they arrive one at a time.
      this.#spentInTurn = 0;
      await this.#nextTurn();
    }
    this.#isRunning = false;
  }

  /** Takes the next frame, and moves its connection to the end of the order. */
  #next(): { connection: Connection; pending: Pending } | undefined {
    if (this.#answers > NAMESPACE_ANSWERS_WAITING_MAX_BYTES) return undefined;
    for (const [connection, line] of this.#lines) {
      if (line.waiting.length === 0 || line.answers > SOCKET_ANSWERS_WAITING_MAX_BYTES) continue;
      if (!this.#mayBegin(connection)) continue;
      const pending = line.waiting.shift();
      this.#lines.delete(connection);
      this.#lines.set(connection, line);
      if (pending !== undefined) return { connection, pending };
    }
    return undefined;
  }

  #release(connection: Connection, size: number): void {
    this.#size -= size;
    const line = this.#lines.get(connection);
    if (line === undefined) return;
    line.size -= size;
    if (line.size === 0 && line.waiting.length === 0) this.#lines.delete(connection);
  }
}
