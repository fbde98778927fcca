import type { JournaledEntry } from '../../src/core/namespace/entries/entry-changes';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import type { InstanceKey } from '../../src/model/batch';
import type { JournaledRevision } from './journal-rows';
import type { LeaseOracle } from './lease-oracle';
import type { Replica } from './replica';

/** Tolerance for the end of a lock delay, which is counted from the commit of the end. */
const DELAY_SLACK_MS = 3_000;

/** Outside knowledge of one granted lease. */
interface Granted {
  /** Null: it ends only when it is revoked. */
  ttlMs: number | null;
  lockDelayMs: number;
  /** True if its client has asked to revoke it, or is about to. */
  revoking: boolean;
  heardAt: number;
}

/** A row of the table of leases. */
export interface LeaseRow {
  id: string;
  ttlMs: number | null;
  /** True if it has ended, and holds so much that its end takes a while. */
  isEnding: boolean;
}

export interface GrantedOracleParts {
  now: () => number;
  /** Time of the registry's clock. */
  clock: () => number;
  /** The disk, without faults. */
  storage: () => SqlStorage;
  /** True if the clock is never set, so that times of the journal can be compared. */
  hasSteadyClock: boolean;
  leases: LeaseOracle;
  onProblem: (invariant: string, what: string) => void;
}

/**
 * Determines when a granted lease may end and when it must have (I6), and that its end is one revision: everything that it
 * holds is deleted, what it has only locked stays, and no other lease locks that before the lock delay is over.
 */
export class GrantedOracle {
  readonly #parts: GrantedOracleParts;
  readonly #leases = new Map<string, Granted>();
  readonly #ended = new Set<string>();
  /** Lock delays that are running or past, by key, in the registry's time. */
  readonly #delays = new Map<string, { lease: string; from: number; until: number }>();
  #troubledAt = Number.NEGATIVE_INFINITY;
  counts = { granted: 0, expired: 0, revoked: 0, held: 0, acquired: 0, released: 0, refused: 0, delayed: 0 };
  /** Rows of leases and of lock delays that may have been written so far. */
  rows = { leases: 0, delays: 0 };

  constructor(parts: GrantedOracleParts) {
    this.#parts = parts;
  }

  /** The clock was set, or the registry has lost renewals: to it, leases may be past their limits. */
  troubled(): void {
    this.#troubledAt = this.#parts.now();
  }

  /** A request for a lease has reached the registry, which writes a row. */
  asked(): void {
    this.rows.leases += 1;
  }

