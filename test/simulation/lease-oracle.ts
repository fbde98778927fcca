import type { InstanceKey } from '../../src/model/batch';
import type { Lease } from '../../src/model/lease';

/** A crash may lose renewals that were answered up to this long before: a checkpoint's delay, and slow syncs around it. */
const UNSAVED_MS = 7_000;

/** Silence before the registry may take it for its own fault. */
const DEAFNESS_MS = 3_000;

/** Renewals remembered of a lease: the journal is read a little later than it is written. */
const RENEWALS_KEPT_COUNT = 4;

/** A renewal, or a registration that renews, which has reached the registry. */
interface HeardRenewal {
  at: number;
  /** {@link LeaseOracle} explains hearing time. */
  hearing: number;
  acknowledged: boolean;
  /** Whether the deadlines that it set are exact: nothing was lost or forgiven since. */
  exact: boolean;
}

/** What is known of one lease from outside: when it was renewed, and what the registry made of it. */
interface Tracked {
  name: string;
  ttlMs: number;
  /** At most, and at least: they differ where another time counts before the first renewal, which a crash may undo. */
  removeAfterMs: number;
  removeAfterLeastMs: number;
  /**
   * Since when the holder renews in time: it is alive, and tries until it is answered. Undefined: it does not. What the
   * journal says is read late, and may be of the time before.
   */
  faithfulSince: number | undefined;
  /** Within its ttl, as far as the journal was read. */
  healthy: boolean;
  /** Newest last. */
  renewals: HeardRenewal[];
  /** When the lease must have run out, whatever happened: in the world's time. */
  unhealthyBy: number;
  goneBy: number;
  /** When the registry forgave a silence for the first time since the newest renewal; before, NaN. */
  forgivenAt: number;
}

/** What the oracle asks of the world around it. */
export interface LeaseOracleParts {
  now: () => number;
  onProblem: (invariant: string, what: string) => void;
}

/**
 * Knows when each lease may run out, and when it must have (I6).
 *
 * *May not yet:* time counts against a holder only while it could be heard. So a lease that was renewed is neither
 * unhealthy nor expired before its ttl or removeAfter has passed in *hearing time*, which stands still during outages.
 * A faithful holder never uses that time up.
 *
 * *Must have:* removeAfter after the newest renewal that may have counted. The first silence that the registry forgives
 * moves that to removeAfter after its end; every further one moves it by the time in which nobody could be heard, and
 * by {@link UNSAVED_MS}, since a crash makes the registry forget what it heard last. But half a ttl is left after each,
 * as a holder whose last renewal was forgotten comes no sooner than its next heartbeat.
 *
 * *Clocks.* A jump back is shifted away by the registry as far as it sees it; the rest makes leases longer. A jump forward makes them shorter, unless a deadline is passed by more than three seconds and the
 * registry finds out. A smaller one is beyond the contract: nobody can tell it from time that has passed.
 */
export class LeaseOracle {
  readonly #parts: LeaseOracleParts;
  readonly #leases = new Map<string, Tracked>();
  /** Time in which nobody could be heard, less clock jumps that nobody could notice. */
  #deafMs = 0;
  #downSince: number | undefined;
  #outage = { from: 0, to: 0 };
  /** Since when there has been a silence that the registry is expected to forgive. */
  #silentSince: number | undefined;
  /** When the newest renewal was heard, and the one at an earlier moment: a call forgives before it renews. */
  #heardAt = 0;
  #heardBefore = 0;
  #forgaveAt = 0;
  counts = { expired: 0, unhealthy: 0, forgiven: 0, jumpsUnnoticed: 0 };

  constructor(parts: LeaseOracleParts) {
    this.#parts = parts;
  }

  /** Leases held, as far as the journal was read. */
  get held(): number {
    return this.#leases.size;
  }

