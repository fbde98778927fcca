import { milliseconds, type Nanoseconds } from '../../codecs/consul/duration';
import { indexOf } from '../../codecs/consul/records';
import { consulError } from '../../codecs/consul/refusals';
import { SERF_HEALTH, type SessionBehavior, type SessionRequest, type ShownSession } from '../../codecs/consul/session';
import { quote } from '../../model/errors';
import type { GrantedLeaseView, GrantLeaseCommand } from '../../model/granted-lease';
import { LEASE_DATA_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';

/** Sessions are granted leases. The id of a session is a UUID of version 8 that has the id of its lease, of 53 bits. */

/** End of each id of a session: the variant of a UUID, and six characters in ASCII. */
const ENDING = '8000-726f6c6c6361';

const SESSION_ID = new RegExp(`^([0-9a-f]{8})-([0-9a-f]{4})-80([0-9a-f]{2})-${ENDING}$`, 'i');

/** Hexadecimal digits that the id of a lease takes. */
const DIGITS = 14;

/** Returns the id of the session of a lease. @param lease Decimal. */
export function sessionId(lease: string): string {
  const digits = Number(lease).toString(16).padStart(DIGITS, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-80${digits.slice(12)}-${ENDING}`;
}

/** Returns the id of the lease of a session; undefined for a text that is the id of no session. */
export function leaseOf(session: string): string | undefined {
  const parts = SESSION_ID.exec(session);
  if (parts === null) return undefined;
  const lease = Number.parseInt(parts.slice(1).join(''), 16);
  return Number.isSafeInteger(lease) && lease > 0 ? String(lease) : undefined;
}

/** The part of a session that its lease keeps as data. */
interface KeptSession {
  name: string;
  node: string;
  behavior: SessionBehavior;
  lockDelay: Nanoseconds;
  ttl: Nanoseconds;
  ttlText: string;
  /** True if it depends on the check that every node has. */
  serf: boolean;
  /** Revision of the namespace when it was created. */
  revision: number;
}

/** Consul ends a session when twice its time to live has passed, and clients rely on that. Source: `session_ttl.go`. */
const TTL_FACTOR = 2;

/**
 * Returns the grant of a session's lease.
 *
 * @param node Node of the agent, unless the request names one.
 * @param revision Revision of the namespace.
 * @throws {RegistryError} With Consul's status and text, for checks that can't end a session here.
 */
export function sessionGrant(request: SessionRequest, node: string, revision: number): GrantLeaseCommand {
  const { name, behavior, lockDelay, ttl, ttlText, nodeChecks, serviceChecks } = request;
  const other = nodeChecks.find((id) => id !== SERF_HEALTH) ?? serviceChecks[0]?.id;
  if (other !== undefined) {
    throw consulError(400, `Check ${quote(other)} can't end a session here; use ${SERF_HEALTH} and a TTL`);
  }
  const kept: KeptSession = {
    name,
    node: request.node || node,
    behavior,
    lockDelay,
    ttl,
    ttlText,
    serf: nodeChecks.length > 0,
    revision,
  };
  const data = JSON.stringify(kept);
  if (utf8Length(data) > LEASE_DATA_MAX_BYTES) {
    throw consulError(400, `Session Name and Node are too long, max size: ${LEASE_DATA_MAX_BYTES} bytes`);
  }
  return {
    ttlMs: ttl === 0 ? null : milliseconds(ttl * TTL_FACTOR),
    lockDelayMs: milliseconds(lockDelay),
    door: 'consul',
    data,
  };
}

/** Returns the session of a lease; undefined for a lease that was granted through another API. */
export function sessionOf({ id, data }: Pick<GrantedLeaseView, 'id' | 'data'>): ShownSession | undefined {
  if (data === undefined) return undefined;
  // `as`: only this file writes data of leases.
  const { name, node, behavior, lockDelay, ttl, ttlText, serf, revision } = JSON.parse(data) as KeptSession;
  const index = indexOf(revision);
  return {
    id: sessionId(id),
    name,
    node,
    behavior,
    lockDelay,
    ttl,
    ttlText,
    nodeChecks: serf ? [SERF_HEALTH] : [],
    serviceChecks: [],
    createIndex: index,
    modifyIndex: index,
  };
}
