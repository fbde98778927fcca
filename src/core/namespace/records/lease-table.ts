import {
  ATTENDED_TTLS_MAX_COUNT,
  ATTENTION_HOLD_MAX_MS,
  ATTENTION_STRETCH_MIN_MS,
  CHECKPOINT_LEASES_PER_ROW_COUNT,
  LEASE_SLACK_MS,
  RENEWAL_RETRY_MAX_MS,
} from '../../../model/limits';
import type { Attention } from '../time/attention';

/** Stands for "never" in a column of 32 bits. */
const NEVER = 0xffff_ffff;

/** Stands for a lease that has not been questioned since it was renewed. */
const NOT_ASKED = 0;

/** What a lease is granted with. Times are on the namespace's axis, in milliseconds. */
export interface LeaseGrant {
  ttlMs: number;
  removeAfterMs: number | null;
  /** Instead of `removeAfterMs` until the first renewal. */
  firstRemoveAfterMs?: number | undefined;
  healthy: boolean;
  renewedAt: number;
  /** Attention in all, in milliseconds, when the lease was found past its limit; 0 if it has not been since a renewal. */
  askedAt: number;
}

/** A lease that has ended, by one of its two limits. */
export interface LapsedLease<Holder> {
  holder: Holder;
  /** `unhealthy`: past its time to live. `expired`: to be removed. */
  lapse: 'unhealthy' | 'expired';
}

/** The part of attention that the table uses. */
type LeaseAttention = Pick<Attention, 'since' | 'heldUntil' | 'attendedAt' | 'dueAfter'>;

