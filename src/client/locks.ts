/**
 * Entry point `rollcall/client/locks`: self-renewing leases, locks and elections.
 *
 * @module
 */
import type { Client } from './client';
import { type ClaimOptions, claim, type Held } from './locks/claim';
import { type Election, openElection } from './locks/election';
import { keepLease, type Lease, type LeaseOptions } from './locks/lease';
import { coreOf } from './wire/core-of';

export type { CallSettings } from './entries/attempts';
export type { Compare } from './entries/transaction';
export type { ClaimOptions, Held, Leadership } from './locks/claim';
export type { Election, Leader } from './locks/election';
export type { Lease, LeaseOptions } from './locks/lease';

/**
 * Grants a lease, and renews it until it is revoked or lost. Closing the client revokes it.
 *
 * @example
 * ```ts
 * await using lease = await grantLease(client, { ttlMs: 15_000 });
 * await kv(client).put('workers/7', 'busy', { lease: lease.id });
 * ```
 * @throws {RollcallError} If the registry refuses it.
 */
export function grantLease(client: Client, options: LeaseOptions): Promise<Lease> {
  return keepLease(coreOf(client), options);
}

/**
 * Waits for a lock, even while the registry can't be reached, and holds it until it is released or lost. Closing the client
 * releases it.
 *
 * @example
 * ```ts
 * await using held = await lock(client, 'nightly-report');
 * await upload(report, { token: held.token, signal: held.signal });
 * ```
 * @param name Name of the lock. Its entries are below `locks/<name>/`, so the token needs `read` and `register` on those keys.
 * @throws The reason of the signal, if it aborts.
 * @throws {RollcallError} If the registry refuses the lease or the entry.
 */
export function lock(client: Client, name: string, options: ClaimOptions = {}): Promise<Held> {
  return claim(coreOf(client), prefixOf('locks', name), options, true);
}

/** Takes a lock like {@link lock}, but without waiting: returns undefined if another client holds it. */
export function tryLock(client: Client, name: string, options: ClaimOptions = {}): Promise<Held | undefined> {
  return claim(coreOf(client), prefixOf('locks', name), options, false);
}

/**
 * Opens an election.
 *
 * @example
 * ```ts
 * await using leadership = await election(client, 'scheduler').campaign({ value: 'http://10.0.0.7:8080' });
 * while (leadership.isHeld) await runNextJob(leadership.token);
 * ```
 * @param name Name of the election. Its entries are below `elections/<name>/`, so the token needs `read` and `register` on
 * those keys.
 */
export function election(client: Client, name: string): Election {
  return openElection(coreOf(client), prefixOf('elections', name));
}

/** Returns the prefix of all claims of a name. A slash in it is encoded: `a` and `a/b` must not share claims. */
const prefixOf = (kind: string, name: string): string => `${kind}/${name.replace(/[%/]/g, encodeURIComponent)}/`;
