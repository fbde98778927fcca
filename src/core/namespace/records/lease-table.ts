import {
  ATTENDED_TTLS_MAX_COUNT,
  ATTENTION_HOLD_MAX_MS,
  ATTENTION_STRETCH_MIN_MS,
  CHECKPOINT_LEASES_PER_ROW_COUNT,
  LEASE_SLACK_MS,
  RENEWAL_RETRY_MAX_MS,
} from '../../../model/limits';
import type { Attention } from '../time/attention';

/** Represents "never" in a column of 32 bits. */
const NEVER = 0xffff_ffff;

/** Represents a lease that has not been asked since it was renewed. */
const NOT_ASKED = 0;

/** Terms and state of a lease when it is granted. Times are on the namespace's axis, in milliseconds. */
export interface LeaseGrant {
  ttlMs: number;
  removeAfterMs: number | null;
  /** Applies instead of `removeAfterMs` until the first renewal. */
  firstRemoveAfterMs?: number | undefined;
  healthy: boolean;
  renewedAt: number;
  /** Total attention, in milliseconds, when the lease was asked; 0 if it has not been asked since a renewal. */
  askedAt: number;
}

/** A lease that has ended, by one of its two limits. */
export interface LapsedLease<Holder> {
  holder: Holder;
  /** `unhealthy`: past its time to live. `expired`: due for removal. */
  lapse: 'unhealthy' | 'expired';
}

/** The part of attention that the table uses. */
type LeaseAttention = Pick<Attention, 'since' | 'heldUntil' | 'attendedAt' | 'dueAfter'>;

/**
 * All leases of a namespace, as columns. A renewal is two writes into typed arrays. Finding lapsed leases is one pass over
 * them (0.3 ms for 100,000 leases), made only when a lower bound of all deadlines has passed. Gaps in attention and most
 * renewals only move deadlines later, so the bound remains valid, and passes are as rare as the alarm.
 *
 * A lease past its limit is first *asked*: it ends only after the registry has listened for some more time, see
 * {@link LeaseTable.lapsed}. A lease is identified by its slot, which is stored in the holder's row, so that a checkpoint
 * can be a plain copy of columns.
 */
export class LeaseTable<Holder> {
  #holders: (Holder | undefined)[] = [];
  readonly #attention: LeaseAttention;
  #renewedAt = new Float64Array(64);
  #askedAt = new Float64Array(64);
  #ttlMs = new Uint32Array(64);
  #removeAfterMs = new Uint32Array(64);
  #unhealthy = new Uint8Array(64);
  /** Longest time between two renewals since the slot was granted, or filled at a wake. */
  #longestGapMs = new Uint32Array(64);
  /** 1 from a wake to the first renewal after it: earlier renewals may be stored nowhere, so the time before is no gap. */
  #isLoaded = new Uint8Array(64);
  /** 1 while another lease keeps this one: it has no deadline. */
  #kept = new Uint8Array(64);
  /** Value of `removeAfterMs` after the first renewal, for the few leases where it differs. */
  readonly #removeAfterFirstRenewal = new Map<number, number>();
  readonly #freeSlots: number[] = [];
  readonly #changedRows = new Set<number>();
  #size = 0;
  #earliest = Number.POSITIVE_INFINITY;
  #shortestTtlMs = Number.POSITIVE_INFINITY;
  #hasAsked = false;

  constructor(attention: LeaseAttention) {
    this.#attention = attention;
  }

  /** Returns the row of a checkpoint that contains a slot. */
  static rowOf(slot: number): number {
    return Math.floor(slot / CHECKPOINT_LEASES_PER_ROW_COUNT);
  }

  /** Number of leases. */
  get size(): number {
    return this.#size;
  }

  /** Lower bound of all deadlines: no lease needs attention before it. `Infinity` if there is none. */
  get earliestDeadline(): number {
    return this.#earliest;
  }

  /** Lower bound of all times to live but those of kept leases, in milliseconds; `Infinity` if there is no lease. */
  get shortestTtlMs(): number {
    return this.#shortestTtlMs;
  }

  /** True if any lease has been asked and has not ended yet: attention counts for it. */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  /** True if any row has changed since it was last packed. */
  get changed(): boolean {
    return this.#changedRows.size > 0;
  }