  /** A renewal, or a registration that renews, has reached the registry. It counts, unless a crash undoes it. */
  heard(key: InstanceKey, lease: Lease, faithful: boolean, now = this.#parts.now()): void {
    const name = nameOf(key);
    const renewedMs = lease.removeAfterMs ?? Number.POSITIVE_INFINITY;
    const firstMs = lease.firstRemoveAfterMs ?? renewedMs;
    const removeAfterMs = Math.max(renewedMs, firstMs);
    const before = this.#leases.get(name);
    const renewals = before?.renewals ?? [];
    if (renewals.length >= RENEWALS_KEPT_COUNT) renewals.shift();
    renewals.push({ at: now, hearing: this.#hearingAt(now), acknowledged: false, exact: true });
    this.#leases.set(name, {
      name,
      faithfulSince: faithful ? (before?.faithfulSince ?? now) : undefined,
      healthy: true,
      ttlMs: lease.ttlMs,
      removeAfterMs,
      removeAfterLeastMs: Math.min(renewedMs, firstMs),
      renewals,
      unhealthyBy: now + lease.ttlMs,
      goneBy: now + removeAfterMs,
      forgivenAt: Number.NaN,
    });
    if (now > this.#heardAt) {
      this.#heardBefore = this.#heardAt;
      this.#heardAt = now;
    }
  }

  /** The renewal that was heard at `heardAt` was acknowledged. */
  acknowledged(key: InstanceKey, heardAt: number): void {
    const renewal = this.#leases.get(nameOf(key))?.renewals.find(({ at }) => at === heardAt);
    if (renewal !== undefined) renewal.acknowledged = true;
  }

  /** The holder stops renewing: it is dead, or does not get through. */
  silent(key: InstanceKey): void {
    const tracked = this.#leases.get(nameOf(key));
    if (tracked !== undefined) tracked.faithfulSince = undefined;
  }

  /** The instance went, at a time in the world: whatever was heard later is of the next one with that name. */
  released(key: InstanceKey, at: number): void {
    const newest = this.#leases.get(nameOf(key))?.renewals.at(-1);
    if (newest !== undefined && newest.at < at) this.#leases.delete(nameOf(key));
  }

  /**
   * From now on, nobody is heard.
   *
   * @param durableUntil What the registry did after this time may be undone.
   */
  died(durableUntil: number): void {
    this.#downSince = this.#parts.now();
    for (const lease of this.#leases.values()) {
      blur(lease.renewals);
      // A forgiveness that was not durable is forgotten, and may be given again.
      if (lease.forgivenAt >= durableUntil) lease.forgivenAt = Number.NaN;
    }
  }

  /**
   * Holders are heard again.
   *
   * @param overdueSince When the alarm was due, if it did not come before the outage: nobody swept since then.
   */
  restarted(overdueSince: number): void {
    const now = this.#parts.now();
    const from = this.#downSince ?? now;
    this.#downSince = undefined;
    this.#outage = { from, to: now };
    this.#deafMs += now - from;
    this.#silentSince = Math.min(this.#silentSince ?? now, from - UNSAVED_MS, overdueSince);
  }

  /** The registry is in memory again: what it did not forgive by now, it does not take for its own fault. */
  woke(): void {
    this.#silentSince = undefined;
  }

  /** The clock jumped back, and the registry did not see how far: deadlines may be later by this much. */
  delayed(ms: number): void {
    for (const lease of this.#leases.values()) {
      lease.unhealthyBy += ms;
      lease.goneBy += ms;
    }
  }

