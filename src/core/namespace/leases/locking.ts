import { quoteKey } from '../../../model/entry';
import { RegistryError } from '../../../model/errors';
import type { LeaseName, LockChange } from '../../../model/granted-lease';
import { LEASE_LOCKS_MAX_COUNT } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import type { Draft } from '../commit/draft';
import { type Entry, type EntryLock, freed, lockHolder } from '../entries/entry';
import { requireGranted } from './granting';

/** Locks of entries, which leases acquire and release, and lose without losing the entry when they end. */

/**
 * Returns the lock of an entry after a put; undefined if it never had one.
 *
 * @throws {RegistryError} `LOCK_HELD`, `CONFLICT`, `LEASE_NOT_FOUND`, `FORBIDDEN`, `LIMIT_EXCEEDED`, `INVALID_REQUEST`.
 */
export function lockAfterPut(
  draft: Draft,
  caller: Caller,
  key: string,
  { acquire, release, door }: LockChange,
): EntryLock | undefined {
  const before = draft.entries.get(key);
  const lock = before?.facts?.lock;
  if (acquire !== undefined && release !== undefined) {
    throw new RegistryError('INVALID_REQUEST', `give "acquire" or "release" for the entry ${quoteKey(key)}, not both`);
  }
  if (acquire !== undefined) return acquired(draft, caller, key, before, { lease: acquire, door });
  if (release === undefined) return keptLock(draft, before);
  const { id } = requireGranted(draft.granted, caller, { lease: release, door });
  if (lock?.lease === id) return freed(lock);
  if (lock?.lease != null) throw heldByOther(key, lock.lease);
  throw new RegistryError(
    'CONFLICT',
    `the entry ${quoteKey(key)} is not locked, so the lease ${id} cannot release it; put it without "release"`,
  );
}

function acquired(draft: Draft, caller: Caller, key: string, before: Entry | undefined, name: LeaseName): EntryLock {
  const { granted, lockDelays, now, revision } = draft;
  const lease = requireGranted(granted, caller, name);
  const lock = before?.facts?.lock;
  if (lock?.lease === lease.id) return lock;
  if (lock?.lease != null && granted.get(lock.lease) !== undefined) throw heldByOther(key, lock.lease);
  const delayMs = lockDelays.remainingMs(key, now);
  if (delayMs > 0) {
    throw new RegistryError(
      'LOCK_HELD',
      `the lease that had locked the entry ${quoteKey(key)} has ended, and its client may not have noticed; its lock delay lasts for another ${delayMs} ms, try again then`,
      { retryAfterSeconds: Math.ceil(delayMs / 1_000) },
    );
  }
  const taken = draft.locksTaken.get(lease.id) ?? 0;
  if (lease.locks.size + taken >= LEASE_LOCKS_MAX_COUNT) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the lease ${lease.id} has locked ${LEASE_LOCKS_MAX_COUNT} entries, the maximum; release some, or use another lease`,
    );
  }
  draft.locksTaken.set(lease.id, taken + 1);
  return { lease: lease.id, index: (lock?.index ?? 0) + 1, acquiredRevision: revision };
}

/** Returns the lock as a put without a lease leaves it. A lease that has ended loses it then, not only with its end. */
function keptLock({ granted }: Draft, before: Entry | undefined): EntryLock | undefined {
  const holder = lockHolder(before);
  const lock = before?.facts?.lock;
  return holder !== null && granted.get(holder)?.ending !== undefined ? freed(lock) : lock;
}

function heldByOther(key: string, lease: number): RegistryError {
  return new RegistryError(
    'LOCK_HELD',
    `the entry ${quoteKey(key)} is locked by the lease ${lease}; wait until it is released, or until that lease ends`,
  );
}
