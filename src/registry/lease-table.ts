import { CHECKPOINT_LEASES_PER_ROW_COUNT, HEARTBEATS_PER_TTL_COUNT } from '../model/limits';

/** Stands for "never" in a column of 32 bits. */
const NEVER = 0xffff_ffff;

/** What a lease is granted with. Times are on the namespace's axis, in milliseconds. */
export interface LeaseGrant {
  ttlMs: number;
  removeAfterMs: number | null;
  /** Instead of `removeAfterMs` until the first renewal. */
  firstRemoveAfterMs?: number | undefined;
  healthy: boolean;
  renewedAt: number;
  /** When the registry forgave a silence that was its own fault; 0 if it has not since the last renewal. */
  extendedAt: number;
}

/** A lease that has run past a deadline. */
export interface LapsedLease<Holder> {
  holder: Holder;
  /** `unhealthy`: past its time to live. `expired`: to be removed. */
  lapse: 'unhealthy' | 'expired';
  /** The deadline that has passed. */
  deadline: number;
}

/**
 * All leases of a namespace, as columns: a renewal is two writes into typed arrays, and finding what has lapsed is one
 * pass over them (0.3 ms for 100,000 leases), made only when a lower bound of all deadlines has passed. Since renewals
 * only move deadlines later, the bound stays a bound, and passes are as rare as the alarm.
 *
 * A lease is named by its slot, which is kept in the holder's row, so that a checkpoint can be a plain copy of columns.
 */
export class LeaseTable<Holder> {
  #holders: (Holder | undefined)[] = [];
  #renewedAt = new Float64Array(64);
  #extendedAt = new Float64Array(64);
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
  #heardAt = 0;

  /** The row of a checkpoint that a slot is packed in. */
  static rowOf(slot: number): number {
    return Math.floor(slot / CHECKPOINT_LEASES_PER_ROW_COUNT);
  }

  /** Leases held. */
  get size(): number {
    return this.#size;
  }

  /** No deadline is earlier than this; `Infinity` where there is none. */
  get earliestDeadline(): number {
    return this.#earliest;
  }