  /** The clock jumped forward. */
  hastened(ms: number): void {
    const now = this.#parts.now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const { renewals, healthy, unhealthyBy, goneBy } of this.#leases.values()) {
      // What nobody acknowledged may not be there.
      if (!renewals.at(-1)?.acknowledged) continue;
      earliest = Math.min(earliest, goneBy, healthy ? unhealthyBy : goneBy);
    }
    if (now + ms - Math.max(earliest, this.#heardAt) > DEAFNESS_MS) {
      this.#silentSince ??= now;
      return;
    }
    this.counts.jumpsUnnoticed += 1;
    this.#deafMs -= ms;
    for (const { renewals } of this.#leases.values()) blur(renewals);
  }

  /**
   * The registry took a silence for its own fault.
   *
   * @param dueSince When the alarm was due that did not come.
   */
  forgave(dueSince: number): void {
    const now = this.#parts.now();
    const heardAt = this.#heardAt < now ? this.#heardAt : this.#heardBefore;
    const unattendedSince = Math.max(heardAt, dueSince, this.#forgaveAt);
    const since = Math.min(this.#silentSince ?? unattendedSince, unattendedSince);
    this.#silentSince = undefined;
    this.#forgaveAt = now;
    this.counts.forgiven += 1;
    for (const lease of this.#leases.values()) {
      // A call is heard, makes the registry look about itself, and then renews.
      if (lease.renewals.at(-1)?.at === now) {
        blur(lease.renewals.slice(0, -1));
        continue;
      }
      blur(lease.renewals);
      if (Number.isNaN(lease.forgivenAt)) {
        lease.forgivenAt = now;
        lease.unhealthyBy = Math.max(lease.unhealthyBy, now + lease.ttlMs);
        lease.goneBy = Math.max(lease.goneBy, now + lease.removeAfterMs);
      } else {
        const { ttlMs, removeAfterMs } = lease;
        const returnBy = now + Math.ceil(ttlMs / 2) + 2;
        // Who was unhealthy already has only its removal left to come back before.
        const goneAfterReturn = lease.unhealthyBy < since ? returnBy : returnBy + removeAfterMs - ttlMs;
        lease.unhealthyBy = Math.min(now + ttlMs, Math.max(lease.unhealthyBy + now - since, returnBy));
        lease.goneBy = Math.min(now + removeAfterMs, Math.max(lease.goneBy + now - since, goneAfterReturn));
      }
    }
  }

  /** The journal says that the lease ran out. `at` is when, in the world's time. */
  ranOut(key: InstanceKey, lapse: 'expired' | 'unhealthy', at: number): void {
    this.counts[lapse] += 1;
    const lease = this.#leases.get(nameOf(key));
    const newest = lease?.renewals.findLast((renewal) => renewal.acknowledged && renewal.at < at);
    if (lease === undefined || newest === undefined) return;
    const lastedMs = this.#hearingAt(at) - newest.hearing;
    const promisedMs = lapse === 'expired' ? lease.removeAfterLeastMs : lease.ttlMs;
    const { name, faithfulSince } = lease;
    const isFaithful = faithfulSince !== undefined && faithfulSince < at;
    if (lease.renewals.at(-1) === newest) lease.healthy = false;
    if (isFaithful && lastedMs < lease.ttlMs) {
      this.#parts.onProblem('I6', `${name} renews in time and is ${lapse}, ${lastedMs} ms after it was heard`);
    } else if (newest.exact && lastedMs < promisedMs) {
      this.#parts.onProblem('I6', `${name} is ${lapse} after ${lastedMs} ms of silence, not after ${promisedMs} ms`);
    }
  }

  /** A call that reached the registry at `at` was shown the instance. */
  shown(key: InstanceKey, healthy: boolean, at: number): void {
    const lease = this.#leases.get(nameOf(key));
    if (lease === undefined) return;
    const { name, goneBy, unhealthyBy } = lease;
    if (at > goneBy) this.#parts.onProblem('I6', `${name} is shown ${at - goneBy} ms after it was gone`);
    if (healthy && at > unhealthyBy) {
      this.#parts.onProblem('I6', `${name} is shown as healthy ${at - unhealthyBy} ms after its ttl`);
    }
  }

  /** The earliest time by which something must have happened to one of these instances. */
  earliestDeadline(instances: Iterable<{ key: InstanceKey; healthy: boolean }>): { at: number; name: string } {
    const earliest = { at: Number.POSITIVE_INFINITY, name: 'nothing' };
    for (const { key, healthy } of instances) {
      const lease = this.#leases.get(nameOf(key));
      if (lease === undefined) continue;
      const at = healthy ? Math.min(lease.unhealthyBy, lease.goneBy) : lease.goneBy;
      if (at < earliest.at) Object.assign(earliest, { at, name: lease.name });
    }
    return earliest;
  }

  /** Time in which holders could be heard until `at`, which is not longer ago than the outage before the last one. */
  #hearingAt(at: number): number {
    const { from, to } = this.#outage;
    if (at < to) return Math.min(at, from) - (this.#deafMs - (to - from));
    return Math.min(at, this.#downSince ?? at) - this.#deafMs;
  }
}

/** Something was lost or forgiven: what these renewals set is no longer exact. */
function blur(renewals: readonly HeardRenewal[]): void {
  for (const renewal of renewals) renewal.exact = false;
}

const nameOf = ({ group, service, id }: InstanceKey) => `${group}@@${service}/${id}`;
