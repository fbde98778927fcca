import {
  ATTENDED_TTLS_MAX_COUNT,
  ATTENTION_HASTE_MS,
  ATTENTION_HOLD_MAX_MS,
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  ATTENTION_STRETCH_MIN_MS,
  CLOCK_JUMP_MIN_MS,
  LEASE_SLACK_MS,
  RENEWAL_RETRY_MAX_MS,
} from '../../model/limits';

/** Clocks of a process, in milliseconds. */
export interface ProcessClocks {
  /** Never goes back. */
  monotonic(): number;
  wall(): number;
}

/** When the client of a lease was heard, and how near its lease is to its end. */
interface Hearing {
  heardAt: number;
  /** Start of its time to live: later than `heardAt` if its client could not be answered then. */
  countsFrom: number;
  /** Attention when it was found near its limit; undefined if it was not since then. */
  askedAt: number | undefined;
}

interface Heard extends Hearing {
  readonly ttlMs: number;
  /** State before the keepalives that the registry has not acknowledged; undefined if it has acknowledged all. */
  confirmed: Hearing | undefined;
}

/**
 * Decides which clients of this process are dead, by the rule by which the registry ends leases: a process that was frozen has
 * not heard its clients. A lease near its limit is first asked. It lapses in a later pass, once the process has listened for a
 * whole time to live without a gap, or for two in pieces.
 *
 * Source: design/decisions/0019-attention.md, which the registry implements in `src/core/namespace/records/lease-table.ts`.
 */
export class HeardLeases {
  readonly #clocks: ProcessClocks;
  readonly #leases = new Map<string, Heard>();
  /** Start of the latest stretch without a gap, and the attention before it. */
  #since: number;
  #attendedMs = 0;
  #lastPass: number;
  #lastWall: number;
  #heldUntil = Number.NEGATIVE_INFINITY;
  /** Lower bound of the times at which there is anything to decide. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(clocks: ProcessClocks) {
    this.#clocks = clocks;
    this.#lastPass = clocks.monotonic();
    this.#lastWall = clocks.wall();
    this.#since = this.#lastPass;
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Adds a lease, or replaces it. Its client has just been heard. */
  add(name: string, ttlMs: number): void {
    const lease = { ttlMs, ...heardNow(this.#clocks.monotonic()), confirmed: undefined };
    this.#leases.set(name, lease);
    this.#earliest = Math.min(this.#earliest, this.#endsAt(lease));
  }

  remove(name: string): void {
    this.#leases.delete(name);
  }

  /** Returns when the client of a lease was heard; undefined for an unknown lease. */
  heardAt(name: string): number | undefined {
    return this.#leases.get(name)?.heardAt;
  }

  /** Records that the client of a lease was heard. {@link confirm} or {@link refute} follow. */
  hear(name: string): void {
    const lease = this.#leases.get(name);
    if (lease === undefined) return;
    const { heardAt, countsFrom, askedAt } = lease;
    lease.confirmed ??= { heardAt, countsFrom, askedAt };
    this.#set(lease, heardNow(this.#clocks.monotonic()));
  }

  /** Records that the registry has acknowledged what was heard then. */
  confirm(name: string, heardAt: number): void {
    const lease = this.#leases.get(name);
    if (lease === undefined) return;
    if (lease.heardAt > heardAt) lease.confirmed = heardNow(heardAt);
    else {
      // It may have been spared since.
      this.#set(lease, { ...heardNow(heardAt), countsFrom: Math.max(lease.countsFrom, heardAt) });
      lease.confirmed = undefined;
    }
  }

  /** Records that the registry has refused what was heard: it keeps no lease alive. */
  refute(name: string): void {
    const lease = this.#leases.get(name);
    if (lease?.confirmed === undefined) return;
    this.#set(lease, lease.confirmed);
    lease.confirmed = undefined;
  }

  /** Gives a lease its time to live from now on, though its client was not heard. */
  spare(name: string): void {
    const lease = this.#leases.get(name);
    if (lease === undefined) return;
    this.#set(lease, { heardAt: lease.heardAt, countsFrom: this.#clocks.monotonic(), askedAt: undefined });
    lease.confirmed = undefined;
  }

  #set(lease: Heard, hearing: Hearing): void {
    Object.assign(lease, hearing);
    this.#earliest = Math.min(this.#earliest, this.#endsAt(lease));
  }

  /**
   * Records that this process runs. Call it in each tick, and before a client counts as heard. Returns true after a gap, in
   * which nothing was heard.
   */
  pass(): boolean {
    const [now, wall] = [this.#clocks.monotonic(), this.#clocks.wall()];
    const pausedMs = now - this.#lastPass - ATTENTION_PASS_MS;
    // Some systems stop the monotonic clock while they sleep.
    const hasJumped = Math.abs(wall - this.#lastWall - (now - this.#lastPass)) >= CLOCK_JUMP_MIN_MS;
    const isGap = hasJumped || pausedMs >= ATTENTION_LATE_MS;
    if (isGap) this.gap();
    else if (pausedMs > ATTENTION_HASTE_MS) this.#heldUntil = now + LEASE_SLACK_MS;
    this.#lastPass = now;
    this.#lastWall = wall;
    return isGap;
  }

  /** Records that clients may not have been heard since the last pass. */
  gap(): void {
    const now = this.#clocks.monotonic();
    this.#attendedMs += Math.max(0, this.#lastPass - this.#since);
    this.#since = now;
    this.#lastPass = now;
  }

  /** Returns the leases whose clients are dead. They are returned again until they are removed or heard. */
  lapsed(): string[] {
    const now = this.#clocks.monotonic();
    if (now < this.#earliest) return [];
    const lapsed: string[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const [name, lease] of this.#leases) {
      let endsAt = this.#endsAt(lease);
      if (endsAt <= now && lease.askedAt === undefined) {
        lease.askedAt = this.#attendedMs + Math.max(0, now - this.#since);
        endsAt = this.#endsAt(lease);
      }
      if (endsAt <= now) lapsed.push(name);
      earliest = Math.min(earliest, endsAt);
    }
    this.#earliest = earliest;
    return lapsed;
  }

  /** Returns when a lease is asked, or lapses next. */
  #endsAt({ ttlMs, countsFrom, askedAt }: Heard): number {
    const limitAt = countsFrom + ttlMs + LEASE_SLACK_MS;
    const retryMs = Math.min(RENEWAL_RETRY_MAX_MS, ttlMs / 10);
    if (askedAt === undefined) return limitAt - retryMs;
    const dueAfter = (ms: number) => this.#since + askedAt + ms - this.#attendedMs;
    const heardInPiecesAt = Math.max(this.#since + ATTENTION_STRETCH_MIN_MS, dueAfter(ATTENDED_TTLS_MAX_COUNT * ttlMs));
    const endsAt = Math.max(
      limitAt,
      dueAfter(retryMs + LEASE_SLACK_MS),
      Math.min(this.#since + ttlMs + LEASE_SLACK_MS, heardInPiecesAt),
    );
    return Math.max(endsAt, Math.min(this.#heldUntil, endsAt + ATTENTION_HOLD_MAX_MS));
  }
}

/** Returns the state of a lease whose client is heard at a time. */
const heardNow = (time: number): Hearing => ({ heardAt: time, countsFrom: time, askedAt: undefined });
