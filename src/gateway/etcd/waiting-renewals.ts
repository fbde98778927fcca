/** Time between two calls with renewals of the same owner. A lone one is passed on at once. */
const BATCH_INTERVAL_MS = 250;

/** Renewals of one call. */
const BATCH_MAX_COUNT = 1_000;

/** Response to a keepalive; undefined if there is no such lease. */
export type Keepalive = { remainingMs: number | null } | undefined;

/** A renewal that waits for its call. */
export interface WaitingRenewal {
  heardAt: number;
  /** True if the gateway keeps the lease already, for the same owner. */
  isKept: boolean;
  callers: { resolve(answer: Keepalive): void; reject(error: unknown): void }[];
}

/** Renewals of one call, by lease. */
export type RenewalBatch = ReadonlyMap<string, WaitingRenewal>;

interface OwnerQueue {
  waiting: Map<string, WaitingRenewal>;
  takenAt: number;
  isTaken: boolean;
}

/**
 * The renewals that a gateway has not passed on yet, by owner. Each owner has one call at a time, and at most four in a second,
 * so that batches grow with the load.
 */
export class WaitingRenewals {
  readonly #queues = new Map<string, OwnerQueue>();

  /** Owners with renewals that wait. */
  owners(): string[] {
    return [...this.#queues.keys()];
  }

  /** Adds a renewal. Repeated ones of a lease become one. */
  put(owner: string, lease: string, added: WaitingRenewal): void {
    const queue = this.#queues.get(owner) ?? {
      waiting: new Map<string, WaitingRenewal>(),
      takenAt: Number.NEGATIVE_INFINITY,
      isTaken: false,
    };
    this.#queues.set(owner, queue);
    const waiting = queue.waiting.get(lease);
    if (waiting === undefined) {
      queue.waiting.set(lease, added);
      return;
    }
    waiting.heardAt = Math.max(waiting.heardAt, added.heardAt);
    waiting.callers.push(...added.callers);
  }

  /** Takes the renewals of the next call of an owner; undefined if it is too early for it. {@link done} permits the next. */
  take(owner: string, now: number): RenewalBatch | undefined {
    const queue = this.#queues.get(owner);
    if (queue === undefined || queue.isTaken) return undefined;
    const { waiting } = queue;
    if (queue.takenAt + BATCH_INTERVAL_MS > now && waiting.size < BATCH_MAX_COUNT) return undefined;
    if (waiting.size === 0) {
      this.#queues.delete(owner);
      return undefined;
    }
    queue.takenAt = now;
    queue.isTaken = true;
    const batch = new Map([...waiting].slice(0, BATCH_MAX_COUNT));
    for (const lease of batch.keys()) waiting.delete(lease);
    return batch;
  }

  /** Records that the call of an owner has ended. */
  done(owner: string): void {
    const queue = this.#queues.get(owner);
    if (queue !== undefined) queue.isTaken = false;
  }

  /** Rejects all callers. What the gateway has heard of leases that it keeps still waits. */
  rejectAll(error: unknown): void {
    for (const { waiting } of this.#queues.values()) {
      for (const [lease, { isKept, callers }] of waiting) {
        for (const { reject } of callers.splice(0)) reject(error);
        if (!isKept) waiting.delete(lease);
      }
    }
  }
}
