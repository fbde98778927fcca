import type { Time } from '../wire/time';

/** A promise, and what resolves it. Node 20 has no `Promise.withResolvers`. */
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
 * Whether a lease can still be relied on: it can for its time to live after the last renewal that was answered was
 * sent, by the clock of this process alone. The registry cannot have counted from any earlier moment.
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

  /** Resolves when the lease that is held now, or the next one, has to be taken for lost. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /**
   * The registry has confirmed it.
   *
   * @param sentAt When it was asked to, on the clock of {@link Time.now}.
   */
  renewed(sentAt: number, ttlMs: number): void {
    const endsAt = sentAt + ttlMs;
    if (endsAt <= this.#time.now() || endsAt <= (this.#endsAt ?? 0)) return;
    this.#endsAt = endsAt;
    this.#cancel?.();
    this.#cancel = this.#time.after(endsAt - this.#time.now(), () => this.#check());
  }

  /** The registry has said that it is gone. */
  gone(): void {
    if (this.#endsAt === undefined) return;
    this.stop();
    const { resolve } = this.#lost;
    this.#lost = nextLoss();
    resolve();
    this.#onLost();
  }

  /** It is given up; nobody has lost anything. */
  stop(): void {
    this.#cancel?.();
    this.#endsAt = undefined;
  }

  /** A timer may come early by its clock, and late by ours. */
  #check(): void {
    if (!this.isHeld) this.gone();
    else this.#cancel = this.#time.after((this.#endsAt ?? 0) - this.#time.now(), () => this.#check());
  }
}
