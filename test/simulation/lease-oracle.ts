import type { InstanceKey } from '../../src/model/batch';
import type { Lease } from '../../src/model/lease';
import type { AttentionOracle } from './attention-oracle';

/** Number of renewals kept per lease: the journal is read a little later than it is written. */
const RENEWALS_KEPT_COUNT = 4;

/** A renewal, or a registration that renews, which has reached the registry. */
interface HeardRenewal {
  at: number;
  /** {@link LeaseOracle} explains hearing time. */
  hearing: number;
  acknowledged: boolean;
  /** True if the deadlines that it set are exact: there was no loss or gap since. */
  exact: boolean;
}

/** Outside knowledge of one lease: its renewals, and how the registry treated it. */
interface Tracked {
  name: string;
  ttlMs: number;
  /** Upper and lower bound: they differ if another time applies before the first renewal, which a crash may undo. */
  removeAfterMs: number;
  removeAfterLeastMs: number;
  /**
   * Time since which the holder renews in time: it is alive, and retries until it gets an answer. Undefined if it does not.
   * Journal entries are read late, and may be older.
   */
  faithfulSince: number | undefined;
  /** True within its ttl, as far as the journal was read. */
  healthy: boolean;
  /** Newest last. */
  renewals: HeardRenewal[];
  /** World time at which the lease is past its limits if there is no gap until then. */
  unhealthyAt: number;
  goneAt: number;
}

/** Services of the world that the oracle uses. */
export interface LeaseOracleParts {
  now: () => number;
  onProblem: (invariant: string, what: string) => void;
  attention: AttentionOracle;
}

/**
 * Determines when each lease may expire, and when it must have (I6), independently of the registry's own rule.
 *
 * *May not yet:* time counts against a holder only while it could be heard. So a renewed lease is neither unhealthy nor
 * expired before its ttl or removeAfter has passed in *hearing time*, which stands still during outages and freezes. A
 * faithful holder never uses that time up.
 *
 * *Must have:* a second after the limit, or a ttl of listening and a second after the last gap if that is later; or two ttl
 * of listening, if gaps keep coming: see {@link AttentionOracle}.
 *
 * *Clocks.* On a host without a monotonic clock the registry compensates a jump back as far as it sees it; the rest makes
 * leases longer. A jump forward that is shorter than the time between two looks can't be distinguished from elapsed time,
 * and makes them shorter.
 */
export class LeaseOracle {
  readonly #parts: LeaseOracleParts;
  readonly #leases = new Map<string, Tracked>();
  /** Time in which no holder could be heard, less clock jumps that can't be noticed. */
  #deafMs = 0;
  #deafSince: number | undefined;
  #outage = { from: 0, to: 0 };
  counts = { expired: 0, unhealthy: 0, missed: 0, jumpsUnnoticed: 0 };

  constructor(parts: LeaseOracleParts) {
    this.#parts = parts;
  }

  /** Number of leases held, as far as the journal was read. */
  get held(): number {
    return this.#leases.size;
  }

  /** Returns the shortest time to live of all held leases; `Infinity` if there is none. */
  get shortestTtlMs(): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (const { ttlMs } of this.#leases.values()) shortest = Math.min(shortest, ttlMs);
    return shortest;
  }

