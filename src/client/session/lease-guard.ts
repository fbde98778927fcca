import type { Time } from '../wire/time';

/** Longest delay of a timer; runtimes fire at once after a longer one. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** A promise and its resolver. Node 20 has no `Promise.withResolvers`. */
interface Loss {
  promise: Promise<void>;
  resolve: () => void;
}

function nextLoss(): Loss {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/**
 * Tracks whether a lease is still held. It is held for its time to live, counted by the clock of this process from when
 * the last confirmed renewal was sent: the registry cannot have counted from an earlier time.
 */
export class LeaseGuard {
  readonly #time: Time;
  readonly #onLost: () => void;
  #lost: Loss = nextLoss();
  #endsAt: number | undefined;
  #cancel: (() => void) | undefined;

  /** @param onLost Called each time the lease is lost. */
  constructor(time: Time, onLost: () => void) {
    this.#time = time;
    this.#onLost = onLost;
  }

  get isHeld(): boolean {
    return this.#endsAt !== undefined && this.#time.now() < this.#endsAt;
  }

  /** Resolves when the current lease, or the next one, must be considered lost. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /**
   * Records that the registry has confirmed the lease.
   *
   * @param sentAt Time when the request was sent, on the clock of {@link Time.now}.
   */
  renewed(sentAt: number, ttlMs: number): void {
    const endsAt = sentAt + ttlMs;
    if (endsAt <= this.#time.now() || endsAt <= (this.#endsAt ?? 0)) return;
    this.#endsAt = endsAt;
    this.#cancel?.();
    this.#wait(endsAt);
  }

  /** Records that the lease is lost. */
  markLost(): void {
    if (this.#endsAt === undefined) return;
    this.stop();
    const { resolve } = this.#lost;
    this.#lost = nextLoss();
    resolve();
    this.#onLost();
  }

  /** Stops tracking; the lease does not count as lost. */
  stop(): void {
    this.#cancel?.();
    this.#endsAt = undefined;
  }

  /** Checks the lease again when its timer fires, as a timer may fire early by our clock. */
  #check(): void {
    if (!this.isHeld) this.markLost();
    else this.#wait(this.#endsAt ?? 0);
  }

  #wait(endsAt: number): void {
    // The time may pass between a comparison and this line, and timers warn of negative delays.
    const ms = Math.min(Math.max(0, endsAt - this.#time.now()), TIMER_MAX_MS);
    this.#cancel = this.#time.after(ms, () => this.#check());
  }
}
