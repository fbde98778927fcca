import { RegistryError } from '../../model/errors';
import type { SqlStorage } from './sql-storage';

/** The write of one command, unless it is written already, and what follows once that is durable. */
interface Entry {
  write: (() => void) | undefined;
  published: (() => void) | undefined;
}

/** The parts of a pipeline. */
export interface PipelineParts {
  storage: SqlStorage;
  /**
   * Resolves when the event loop has taken in what arrived. Absent on a host whose event loop goes on while the disk works: there a
   * group gathers while the one before is flushed.
   */
  nextTurn?: (() => Promise<void>) | undefined;
  /** Where groups are counted. */
  counters: { commitGroups: number };
  /** Says why nothing can be stored at the moment; undefined while it can be. Absent on a host that can't tell. */
  writeFault?: (() => string | undefined) | undefined;
  /** Called once if a group can't be made durable: what is in memory, or read from the storage, is then ahead of the disk. */
  onFailure: (reason: unknown) => void;
}

/**
 * Makes changes durable, in order and in groups: while one group is on its way to the disk, later writes queue, and go
 * together in one transaction. Sharing the sync this way is worth three times the writes of one commit each.
 *
 * A host that can't take in requests while it syncs would never gather a group that way. So after a group that was
 * shared, the next one waits for one turn of the event loop: what lies ready in the sockets comes in, and goes along.
 * A lone writer waits for nothing (design/decisions/0007-a-turn-before-a-group.md).
 *
 * Its `writeNow` is for the directory, whose state is the storage itself: written at once, made durable the same way.
 *
 * Nothing may leave the registry before {@link settled} has resolved: that is what makes an answer true.
 */
export class CommitPipeline {
  readonly #storage: SqlStorage;
  readonly #nextTurn: (() => Promise<void>) | undefined;
  readonly #counters: { commitGroups: number };
  readonly #writeFault: () => string | undefined;
  readonly #onFailure: (reason: unknown) => void;
  #queue: Entry[] = [];
  /** Resolves when the group that is being written is durable, and published. */
  #writing: Promise<void> | undefined;
  /** Resolves when that group is durable: the next one is on its way to the disk before this one is published. */
  #flushing: Promise<void> = Promise.resolve();
  /** Resolves when the queue, as it is now, is durable. */
  #waiting: Promise<void> | undefined;
  #failed = false;
  #isClosed = false;
  /** True if the last group held the writes of more than one command: then others are likely to be on their way. */
  #lastWasShared = false;

  constructor({ storage, nextTurn, counters, writeFault, onFailure }: PipelineParts) {
    this.#storage = storage;
    this.#nextTurn = nextTurn;
    this.#counters = counters;
    this.#writeFault = writeFault ?? (() => undefined);
    this.#onFailure = onFailure;
  }

  /** Why nothing can be stored at the moment; undefined while it can be. */
  get fault(): string | undefined {
    return this.#writeFault();
  }

  /**
   * Call before a change that has to be stored is made in memory.
   *
   * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored.
   */
  assertStorable(): void {
    const { fault } = this;
    if (fault !== undefined) throw notStored(fault);
  }

  /**
   * Queues a write that nobody is promised: it is left out while nothing can be stored. Returns whether it was queued.
   */
  offer(write: () => void): boolean {
    if (this.fault !== undefined) return false;
    this.enqueue(write);
    return true;
  }

  /**
   * Queues a write. All that is queued until the group before is durable goes in one transaction.
   *
   * @param published Called once it is durable, in the order of the queue, before waiters go on.
   */
  enqueue(write: () => void, published?: () => void): void {
    this.#push({ write, published });
  }

  /**
   * Runs a step in a transaction of its own, at once: for a caller that keeps nothing in memory, and so has to read what it
   * wrote. It is durable with what is queued.
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
      // The write that meets the fault first.
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
    // Waiters hear of a failure; a group without waiters must not become an unhandled rejection.
    this.#waiting.catch(() => {});
  }

  /**
   * Resolves when everything queued so far is durable; undefined where it is already.
   *
   * @throws {RegistryError} `UNAVAILABLE` if it could not be made durable: whether it happened is not known.
   */
  settled(): Promise<void> | undefined {
    if (this.#failed) throw outcomeUnknown();
    return this.#waiting ?? this.#writing;
  }

  /** Takes no more calls, writes what is queued, and from then on writes nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      await this.settled();
    } catch {
      // What could not be made durable is of no use any more.
    }
    this.#failed = true;
  }

  /** True if a group could not be made durable: what is in memory is ahead of the disk. */
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
    // The disk has nothing to do until the next group is written: that goes first, and then this one is published.
    await undefined;
    for (const { published } of entries) published?.();
    if (this.#writing === group) this.#writing = undefined;
  }
}

/** Returns the refusal of a change while nothing can be stored. */
export function notStored(fault: string, cause?: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    `nothing can be stored: ${fault}; so nothing was changed; try again once that is repaired`,
    { retryAfterSeconds: 5 },
    { cause },
  );
}

/** For a change that may have become durable, or not. */
export function outcomeUnknown(cause?: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    'the change could not be confirmed as stored; whether it happened is not known: read before you try again',
    { retryAfterSeconds: 1 },
    { cause },
  );
}