  /** A lease was granted, and its client knows. */
  granted(id: string, terms: { ttlMs: number | null; lockDelayMs: number }, heardAt: number): void {
    if (this.#ended.has(id)) this.#parts.onProblem('GL4', `the id ${id} of an ended lease was granted again`);
    this.counts.granted += 1;
    this.#leases.set(id, { ...terms, revoking: false, heardAt });
    this.heard(id, heardAt);
    this.acknowledged(id, heardAt);
  }

  /** A renewal has reached the registry. */
  heard(id: string, at = this.#parts.now()): void {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.ttlMs === null) return;
    const { ttlMs, heardAt } = lease;
    // A lease that was asked for a sign of life is stored when it gives one.
    if (at - heardAt > ttlMs / 2 || heardAt <= this.#troubledAt) this.rows.leases += 1;
    lease.heardAt = at;
    this.#parts.leases.heard(
      leaseKey(id),
      { ttlMs, removeAfterMs: ttlMs, intervalMs: Math.floor(ttlMs / 3) },
      true,
      at,
    );
  }

  /** The renewal that was heard at `heardAt` was acknowledged. */
  acknowledged(id: string, heardAt: number): void {
    this.#parts.leases.acknowledged(leaseKey(id), heardAt);
  }

  /** Its client stops renewing. */
  silent(id: string): void {
    this.#parts.leases.silent(leaseKey(id));
  }

  /** Its revocation is requested: it may end from now on. */
  revoking(id: string): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) lease.revoking = true;
    this.silent(id);
  }

  /** A call was refused because the lease has ended: the disk must confirm it, and it must have been allowed to. */
  refused(id: string, heardAt: number): void {
    this.counts.refused += 1;
    const row = this.rowsOnDisk().find((each) => each.id === id);
    if (row !== undefined && !row.isEnding) {
      this.#parts.onProblem('I3', `the lease ${id} is LEASE_NOT_FOUND, but exists`);
    }
    const lease = this.#leases.get(id);
    // One that holds nothing ends without a revision.
    if (lease !== undefined && !this.#ended.has(id)) this.#mayEnd(id, lease.revoking ? 'revoked' : 'expired', heardAt);
    this.forget(id);
  }

  /** Its client uses it no more. */
  forget(id: string): void {
    this.#parts.leases.released(leaseKey(id), Number.POSITIVE_INFINITY);
  }

  /** A call that reached the registry at `at` showed that a lease exists, or an entry that it holds. */
  shown(id: string, at: number): void {
    this.#parts.leases.shown(leaseKey(id), true, at);
  }

  /** Returns the leases that must end unless they are renewed, for the check of the alarm. */
  dueOnDisk(): { key: InstanceKey; healthy: boolean }[] {
    const due = this.rowsOnDisk().filter(({ ttlMs, isEnding }) => ttlMs !== null && !isEnding);
    return due.map(({ id }) => ({ key: leaseKey(id), healthy: true }));
  }

  rowsOnDisk(): LeaseRow[] {
    const rows = this.#parts.storage().read('SELECT id, ttl_ms, ended FROM lease');
    return Array.from(rows, ([id, ttlMs, ended]) => {
      return { id: String(id), ttlMs: ttlMs === null ? null : Number(ttlMs), isEnding: ended !== null };
    });
  }

  /** A revision was made, at a time in the world; the replica already contains it. */
  revised(revision: JournaledRevision, at: number, replica: Replica): void {
    const ends = new Map<string, 'expired' | 'revoked'>();
    for (const change of revision.entries) {
      const { cause } = change;
      this.#checkLock(change, revision);
      if (cause !== 'expired' && cause !== 'revoked') continue;
      if (change.before?.facts?.lock?.lease != null) this.rows.delays += 1;
      for (const id of holdersOf(change)) ends.set(id, cause);
      this.#checkEndOf(change, revision.revision);
    }
    for (const { kind, before, after, cause } of revision.changes) {
      const id = kind === 'instance' && after === null ? leaseOf(before) : undefined;
      if (id !== undefined && (cause === 'expired' || cause === 'revoked')) ends.set(id, cause);
    }
    for (const [id, cause] of ends) this.#end(id, cause, at, revision, replica);
  }

  #end(id: string, cause: 'expired' | 'revoked', at: number, revision: JournaledRevision, replica: Replica): void {
    const { onProblem } = this.#parts;
    this.counts[cause] += 1;
    // The end of a lease that holds much is marked in its row first.
    this.rows.leases += 1;
    if (this.#ended.has(id)) onProblem('I6', `revision ${revision.revision} ends the lease ${id} once more`);
    this.#ended.add(id);
    this.#mayEnd(id, cause, at);
    for (const [key, { entry }] of replica.entries.all() ?? []) {
      const holds = String(entry.lease) === id ? 'holds' : String(entry.lock?.lease) === id ? 'locks' : undefined;
      if (holds !== undefined)
        onProblem('I6', `revision ${revision.revision} ends the lease ${id}, which still ${holds} ${key}`);
    }
    for (const [{ id: instance }, { text }] of replica.records()) {
      if (leaseOf(text) === id)
        onProblem('I6', `revision ${revision.revision} ends the lease ${id}, but leaves ${instance}`);
    }
    this.#beginDelays(id, revision);
    this.forget(id);
  }

  #mayEnd(id: string, cause: 'expired' | 'revoked', at: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    if (cause === 'expired' && lease.ttlMs === null) {
      this.#parts.onProblem('I6', `the lease ${id} has expired, which has no time to live`);
    } else if (cause === 'revoked' && !lease.revoking) {
      this.#parts.onProblem('I6', `the lease ${id} was revoked without a request`);
    } else if (cause === 'expired') this.#parts.leases.ranOut(leaseKey(id), 'expired', at);
  }

  /** Checks an entry after the end of a lease: deleted if that held it, otherwise unchanged but for its lock. */
  #checkEndOf({ key, before, after }: JournaledEntry, revision: number): void {
    const isHeld = before?.lease != null;
    if (isHeld !== (after === null)) {
      this.#parts.onProblem('I6', `revision ${revision} ends a lease, and ${key} is ${JSON.stringify(after)}`);
    }
    this.counts.held += Number(isHeld);
    if (after === null || before === null) return;
    const isSame = Buffer.from(after.value).equals(Buffer.from(before.value));
    if (!isSame) this.#parts.onProblem('I6', `revision ${revision} ends a lease, and changes the value of ${key}`);
  }

  /** Checks an acquisition and a release. */
  #checkLock({ key, before, after }: JournaledEntry, { revision, at }: JournaledRevision): void {
    const [was, is] = [before?.facts?.lock?.lease ?? null, after?.facts?.lock?.lease ?? null];
    for (const id of [after?.lease ?? null, is]) {
      if (id !== null && this.#ended.has(String(id)))
        this.#parts.onProblem('I6', `revision ${revision} gives ${key} to the lease ${id}, which has ended`);
    }
    if (was !== null && is === null) this.counts.released += 1;
    if (is === null || is === was) return;
    this.counts.acquired += 1;
    const delay = this.#delays.get(key);
    if (delay === undefined || !this.#parts.hasSteadyClock) return;
    if (at < delay.until - 50) {
      const early = delay.until - at;
      this.#parts.onProblem(
        'EL5',
        `revision ${revision} locks ${key} ${early} ms before the delay of ${delay.lease} is over`,
      );
    }
    this.counts.delayed += 1;
    this.#delays.delete(key);
  }

  #beginDelays(id: string, { entries, at }: JournaledRevision): void {
    const lockDelayMs = this.#leases.get(id)?.lockDelayMs ?? 0;
    if (lockDelayMs === 0) return;
    for (const { key, before } of entries) {
      if (String(before?.facts?.lock?.lease) !== id) continue;
      this.#delays.set(key, { lease: id, from: at, until: at + lockDelayMs });
    }
  }

  /**
   * A lease did not get a lock. It must have been held, or delayed.
   *
   * @param durable Durable revision when the call reached the registry.
   */
  lockRefused(key: string, replica: Replica, durable: number): void {
    const version = replica.entries.at(key);
    const isSince = version === undefined || version.revision > durable;
    if (isSince || version.entry?.lock?.lease != null || !this.#parts.hasSteadyClock) return;
    const until = this.#delays.get(key)?.until ?? 0;
    if (this.#parts.clock() > until + DELAY_SLACK_MS)
      this.#parts.onProblem('EL1', `the lock of ${key} is refused, but is free since revision ${version.revision}`);
  }
}

/** Returns the name of a granted lease among those of instances. */
const leaseKey = (id: string): InstanceKey => ({ group: 'granted', service: 'lease', id });

/** Returns the leases whose end made a change of an entry. */
function holdersOf({ before, after }: JournaledEntry): string[] {
  if (before === null) return [];
  const lock = before.facts?.lock?.lease ?? null;
  // An entry may be locked by one lease, and deleted by the end of another that holds it.
  const holder = after === null ? before.lease : lock;
  return holder === null ? [] : [String(holder)];
}

/** Returns the granted lease of an instance's record; undefined if it has none. */
function leaseOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  const { definition } = JSON.parse(text) as { definition?: { lease?: { id?: string } | null } }; // `as`: the core wrote it
  return definition?.lease?.id;
}