  /** When the newest renewal was heard; 0 if none ever was. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether a renewal or an extension has not been packed yet. */
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
    this.#noteGap(slot, now);
    this.#renewedAt[slot] = now;
    this.#extendedAt[slot] = 0;
    this.#heardAt = Math.max(this.#heardAt, now);
    this.#changedRows.add(LeaseTable.rowOf(slot));
    const removeAfterMs = this.#removeAfterFirstRenewal.get(slot);
    if (removeAfterMs !== undefined) {
      this.#removeAfterMs[slot] = removeAfterMs;
      this.#removeAfterFirstRenewal.delete(slot);
      this.#earliest = Math.min(this.#earliest, this.#deadline(slot));
    }
  }

  /** Tells the table what the record says of its health, so that it knows the next deadline. */
  setHealthy(slot: number, healthy: boolean): void {
    this.#unhealthy[slot] = healthy ? 0 : 1;
    this.#earliest = Math.min(this.#earliest, this.#deadline(slot));
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

  /** When it is to be removed; `Infinity`: never. */
  removalAt(slot: number): number {
    return this.#countedFrom(slot) + this.#removalMs(slot);
  }

  /** When the time to live ends. */
  ttlEndsAt(slot: number): number {
    return this.#countedFrom(slot) + (this.#ttlMs[slot] ?? 0);
  }

  /**
   * Forgives a silence that was the registry's own fault. The first one since a lease was renewed lets it count from
   * `now`, as etcd's lessor does on promotion; of every further one only the deaf time itself does not count, but a
   * holder that noticed nothing is left the time until its next heartbeat, and half as much again: its last renewal may
   * have been answered and lost. So repeated trouble makes nobody immortal, unless it comes more often than that
   * (design/decisions/0002-deafness.md). Makes the bound of all deadlines exact on the way.
   *
   * @param deafMs How long the registry could not be heard from, at least.
   * @returns How many leases there are.
   */
  extendAll(now: number, deafMs: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] === 0) continue;
      this.extend(slot, now, deafMs);
      earliest = Math.min(earliest, this.#deadline(slot));
    }
    this.#earliest = earliest;
    return this.#size;
  }

  /** Forgives one lease, as {@link extendAll} does. */
  extend(slot: number, now: number, deafMs: number): void {
    const extendedAt = this.#extendedAt[slot] ?? 0;
    const heartbeatMs = Math.ceil((this.#ttlMs[slot] ?? 0) / HEARTBEATS_PER_TTL_COUNT);
    const leastMs = Math.ceil(1.5 * heartbeatMs);
    const again = Math.max(extendedAt + deafMs, now + leastMs - this.#nextMs(slot));
    this.#extendedAt[slot] = extendedAt === 0 ? now : Math.min(now, again);
    this.#changedRows.add(LeaseTable.rowOf(slot));
  }

  /**
   * Leases past a deadline at `now`, at most `most` of them; but those whose holder `isFirst` accepts are all returned,
   * as a reader must not be shown any of them. Makes the bound of all deadlines exact on the way.
   */
  lapsed(now: number, most: number, isFirst?: (holder: Holder) => boolean): LapsedLease<Holder>[] {
    const lapsed: LapsedLease<Holder>[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] === 0) continue;
      const deadline = this.#deadline(slot);
      if (deadline < earliest) earliest = deadline;
      if (deadline > now) continue;
      const holder = this.#holders[slot];
      if (holder === undefined || (lapsed.length >= most && !isFirst?.(holder))) continue;
      const expired = this.#countedFrom(slot) + this.#removalMs(slot) <= now;
      lapsed.push({ holder, lapse: expired ? 'expired' : 'unhealthy', deadline });
    }
    this.#earliest = earliest;
    return lapsed;
  }

  /** Makes the bound of all deadlines exact. */
  findEarliest(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#holders.length; slot++) {
      if (this.#ttlMs[slot] !== 0) earliest = Math.min(earliest, this.#deadline(slot));
    }
    this.#earliest = earliest;
  }

  /** Rows of a checkpoint that changed since they were last packed, each with its number and its columns. */
  packChanges(): { row: number; leases: ArrayBuffer }[] {
    const packed = [...this.#changedRows].sort((a, b) => a - b).map((row) => ({ row, leases: this.#pack(row) }));
    this.#changedRows.clear();
    return packed;
  }

  #pack(row: number): ArrayBuffer {
    const first = row * CHECKPOINT_LEASES_PER_ROW_COUNT;
    const end = Math.min(first + CHECKPOINT_LEASES_PER_ROW_COUNT, this.#holders.length);
    const columns = new Float64Array(Math.max(0, end - first) * 2);
    columns.set(this.#renewedAt.subarray(first, end));
    columns.set(this.#extendedAt.subarray(first, end), end - first);
    return columns.buffer;
  }

  #write(slot: number, lease: LeaseGrant): void {
    this.#renewedAt[slot] = lease.renewedAt;
    this.#extendedAt[slot] = lease.extendedAt;
    this.#ttlMs[slot] = lease.ttlMs;
    this.#unhealthy[slot] = lease.healthy ? 0 : 1;
    this.#removeAfterMs[slot] = lease.firstRemoveAfterMs ?? lease.removeAfterMs ?? NEVER;
    if (lease.firstRemoveAfterMs === undefined) this.#removeAfterFirstRenewal.delete(slot);
    else this.#removeAfterFirstRenewal.set(slot, lease.removeAfterMs ?? NEVER);
    this.#heardAt = Math.max(this.#heardAt, lease.renewedAt);
    this.#earliest = Math.min(this.#earliest, this.#deadline(slot));
  }

  #noteGap(slot: number, now: number): void {
    const gapMs = now - (this.#renewedAt[slot] ?? now);
    if (gapMs > (this.#longestGapMs[slot] ?? 0)) this.#longestGapMs[slot] = Math.min(gapMs, NEVER);
  }

  #countedFrom(slot: number): number {
    return Math.max(this.#renewedAt[slot] ?? 0, this.#extendedAt[slot] ?? 0);
  }

  #removalMs(slot: number): number {
    const removeAfterMs = this.#removeAfterMs[slot] ?? NEVER;
    return removeAfterMs === NEVER ? Number.POSITIVE_INFINITY : removeAfterMs;
  }

  #deadline(slot: number): number {
    return this.#countedFrom(slot) + this.#nextMs(slot);
  }

  /** Time from where the lease counts to its next deadline; one that is unhealthy already has only its removal left. */
  #nextMs(slot: number): number {
    const removalMs = this.#removalMs(slot);
    return this.#unhealthy[slot] === 1 ? removalMs : Math.min(this.#ttlMs[slot] ?? 0, removalMs);
  }

  #reserve(slot: number): void {
    while (this.#holders.length <= slot) this.#holders.push(undefined);
    if (slot < this.#ttlMs.length) return;
    const length = slot * 2;
    this.#renewedAt = grown(this.#renewedAt, new Float64Array(length));
    this.#extendedAt = grown(this.#extendedAt, new Float64Array(length));
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

/** A lease's times in a packed row of a checkpoint; undefined where the row ends before it. */
export function unpackLease(
  columns: Float64Array,
  slot: number,
): { renewedAt: number; extendedAt: number } | undefined {
  const count = columns.length / 2;
  const index = slot % CHECKPOINT_LEASES_PER_ROW_COUNT;
  if (index >= count) return undefined;
  return { renewedAt: columns[index] ?? 0, extendedAt: columns[count + index] ?? 0 };
}