  /**
   * Grants a lease. Returns its slot.
   *
   * @param loaded Slot of a lease that is loaded; absent for a new one, which gets the slot that was freed last.
   */
  grant(holder: Holder, lease: LeaseGrant, loaded?: number): number {
    const slot = loaded ?? this.#freeSlots.pop() ?? this.#holders.length;
    this.#reserve(slot);
    this.#isLoaded[slot] = loaded === undefined ? 0 : 1;
    this.#holders[slot] = holder;
    this.#size += 1;
    this.#write(slot, lease);
    this.#longestGapMs[slot] = 0;
    return slot;
  }

  /** Grants a lease again, in its slot. */
  regrant(slot: number, lease: LeaseGrant): void {
    this.#noteGap(slot, lease.renewedAt);
    this.#write(slot, lease);
  }

  /** Returns whether a lease has this slot. */
  isUsed(slot: number): boolean {
    return this.#holders[slot] !== undefined;
  }

  /** Ends a lease, and frees its slot. */
  release(slot: number): void {
    this.#holders[slot] = undefined;
    this.#ttlMs[slot] = 0;
    this.#kept[slot] = 0;
    this.#removeAfterFirstRenewal.delete(slot);
    this.#freeSlots.push(slot);
    this.#size -= 1;
  }

  /** Frees unused slots below the highest used one. Call it once, after loading. */
  collectFreeSlots(): void {
    for (let slot = this.#holders.length - 1; slot >= 0; slot--) {
      if (this.#holders[slot] === undefined) this.#freeSlots.push(slot);
    }
  }

  /** Renews a lease: its times count from `now` on. */
  renew(slot: number, now: number): void {
    this.#noteGap(slot, now);
    this.hear(slot, now);
  }

  /** Renews a lease by a sign of life that unrecorded ones may have preceded, so the time since the last one is no gap. */
  hear(slot: number, now: number): void {
    const wasAsked = this.isAsked(slot);
    this.#renewedAt[slot] = now;
    this.#askedAt[slot] = NOT_ASKED;
    this.#changedRows.add(LeaseTable.rowOf(slot));
    const removeAfterMs = this.#removeAfterFirstRenewal.get(slot);
    if (removeAfterMs !== undefined) {
      this.#removeAfterMs[slot] = removeAfterMs;
      this.#removeAfterFirstRenewal.delete(slot);
    }
    // After a gap, the deadline of a lease that was asked may have been later than that of the renewed lease.
    if (wasAsked || removeAfterMs !== undefined) this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  /** Sets the health of a lease's record, which decides its next deadline. */
  setHealthy(slot: number, healthy: boolean): void {
    this.#unhealthy[slot] = healthy ? 0 : 1;
    this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  /** Sets whether another lease keeps this one: it does not end for want of renewals, and needs no looks. */
  setKept(slot: number, isKept: boolean): void {
    this.#kept[slot] = isKept ? 1 : 0;
    if (isKept) return;
    this.#shortestTtlMs = Math.min(this.#shortestTtlMs, this.#ttlMs[slot] ?? Number.POSITIVE_INFINITY);
    this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  /** Returns whether `firstRemoveAfterMs` still applies. */
  awaitsFirstRenewal(slot: number): boolean {
    return this.#removeAfterFirstRenewal.has(slot);
  }

  /** Returns when a lease was last renewed or granted. */
  renewedAt(slot: number): number {
    return this.#renewedAt[slot] ?? 0;
  }

  /** Returns the longest known gap between two renewals, without the time since the last one. */
  longestGapMs(slot: number): number {
    return this.#longestGapMs[slot] ?? 0;
  }

  /** Returns when a lease expires if the registry listens all the time; `Infinity` for never. */
  removalAt(slot: number): number {
    return this.renewedAt(slot) + this.#removalMs(slot);
  }

  /** Returns when the time to live of a lease ends. */
  ttlEndsAt(slot: number): number {
    return this.renewedAt(slot) + (this.#ttlMs[slot] ?? 0);
  }

  /** Asks a lease again once `ms` of attention have passed: it does not end before that. */
  askAgainAfter(slot: number, ms: number, now: number): void {
    this.#askedAt[slot] = this.#attention.attendedAt(now) + ms;
    this.#changedRows.add(LeaseTable.rowOf(slot));
  }

  /** Returns whether a lease has been asked since it was renewed. */
  isAsked(slot: number): boolean {
    return this.#askedAt[slot] !== NOT_ASKED;
  }

  /** Yields the holders of leases that are past their limit at `now`, or so near to it that they are asked. */
  *overdue(now: number): Generator<Holder> {
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] === 0 || !this.#isNearLimit(slot, now)) continue;
      const holder = this.#holders[slot];
      if (holder !== undefined) yield holder;
    }
  }

  /**
   * Passes over all leases. A lease near its limit is asked, and ends in a later pass: after the time in which its holder
   * repeats an unanswered renewal, and a quarter of a second for that to arrive, and only if the registry has listened for a
   * whole time to live without a gap, or for two in total. The pass also makes the bounds exact.
   *
   * @param most Maximum number of leases returned. Those whose holder `isFirst` accepts are all returned, as a reader must
   *   not be shown any of them.
   * @returns Leases that end now.
   */
  lapsed(now: number, most: number, isFirst?: (holder: Holder) => boolean): LapsedLease<Holder>[] {
    const lapsed: LapsedLease<Holder>[] = [];
    const attendedMs = this.#attention.attendedAt(now);
    let earliest = Number.POSITIVE_INFINITY;
    let shortestTtlMs = Number.POSITIVE_INFINITY;
    this.#hasAsked = false;
    for (let slot = 0; slot < this.#holders.length; slot++) {
      const ttlMs = this.#ttlMs[slot] ?? 0;
      if (ttlMs === 0) continue;
      if (ttlMs < shortestTtlMs && this.#kept[slot] === 0) shortestTtlMs = ttlMs;
      let endsAt = this.#endsAt(slot);
      if (endsAt <= now && this.#askedAt[slot] === NOT_ASKED) {
        this.#askedAt[slot] = attendedMs;
        this.#changedRows.add(LeaseTable.rowOf(slot));
        endsAt = this.#endsAt(slot);
      }
      if (endsAt < earliest) earliest = endsAt;
      if (endsAt > now) {
        // A lease that is asked again later does not count until then.
        this.#hasAsked ||= this.#isNearLimit(slot, now) && (this.#askedAt[slot] ?? NOT_ASKED) <= attendedMs;
        continue;
      }
      const holder = this.#holders[slot];
      if (holder === undefined || (lapsed.length >= most && !isFirst?.(holder))) continue;
      const isExpired = this.renewedAt(slot) + this.#removalMs(slot) + LEASE_SLACK_MS <= now;
      lapsed.push({ holder, lapse: isExpired ? 'expired' : 'unhealthy' });
    }
    this.#earliest = earliest;
    this.#shortestTtlMs = shortestTtlMs;
    return lapsed;
  }

  /** Recomputes the bound of all deadlines. */
  findEarliest(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] !== 0) earliest = Math.min(earliest, this.#endsAt(slot));
    }
    this.#earliest = earliest;
  }

  /** Packs the rows of a checkpoint that changed since they were last packed, each with its number and columns. */
  packChanges(): { row: number; leases: ArrayBuffer }[] {
    const packed = [...this.#changedRows].sort((a, b) => a - b).map((row) => ({ row, leases: this.#pack(row) }));
    this.#changedRows.clear();
    return packed;
  }

  /** Marks all rows as changed, because an earlier version wrote them. */
  repack(): void {
    for (let slot = 0; slot < this.#holders.length; slot += CHECKPOINT_LEASES_PER_ROW_COUNT) {
      this.#changedRows.add(LeaseTable.rowOf(slot));
    }
  }

  #pack(row: number): ArrayBuffer {
    const first = row * CHECKPOINT_LEASES_PER_ROW_COUNT;
    const end = Math.min(first + CHECKPOINT_LEASES_PER_ROW_COUNT, this.#holders.length);
    const columns = new Float64Array(Math.max(0, end - first) * 2);
    columns.set(this.#renewedAt.subarray(first, end));
    columns.set(this.#askedAt.subarray(first, end), end - first);
    return columns.buffer;
  }

  #write(slot: number, lease: LeaseGrant): void {
    this.#renewedAt[slot] = lease.renewedAt;
    this.#askedAt[slot] = lease.askedAt;
    this.#ttlMs[slot] = lease.ttlMs;
    this.#unhealthy[slot] = lease.healthy ? 0 : 1;
    this.#removeAfterMs[slot] = lease.firstRemoveAfterMs ?? lease.removeAfterMs ?? NEVER;
    if (lease.firstRemoveAfterMs === undefined) this.#removeAfterFirstRenewal.delete(slot);
    else this.#removeAfterFirstRenewal.set(slot, lease.removeAfterMs ?? NEVER);
    this.#shortestTtlMs = Math.min(this.#shortestTtlMs, lease.ttlMs);
    // Asked before a wake: attention must be stored from here on, as the next pass may be far away.
    this.#hasAsked ||= lease.askedAt !== NOT_ASKED;
    this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  #noteGap(slot: number, now: number): void {
    if (this.#isLoaded[slot] === 1) {
      this.#isLoaded[slot] = 0;
      return;
    }
    const gapMs = now - (this.#renewedAt[slot] ?? now);
    if (gapMs > (this.#longestGapMs[slot] ?? 0)) this.#longestGapMs[slot] = Math.min(gapMs, NEVER);
  }

  #removalMs(slot: number): number {
    const removeAfterMs = this.#removeAfterMs[slot] ?? NEVER;
    return removeAfterMs === NEVER ? Number.POSITIVE_INFINITY : removeAfterMs;
  }

  /** Returns when a lease is past its next limit. An unhealthy one has only its removal left, a kept one no limit. */
  #limitAt(slot: number): number {
    if (this.#kept[slot] === 1) return Number.POSITIVE_INFINITY;
    const removalMs = this.#removalMs(slot);
    const limitMs = this.#unhealthy[slot] === 1 ? removalMs : Math.min(this.#ttlMs[slot] ?? 0, removalMs);
    return (this.#renewedAt[slot] ?? 0) + limitMs + LEASE_SLACK_MS;
  }

  /** Returns the time in which a holder repeats an unanswered renewal, in whole milliseconds, as alarms are armed by it. */
  #retryMs(slot: number): number {
    return Math.min(RENEWAL_RETRY_MAX_MS, Math.floor((this.#ttlMs[slot] ?? 0) / 10));
  }

  /** Returns whether a lease is past its next limit, or so near to it that it is asked. */
  #isNearLimit(slot: number, now: number): boolean {
    return this.#limitAt(slot) - this.#retryMs(slot) <= now;
  }

  /** Returns when a lease is asked or ends next. */
  #endsAt(slot: number): number {
    const { since, heldUntil } = this.#attention;
    const limitAt = this.#limitAt(slot);
    const askedAt = this.#askedAt[slot] ?? NOT_ASKED;
    if (askedAt === NOT_ASKED) return limitAt - this.#retryMs(slot);
    const ttlMs = this.#ttlMs[slot] ?? 0;
    // The registry must listen for a whole time to live without a gap, as etcd's lessor grants on promotion, or two in
    // pieces.
    const heardAt = since + ttlMs + LEASE_SLACK_MS;
    const heardInPiecesAt = this.#attention.dueAfter(askedAt, ATTENDED_TTLS_MAX_COUNT * ttlMs);
    const endsAt = Math.max(
      limitAt,
      // The second pass: a renewal that was lost when the lease was asked has been repeated and received by then.
      this.#attention.dueAfter(askedAt, this.#retryMs(slot) + LEASE_SLACK_MS),
      Math.min(heardAt, Math.max(since + ATTENTION_STRETCH_MIN_MS, heardInPiecesAt)),
    );
    // A registry that is always late must still end dead leases.
    return Math.max(endsAt, Math.min(heldUntil, endsAt + ATTENTION_HOLD_MAX_MS));
  }

  #reserve(slot: number): void {
    while (this.#holders.length <= slot) this.#holders.push(undefined);
    if (slot < this.#ttlMs.length) return;
    const length = slot * 2;
    this.#renewedAt = grown(this.#renewedAt, new Float64Array(length));
    this.#askedAt = grown(this.#askedAt, new Float64Array(length));
    this.#ttlMs = grown(this.#ttlMs, new Uint32Array(length));
    this.#removeAfterMs = grown(this.#removeAfterMs, new Uint32Array(length));
    this.#unhealthy = grown(this.#unhealthy, new Uint8Array(length));
    this.#isLoaded = grown(this.#isLoaded, new Uint8Array(length));
    this.#kept = grown(this.#kept, new Uint8Array(length));
    this.#longestGapMs = grown(this.#longestGapMs, new Uint32Array(length));
  }
}

function grown<Column extends Float64Array | Uint32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}

/** Returns the times of a lease in a packed row of a checkpoint; undefined if the row ends before it. */
export function unpackLease(columns: Float64Array, slot: number): { renewedAt: number; askedAt: number } | undefined {
  const count = columns.length / 2;
  const index = slot % CHECKPOINT_LEASES_PER_ROW_COUNT;
  if (index >= count) return undefined;
  return { renewedAt: columns[index] ?? 0, askedAt: columns[count + index] ?? NOT_ASKED };
}
