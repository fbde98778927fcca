import { RegistryError } from '../../model/errors';
import type { SqlStorage } from './sql-storage';

/** What one command has to write, and to do once that is durable. */
interface Entry {
  write: () => void;
  published: (() => void) | undefined;
}

/**
 * Makes changes durable, in order and in groups: while one group is on its way to the disk, later writes queue, and go
 * together in one transaction. Sharing the sync this way is worth three times the writes of one commit each.
 *
 * A host that can't take in requests while it syncs would never gather a group that way. So after a group that was
 * shared, the next one waits for one turn of the event loop: what lies ready in the sockets comes in, and goes along.
 * A lone writer waits for nothing (design/decisions/0007-a-turn-before-a-group.md).
 *
 * Nothing may leave the registry before {@link settled} has resolved: that is what makes an answer true.
 */
export class CommitPipeline {
  readonly #storage: SqlStorage;
  readonly #nextTurn: () => Promise<void>;
  readonly #counters: { commitGroups: number };
  readonly #onFailure: (reason: unknown) => void;
  #queue: Entry[] = [];
  /** Resolves when the group that is being written is durable. */
  #writing: Promise<void> | undefined;
  /** Resolves when the queue, as it is now, is durable. */
  #waiting: Promise<void> | undefined;
  #failed = false;
  #isClosed = false;
  /** Whether the last group held the writes of more than one command: then others are likely to be on their way. */
  #lastWasShared = false;

  /**
   * @param nextTurn Resolves when the event loop has taken in what arrived.
   * @param counters Where groups are counted.
   * @param onFailure Called once if a group can't be made durable: what is in memory is then ahead of the disk.
   */
  constructor(
    storage: SqlStorage,
    nextTurn: () => Promise<void>,
    counters: { commitGroups: number },
    onFailure: (reason: unknown) => void,
  ) {
    this.#storage = storage;
    this.#nextTurn = nextTurn;
    this.#counters = counters;
    this.#onFailure = onFailure;
  }

  /**
   * Queues a write. All that is queued until the group before is durable goes in one transaction.
   *
   * @param published Called once it is durable, in the order of the queue, before anybody who waits goes on.
   */
  enqueue(write: () => void, published?: () => void): void {
    this.#queue.push({ write, published });
    if (this.#waiting !== undefined) return;
    const before = this.#writing ?? Promise.resolve();
    this.#waiting = before.then(() => (this.#lastWasShared ? this.#nextTurn() : undefined)).then(() => this.#write());
    // Whoever waits hears of a failure; a group that nobody waits for must not become an unhandled rejection.
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
    try {
      if (this.#failed) throw outcomeUnknown();
      this.#storage.transaction(() => {
        for (const { write } of entries) write();
      });
      await this.#storage.sync();
    } catch (error) {
      if (!this.#failed) {
        this.#failed = true;
        this.#onFailure(error);
      }
      throw outcomeUnknown(error);
    }
    this.#counters.commitGroups += 1;
    this.#lastWasShared = entries.length > 1;
    for (const { published } of entries) published?.();
    if (this.#writing === group) this.#writing = undefined;
  }
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