  /** A renewal, or a registration that renews, reached the registry. It counts unless a crash undoes it. */
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
      unhealthyAt: now + lease.ttlMs,
      goneAt: now + removeAfterMs,
    });
  }

  /** The renewal that was heard at `heardAt` was acknowledged. */
  acknowledged(key: InstanceKey, heardAt: number): void {
    const renewal = this.#leases.get(nameOf(key))?.renewals.find(({ at }) => at === heardAt);
    if (renewal !== undefined) renewal.acknowledged = true;
  }

  /** The holder stops renewing: it is dead, or can't reach the registry. */
  silent(key: InstanceKey): void {
    const tracked = this.#leases.get(nameOf(key));
    if (tracked !== undefined) tracked.faithfulSince = undefined;
  }

  /** The instance was removed at a time in the world: later renewals are of the next one with that name. */
  released(key: InstanceKey, at: number): void {
    const newest = this.#leases.get(nameOf(key))?.renewals.at(-1);
    if (newest !== undefined && newest.at < at) this.#leases.delete(nameOf(key));
  }

  /** No holder is heard from now on: the process died, or is frozen. */
  deaf(): void {
    this.#deafSince ??= this.#parts.now();
    for (const { renewals } of this.#leases.values()) blur(renewals);
  }

  /** Holders are heard again. */
  hears(): void {
    if (this.#deafSince === undefined) return;
    const now = this.#parts.now();
    this.#outage = { from: this.#deafSince, to: now };
    this.#deafMs += now - this.#deafSince;
    this.#deafSince = undefined;
  }

  /** The clock jumped back, partly unseen by the registry: deadlines may be later by this much. */
  delayed(ms: number): void {
    if (ms === 0) return;
    this.#parts.attention.delayed(ms);
    for (const lease of this.#leases.values()) {
      lease.unhealthyAt += ms;
      lease.goneAt += ms;
    }
  }

  /** The clock jumped forward by so little that the registry may take it for elapsed time. */
  hastened(ms: number): void {
    this.counts.jumpsUnnoticed += 1;
    this.#deafMs -= ms;
    for (const { renewals } of this.#leases.values()) blur(renewals);
  }

  /** The registry found a gap in its attention. */
  missed(): void {
    const now = this.#parts.now();
    this.counts.missed += 1;
    for (const { renewals } of this.#leases.values()) blur(renewals.filter(({ at }) => at < now));
  }

  /** The journal reports the end of the lease, at `at` in the world's time. */
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
      this.#parts.onProblem('I6', `${name} renews in time but is ${lapse} ${lastedMs} ms after its last renewal`);
    } else if (newest.exact && lastedMs < promisedMs) {
      this.#parts.onProblem('I6', `${name} is ${lapse} after ${lastedMs} ms of silence, not after ${promisedMs} ms`);
    }
  }

  /** A call that reached the registry at `at` returned the instance. */
  shown(key: InstanceKey, healthy: boolean, at: number): void {
    const lease = this.#leases.get(nameOf(key));
    if (lease === undefined) return;
    const { name, goneAt, unhealthyAt, ttlMs } = lease;
    const { attention, onProblem } = this.#parts;
    if (attention.mustHaveEnded(goneAt, ttlMs, at)) {
      onProblem('I6', `${name} is shown ${at - goneAt} ms after its expiry, ttl ${ttlMs}; ${attention.picture(at)}`);
    } else if (healthy && attention.mustHaveEnded(unhealthyAt, ttlMs, at)) {
      onProblem(
        'I6',
        `${name} is shown as healthy ${at - unhealthyAt} ms after its ttl of ${ttlMs}; ${attention.picture(at)}`,
      );
    }
  }

  /** Returns the earliest time by which one of these instances must have changed, if there is no gap. */
  earliestDeadline(instances: Iterable<{ key: InstanceKey; healthy: boolean }>): { at: number; name: string } {
    const earliest = { at: Number.POSITIVE_INFINITY, name: 'nothing' };
    for (const { key, healthy } of instances) {
      const lease = this.#leases.get(nameOf(key));
      if (lease === undefined) continue;
      const limitAt = healthy ? Math.min(lease.unhealthyAt, lease.goneAt) : lease.goneAt;
      const at = this.#parts.attention.endsBy(limitAt, lease.ttlMs);
      if (at < earliest.at) Object.assign(earliest, { at, name: lease.name });
    }
    return earliest;
  }

  /** Returns the hearing time until `at`, which is not before the outage before the last one. */
  #hearingAt(at: number): number {
    const { from, to } = this.#outage;
    if (at < to) return Math.min(at, from) - (this.#deafMs - (to - from));
    return Math.min(at, this.#deafSince ?? at) - this.#deafMs;
  }
}

/** After a loss or gap, the deadlines that these renewals set are no longer exact. */
function blur(renewals: readonly HeardRenewal[]): void {
  for (const renewal of renewals) renewal.exact = false;
}

const nameOf = ({ group, service, id }: InstanceKey) => `${group}@@${service}/${id}`;
