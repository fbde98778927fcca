import {
  CACHED_AGE_ROUNDING_MS,
  CACHED_HOLD_STEP_MS,
  POLLER_LINGER_MS,
  POLLS_HOLD_STEP_MS,
  WAIT_MAX_MS,
} from '../../../model/limits';
import type { UnknownReaders } from '../../../model/subscriber';
import { readProperty, writeProperty } from '../../storage/schema';
import type { SqlStorage } from '../../storage/sql-storage';
import { plainReadsCountUntil } from '../records/catalog-entries';

const PROPERTY = 'reader-holds';

/** Bounds on how long readers of the namespace may use an old answer. Times are on the namespace's axis. */
interface Holds {
  /** Time until which a cached copy may be served. */
  cachedUntil: number;
  /** Longest time for which a cached copy may be served after it was handed out. */
  cachedForMs: number;
  /** Time until which a pending poll may last, or its poller may come back. */
  pollsUntil: number;
}

/**
 * Bounds how long readers may use an old answer, in a form that survives a loss of memory. While the registry is awake it
 * counts its readers exactly, service by service; after a wake it knows only these bounds.
 *
 * One row holds them. It is written ahead, so that a stream of cached reads writes it about once a minute, and a stream of
 * polls once an hour. A read that needs it to be written is answered once it is durable.
 */
export class ReaderHolds {
  readonly #storage: SqlStorage;
  readonly #offer: (write: () => void) => boolean;
  #kept: Holds;
  /** False after a change that could not be stored. The next reader triggers a retry. */
  #isWritten = true;
  #sharedUntil = 0;
  /** Time until which readers of each kind from before this wake may exist. */
  readonly #unknownUntil: Record<UnknownReaders, number>;

  /**
   * @param offer Queues a write for the next commit group; returns false while nothing can be stored.
   * @param woken Time at which the registry woke, on the namespace's axis; `isNew` if it has never held anything, and so
   *   has no earlier readers; and how long pollers stay live.
   */
  constructor(
    storage: SqlStorage,
    offer: (write: () => void) => boolean,
    { now, isNew, pollerLingerMs }: { now: number; isNew: boolean; pollerLingerMs: number },
  ) {
    this.#storage = storage;
    this.#offer = offer;
    this.#kept = readHolds(storage);
    const { cachedUntil, cachedForMs, pollsUntil } = this.#kept;
    this.#unknownUntil = {
      cached: Math.min(cachedUntil, now + cachedForMs),
      plain: isNew ? 0 : plainReadsCountUntil(now),
      // A poller that was live at the wake polls again within this time, and is known from then on.
      poll: Math.min(pollsUntil, now + pollerLingerMs),
    };
  }

  /** Records an answer that may be served from a cache for `keepForMs`. */
  noteCached(now: number, keepForMs: number): void {
    const { cachedUntil, cachedForMs } = this.#kept;
    if (now + keepForMs <= cachedUntil && keepForMs <= cachedForMs && this.#isWritten) return;
    const rounded = Math.ceil(keepForMs / CACHED_AGE_ROUNDING_MS) * CACHED_AGE_ROUNDING_MS;
    this.#keep({
      cachedUntil: Math.max(cachedUntil, now + keepForMs + CACHED_HOLD_STEP_MS),
      cachedForMs: cachedUntil <= now ? rounded : Math.max(cachedForMs, rounded),
    });
  }

  /** Records that readers of the whole namespace may use its state at `now` for `keepForMs`. */
  noteShared(now: number, keepForMs: number): void {
    this.#sharedUntil = Math.max(this.#sharedUntil, now + keepForMs);
  }

  /**
   * Time until which readers may use shared copies from before now, on the namespace's axis. It is not stored: after a wake
   * these readers count as the pollers of {@link unknownAt}, which are waited for longer.
   */
  get sharedUntil(): number {
    return this.#sharedUntil;
  }

  /** Records a read of a poller, which may wait as long as any call may, and stays live for a while after that. */
  notePoll(now: number): void {
    const until = now + WAIT_MAX_MS + POLLER_LINGER_MS;
    if (until > this.#kept.pollsUntil || !this.#isWritten) this.#keep({ pollsUntil: until + POLLS_HOLD_STEP_MS });
  }

  /** Returns the kinds of reader that may exist without the registry knowing, and how long they may use an old answer. */
  unknownAt(now: number): { kinds: UnknownReaders[]; safeAfterMs: number } {
    const { cached, plain, poll } = this.#unknownUntil;
    const kinds: UnknownReaders[] = [];
    if (cached > now) kinds.push('cached');
    if (plain > now) kinds.push('plain');
    if (poll > now) kinds.push('poll');
    return { kinds, safeAfterMs: Math.max(0, cached - now, poll - now) };
  }

  #keep(changed: Partial<Holds>): void {
    this.#kept = { ...this.#kept, ...changed };
    const text = JSON.stringify(this.#kept);
    this.#isWritten = this.#offer(() => writeProperty(this.#storage, PROPERTY, text));
  }
}

function readHolds(storage: SqlStorage): Holds {
  const none: Holds = { cachedUntil: 0, cachedForMs: 0, pollsUntil: 0 };
  const text = readProperty(storage, PROPERTY);
  // `as`: only this file writes it; a later version may add members.
  return text === undefined ? none : { ...none, ...(JSON.parse(text) as Partial<Holds>) };
}
