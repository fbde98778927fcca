import { RegistryError } from '../../model/errors';
import type { SqlStorage } from './sql-storage';

/** The write of one command, if not already written, and a callback for when it is durable. */
interface Entry {
  write: (() => void) | undefined;
  published: (() => void) | undefined;
}

/** The parts of a pipeline. */
export interface PipelineParts {
  storage: SqlStorage;
  /**
   * Resolves when the event loop has delivered everything that arrived. Absent on a host whose event loop runs while the
   * disk syncs: there a group gathers while the previous one is flushed.
   */
  nextTurn?: (() => Promise<void>) | undefined;
  /** Counts commit groups. */
  counters: { commitGroups: number };
  /** Returns why nothing can be stored at the moment; undefined if storing works. Absent on a host that doesn't know. */
  writeFault?: (() => string | undefined) | undefined;
  /**
   * Called once if a group can't be made durable: memory, and the result of any read of the storage, is then ahead of the
   * disk.
   */
  onFailure: (reason: unknown) => void;
}

/**
 * Makes changes durable, in order and in groups. While one group is being written to disk, later writes queue, and then
 * share one transaction. Sharing the sync gives three times the throughput of one commit per write.
 *
 * A host that can't receive requests while it syncs would never gather a group that way. After a shared group, the next
 * one therefore waits for one turn of the event loop, in which requests that are ready in the sockets arrive and join it.
 * A lone writer never waits (design/decisions/0007-a-turn-before-a-group.md).
 *
 * `writeNow` is for the directory, which keeps no state in memory: it writes at once, and becomes durable the same way.
 *
 * No response may leave the registry before {@link settled} has resolved: only then is it certain.
 */
export class CommitPipeline {
  readonly #storage: SqlStorage;
  readonly #nextTurn: (() => Promise<void>) | undefined;
  readonly #counters: { commitGroups: number };
  readonly #writeFault: () => string | undefined;
  readonly #onFailure: (reason: unknown) => void;
  #queue: Entry[] = [];
  /** Resolves when the group being written is durable and published. */
  #writing: Promise<void> | undefined;
  /** Resolves when that group is durable. The write of the next one begins before this one is published. */
  #flushing: Promise<void> = Promise.resolve();
  /** Resolves when the queue, as it is now, is durable. */
  #waiting: Promise<void> | undefined;
  #failed = false;
  #isClosed = false;
  /** True if the last group held the writes of more than one command: others are then likely to follow. */
  #lastWasShared = false;

  constructor({ storage, nextTurn, counters, writeFault, onFailure }: PipelineParts) {
    this.#storage = storage;
    this.#nextTurn = nextTurn;
    this.#counters = counters;
    this.#writeFault = writeFault ?? (() => undefined);
    this.#onFailure = onFailure;
  }

  /** Reason nothing can be stored at the moment; undefined if storing works. */
  get fault(): string | undefined {
    return this.#writeFault();
  }

  /**
   * Checks that changes can be stored. Call it before changing anything in memory that must be stored.
   *
   * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored.
   */
  assertStorable(): void {
    const { fault } = this;
    if (fault !== undefined) throw notStored(fault);
  }

  /**
   * Queues a best-effort write, or skips it while nothing can be stored. Returns whether it was queued.
   */
  offer(write: () => void): boolean {
    if (this.fault !== undefined) return false;
    this.enqueue(write);
    return true;
  }

  /**
   * Queues a write. All writes queued before the previous group is durable share one transaction.
   *
   * @param published Called once it is durable, in the order of the queue, before waiters resume.
   */
  enqueue(write: () => void, published?: () => void): void {
    this.#push({ write, published });
  }

  /**
   * Runs a step at once, in its own transaction, for a caller that keeps nothing in memory and must read its own writes. It
   * becomes durable with the queued writes.
   *
   * @throws {RegistryError} `UNAVAILABLE` if an earlier group could not be made durable, or nothing can be stored; else
   *   what `work` throws, and then nothing is written.
   */
  writeNow<Result>(work: () => Result): Result {
    if (this.#failed) throw outcomeUnknown();
    this.assertStorable();
    let result: Result | undefined;
    try {
      this.#storage.transaction(() => {
        result = work();
      });
    } catch (error) {
      // This write was the first to hit the fault.
      if (this.fault !== undefined) throw notStored(this.fault, error);
      throw error;
    }
    this.#push({ write: undefined, published: undefined });
    return result as Result; // `as`: a transaction that does not throw has run its work
  }

  #push(entry: Entry): void {
    this.#queue.push(entry);
    if (this.#waiting !== undefined) return;
    this.#waiting = this.#flushing.then(() =>
      this.#lastWasShared && this.#nextTurn !== undefined ? this.#nextTurn().then(() => this.#write()) : this.#write(),
    );
    // Waiters see a failure; without waiters it must not become an unhandled rejection.
    this.#waiting.catch(() => {});
  }

  /**
   * Resolves when everything queued so far is durable; undefined if it already is.
   *
   * @throws {RegistryError} `UNAVAILABLE` if it could not be made durable: the outcome is then unknown.
   */
  settled(): Promise<void> | undefined {
    if (this.#failed) throw outcomeUnknown();
    return this.#waiting ?? this.#writing;
  }

  /** Refuses further calls, writes what is queued, and writes nothing from then on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      await this.settled();
    } catch {
      // Nothing is left to do about a write that failed.
    }
    this.#failed = true;
  }

  /** True if a group could not be made durable: memory is then ahead of the disk. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async #write(): Promise<void> {
    const entries = this.#queue;
    const group = this.#waiting;
    this.#queue = [];
    this.#writing = group;
    this.#waiting = undefined;
    const flushed = Promise.withResolvers<void>();
    this.#flushing = flushed.promise;
    try {
      if (this.#failed) throw outcomeUnknown();
      const isWritten = entries.every(({ write }) => write === undefined);
      if (!isWritten) {
        this.#storage.transaction(() => {
          for (const { write } of entries) write?.();
        });
      }
      await this.#storage.sync();
    } catch (error) {
      if (!this.#failed) {
        this.#failed = true;
        this.#onFailure(error);
      }
      throw outcomeUnknown(error);
    } finally {
      this.#lastWasShared = entries.length > 1;
      flushed.resolve();
    }
    this.#counters.commitGroups += 1;
    // The disk is idle until the next group is written, so that starts first. Then this one is published.
    await undefined;
    for (const { published } of entries) published?.();
    if (this.#writing === group) this.#writing = undefined;
  }
}

/** Returns the error for a change while nothing can be stored. */
export function notStored(fault: string, cause?: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    `nothing can be stored: ${fault}; nothing was changed; retry once that is fixed`,
    { retryAfterSeconds: 5 },
    { cause },
  );
}

/** Returns the error for a change that may or may not have become durable. */
export function outcomeUnknown(cause?: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    'the change could not be confirmed as stored, so its outcome is unknown; read the current state before you retry',
    { retryAfterSeconds: 1 },
    { cause },
  );
}