/**
 * All leases of a namespace, as columns: a renewal is two writes into typed arrays, and finding what has lapsed is one
 * pass over them (0.3 ms for 100,000 leases), made only when a lower bound of all deadlines has passed. Gaps in attention
 * and most renewals only move deadlines later, so the bound stays a bound, and passes are as rare as the alarm.
 *
 * A lease past its limit is first *asked*: it ends only after the registry has listened for some time more, see
 * {@link LeaseTable.lapsed}. A lease is named by its slot, which is kept in the holder's row, so that a checkpoint can be
 * a plain copy of columns.
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
  /** What `removeAfterMs` becomes with the first renewal, for the few leases that tell the two apart. */
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

  /** The row of a checkpoint that a slot is packed in. */
  static rowOf(slot: number): number {
    return Math.floor(slot / CHECKPOINT_LEASES_PER_ROW_COUNT);
  }

  /** Leases held. */
  get size(): number {
    return this.#size;
  }

  /** Nothing has to be done about any lease before this; `Infinity` where there is none. */
  get earliestDeadline(): number {
    return this.#earliest;
  }

  /** No time to live is shorter; `Infinity` where there is no lease. */
  get shortestTtlMs(): number {
    return this.#shortestTtlMs;
  }

  /** True if any lease is known to have been asked whose end is still to come: attention counts for it. */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  /** True if anything has not been packed yet. */
  get changed(): boolean {
    return this.#changedRows.size > 0;
  }

  /** Grants a lease, in the slot that was freed last unless `slot` names one. Returns the slot. */
  grant(holder: Holder, lease: LeaseGrant, slot = this.#freeSlots.pop() ?? this.#holders.length): number {
    this.#reserve(slot);
    this.#holders[slot] = holder;
    this.#size += 1;
    this.#write(slot, lease);
    this.#longestGapMs[slot] = 0;
    return slot;
  }

  /** Grants a lease anew in the slot it has. */
  regrant(slot: number, lease: LeaseGrant): void {
    this.#noteGap(slot, lease.renewedAt);
    this.#write(slot, lease);
  }

  /** Ends a lease. Its slot will serve another. */
  release(slot: number): void {
    this.#holders[slot] = undefined;
    this.#ttlMs[slot] = 0;
    this.#removeAfterFirstRenewal.delete(slot);
    this.#freeSlots.push(slot);
    this.#size -= 1;
  }

  /** Slots that nobody holds below the highest held one become free: once, after loading. */
  collectFreeSlots(): void {
    for (let slot = this.#holders.length - 1; slot >= 0; slot--) {
      if (this.#holders[slot] === undefined) this.#freeSlots.push(slot);
    }
  }

  /** Counts all times from `now` on. */
  renew(slot: number, now: number): void {
    const wasAsked = this.isAsked(slot);
    this.#noteGap(slot, now);
    this.#renewedAt[slot] = now;
    this.#askedAt[slot] = NOT_ASKED;
    this.#changedRows.add(LeaseTable.rowOf(slot));
    const removeAfterMs = this.#removeAfterFirstRenewal.get(slot);
    if (removeAfterMs !== undefined) {
      this.#removeAfterMs[slot] = removeAfterMs;
      this.#removeAfterFirstRenewal.delete(slot);
    }
    // After a gap a lease that was asked may have had until later than a renewed one is asked.
    if (wasAsked || removeAfterMs !== undefined) this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  /** Tells the table what the record says of its health, so that it knows the next deadline. */
  setHealthy(slot: number, healthy: boolean): void {
    this.#unhealthy[slot] = healthy ? 0 : 1;
    this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  /** Whether `firstRemoveAfterMs` still counts. */
  awaitsFirstRenewal(slot: number): boolean {
    return this.#removeAfterFirstRenewal.has(slot);
  }

  /** When it was last renewed, or granted. */
  renewedAt(slot: number): number {
    return this.#renewedAt[slot] ?? 0;
  }

  /** Longest time between two renewals that the table has seen. */
  longestGapMs(slot: number): number {
    return this.#longestGapMs[slot] ?? 0;
  }

  /** When it is to be removed if the registry listens all the time; `Infinity`: never. */
  removalAt(slot: number): number {
    return this.renewedAt(slot) + this.#removalMs(slot);
  }

  /** When the time to live ends. */
  ttlEndsAt(slot: number): number {
    return this.renewedAt(slot) + (this.#ttlMs[slot] ?? 0);
  }

  /** Questions a lease anew once `ms` of attention have passed: it does not end before. */
  askAgainAfter(slot: number, ms: number, now: number): void {
    this.#askedAt[slot] = this.#attention.attendedAt(now) + ms;
    this.#changedRows.add(LeaseTable.rowOf(slot));
  }

  /** True if a lease has been found silent since it was renewed. */
  isAsked(slot: number): boolean {
    return this.#askedAt[slot] !== NOT_ASKED;
  }

  /** Holders that are to be asked at `now`, or have been: those whose lease is past its limit, or about to be. */
  *overdue(now: number): Generator<Holder> {
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] === 0 || !this.#isNearLimit(slot, now)) continue;
      const holder = this.#holders[slot];
      if (holder !== undefined) yield holder;
    }
  }

  /**
   * Passes over all leases. One that nears its limit is asked, and ends at a later pass: after the time in which its
   * holder repeats a renewal that got no answer, a quarter of a second in which that can be heard, and only if the
   * registry has listened for a whole time to live without a gap, or for two of them in all. Makes the bounds exact on the
   * way.
   *
   * @param most Leases returned at most; but those whose holder `isFirst` accepts are all returned, as a reader must not
   *   be shown any of them.
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
      if (ttlMs < shortestTtlMs) shortestTtlMs = ttlMs;
      let endsAt = this.#endsAt(slot);
      if (endsAt <= now && this.#askedAt[slot] === NOT_ASKED) {
        this.#askedAt[slot] = attendedMs;
        this.#changedRows.add(LeaseTable.rowOf(slot));
        endsAt = this.#endsAt(slot);
      }
      if (endsAt < earliest) earliest = endsAt;
      if (endsAt > now) {
        // One that is to be asked again later changes nothing until then.
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

  /** Makes the bound of all deadlines exact. */
  findEarliest(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] !== 0) earliest = Math.min(earliest, this.#endsAt(slot));
    }
    this.#earliest = earliest;
  }

  /** Rows of a checkpoint that changed since they were last packed, each with its number and its columns. */
  packChanges(): { row: number; leases: ArrayBuffer }[] {
    const packed = [...this.#changedRows].sort((a, b) => a - b).map((row) => ({ row, leases: this.#pack(row) }));
    this.#changedRows.clear();
    return packed;
  }

  /** Has all rows packed with the next checkpoint: an earlier version wrote them. */
  packAnew(): void {
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
    // One that was asked before a wake: attention has to be stored from here on, as the next pass may be far away.
    this.#hasAsked ||= lease.askedAt !== NOT_ASKED;
    this.#earliest = Math.min(this.#earliest, this.#endsAt(slot));
  }

  #noteGap(slot: number, now: number): void {
    const gapMs = now - (this.#renewedAt[slot] ?? now);
    if (gapMs > (this.#longestGapMs[slot] ?? 0)) this.#longestGapMs[slot] = Math.min(gapMs, NEVER);
  }

  #removalMs(slot: number): number {
    const removeAfterMs = this.#removeAfterMs[slot] ?? NEVER;
    return removeAfterMs === NEVER ? Number.POSITIVE_INFINITY : removeAfterMs;
  }

  /** When a lease is past its next limit; one that is unhealthy already has only its removal left. */
  #limitAt(slot: number): number {
    const removalMs = this.#removalMs(slot);
    const limitMs = this.#unhealthy[slot] === 1 ? removalMs : Math.min(this.#ttlMs[slot] ?? 0, removalMs);
    return (this.#renewedAt[slot] ?? 0) + limitMs + LEASE_SLACK_MS;
  }

  /** Time in which a holder repeats a renewal that got no answer: whole milliseconds, as alarms are armed by it. */
  #retryMs(slot: number): number {
    return Math.min(RENEWAL_RETRY_MAX_MS, Math.floor((this.#ttlMs[slot] ?? 0) / 10));
  }

  /** True if a lease is past its next limit, or so near to it that it is asked. */
  #isNearLimit(slot: number, now: number): boolean {
    return this.#limitAt(slot) - this.#retryMs(slot) <= now;
  }

  /** When something is next to be done about a lease: it is asked, or it ends. */
  #endsAt(slot: number): number {
    const { since, heldUntil } = this.#attention;
    const limitAt = this.#limitAt(slot);
    const askedAt = this.#askedAt[slot] ?? NOT_ASKED;
    if (askedAt === NOT_ASKED) return limitAt - this.#retryMs(slot);
    const ttlMs = this.#ttlMs[slot] ?? 0;
    // A whole time to live was heard without a gap, as etcd's lessor grants it on promotion; or two of them in pieces.
    const heardAt = since + ttlMs + LEASE_SLACK_MS;
    const heardInPiecesAt = this.#attention.dueAfter(askedAt, ATTENDED_TTLS_MAX_COUNT * ttlMs);
    const endsAt = Math.max(
      limitAt,
      // The second pass: what was lost when the lease was asked has been repeated by then, and has come in.
      this.#attention.dueAfter(askedAt, this.#retryMs(slot) + LEASE_SLACK_MS),
      Math.min(heardAt, Math.max(since + ATTENTION_STRETCH_MIN_MS, heardInPiecesAt)),
    );
    // A registry that is always late ends the dead all the same.
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
    this.#longestGapMs = grown(this.#longestGapMs, new Uint32Array(length));
  }
}

function grown<Column extends Float64Array | Uint32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}

/** Returns a lease's times in a packed row of a checkpoint; undefined where the row ends before it. */
export function unpackLease(columns: Float64Array, slot: number): { renewedAt: number; askedAt: number } | undefined {
  const count = columns.length / 2;
  const index = slot % CHECKPOINT_LEASES_PER_ROW_COUNT;
  if (index >= count) return undefined;
  return { renewedAt: columns[index] ?? 0, askedAt: columns[count + index] ?? NOT_ASKED };
}
