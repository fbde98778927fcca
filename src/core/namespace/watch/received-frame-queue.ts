import {
  FRAME_PENDING_OVERHEAD_BYTES,
  FRAMES_PER_TURN_BYTES,
  NAMESPACE_FRAMES_PENDING_MAX_BYTES,
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

/** Frames of one connection that have arrived and are not handled yet. */
interface Line {
  waiting: Pending[];
  /** Of those that wait and those that are being handled. */
  size: number;
}

/**
 * Hands out turns to the frames of all connections: one of each in turn, and after 64 KiB a turn of the event loop for
 * the rest of the process, which shares its thread with every other namespace.
 *
 * A frame counts until it is handled, and not only until it is begun: a hibernating socket takes in whatever arrives, so
 * these limits are all that bounds it.
 */
export class FrameQueue {
  readonly #nextTurn: () => Promise<void>;
  readonly #mayBegin: (connection: Connection) => boolean;
  /** Those with frames that wait or are being handled; the next turn goes to the first that may begin. */
  readonly #lines = new Map<Connection, Line>();
  #size = 0;
  #spentInTurn = 0;
  #isRunning = false;

  /**
   * @param nextTurn Resolves when the event loop has taken in what arrived.
   * @param mayBegin False for a connection whose frames are held back; {@link goOn} when that may have changed.
   */
  constructor(nextTurn: () => Promise<void>, mayBegin: (connection: Connection) => boolean) {
    this.#nextTurn = nextTurn;
    this.#mayBegin = mayBegin;
  }

  /**
   * Takes in a frame, to be handled after those of its connection that came before it.
   *
   * @returns Resolves when it is handled, or dropped; undefined where too much is pending already.
   */
  add(connection: Connection, length: number, handle: () => Promise<void>): Promise<void> | undefined {
    const size = length + FRAME_PENDING_OVERHEAD_BYTES;
    const line = this.#lines.get(connection) ?? { waiting: [], size: 0 };
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

  /** Counts work that a frame caused, such as an answer, against the turn that is under way. */
  spend(bytes: number): void {
    this.#spentInTurn += bytes;
  }

  /** Begins what may begin. */
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

  /** Resolves when the frames of a connection that wait now have begun; undefined where none waits. */
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
      // What arrives meanwhile waits for the end of the turn, too: one large frame after the other is no different.
      this.#spentInTurn = 0;
      await this.#nextTurn();
    }
    this.#isRunning = false;
  }

  /** The frame whose turn it is. Its connection goes to the end of the order. */
  #next(): { connection: Connection; pending: Pending } | undefined {
    for (const [connection, line] of this.#lines) {
      if (line.waiting.length === 0 || !this.#mayBegin(connection)) continue;
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
