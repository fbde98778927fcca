import { formatDuration, type Nanoseconds, parseDuration } from './duration';
import { Members } from './members';
import { consulError } from './refusals';

/** Behaviors of a session: what happens to the keys that it holds when it ends. */
export type SessionBehavior = 'release' | 'delete';

/** A check of a service that a session depends on. */
export interface ServiceCheck {
  id: string;
  namespace: string;
}

/** A session, as its client asks for it. */
export interface SessionRequest {
  name: string;
  /** Empty: the node of the agent. */
  node: string;
  lockDelay: Nanoseconds;
  behavior: SessionBehavior;
  /** 0: the session ends only when it is destroyed, or with its node or a check. */
  ttl: Nanoseconds;
  /** The time to live in the client's own words, which Consul keeps. */
  ttlText: string;
  /** Checks of the node. A session ends when one of its checks turns critical or is removed. */
  nodeChecks: string[];
  serviceChecks: ServiceCheck[];
}

/** A session as clients see it. */
export interface ShownSession extends SessionRequest {
  /** A UUID. */
  id: string;
  createIndex: number;
  modifyIndex: number;
}

/** Check that every node has, and on which sessions depend by default. */
export const SERF_HEALTH = 'serfHealth';

const SECOND: Nanoseconds = 1e9;

/** Times of sessions. Source: `agent/structs/structs.go`, `agent/consul/config.go`. */
const DEFAULT_LOCK_DELAY = 15 * SECOND;
const LONGEST_LOCK_DELAY = 60 * SECOND;
const SHORTEST_TTL = 10 * SECOND;
const LONGEST_TTL = 86_400 * SECOND;

/** Lock delays below this count as seconds. */
const SECONDS_BELOW = 1_000;

/**
 * Reads the request for a session. Consul's status for a behavior or time that it refuses is 500; here it is 400, with the
 * same text.
 *
 * @param body Undefined if the request has none.
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function readSessionRequest(body: unknown): SessionRequest {
  const members = Members.of(body, 'Session');
  const behavior = members.text('Behavior');
  if (behavior !== '' && behavior !== 'release' && behavior !== 'delete') {
    throw consulError(400, `Invalid Behavior setting '${behavior}'`);
  }
  return {
    name: members.text('Name'),
    node: members.text('Node'),
    lockDelay: lockDelayIn(members),
    behavior: behavior === '' ? 'release' : behavior,
    ttl: ttlIn(members),
    ttlText: members.text('TTL'),
    ...checksIn(members),
  };
}

function lockDelayIn(members: Members): Nanoseconds {
  const given = members.duration('LockDelay');
  if (given === undefined) return DEFAULT_LOCK_DELAY;
  const delay = given < SECONDS_BELOW ? given * SECOND : given;
  return Math.min(Math.max(0, delay), LONGEST_LOCK_DELAY);
}

function ttlIn(members: Members): Nanoseconds {
  const text = members.text('TTL');
  if (text === '') return 0;
  const ttl = parseDuration(text);
  if (typeof ttl === 'object') throw consulError(400, `Session TTL '${text}' invalid: ${ttl.problem}`);
  if (ttl !== 0 && (ttl < SHORTEST_TTL || ttl > LONGEST_TTL)) {
    const range = `${formatDuration(SHORTEST_TTL)}=${formatDuration(LONGEST_TTL)}`;
    throw consulError(400, `Invalid Session TTL '${ttl}', must be between [${range}]`);
  }
  return ttl;
}

/**
 * Returns the checks on which a session depends. Before 1.7 the member was `Checks`; an empty list there means none.
 *
 * Source: `fixupEmptySessionChecks`.
 */
function checksIn(members: Members): Pick<SessionRequest, 'nodeChecks' | 'serviceChecks'> {
  const serviceChecks = members.list('ServiceChecks').map((value) => {
    const check = Members.of(value, 'ServiceCheck');
    return { id: check.text('ID'), namespace: check.text('Namespace') };
  });
  const older = members.has('Checks') ? members.texts('Checks') : undefined;
  const newer = members.has('NodeChecks') ? members.texts('NodeChecks') : undefined;
  if (older?.length === 0 || newer?.length === 0) return { nodeChecks: [], serviceChecks };
  // The check of the node stays unless the newer member replaces it.
  return { nodeChecks: [...new Set([...(older ?? []), ...(newer ?? [SERF_HEALTH])])], serviceChecks };
}

/** Formats a session. */
export function showSession(session: ShownSession): object {
  return {
    ID: session.id,
    Name: session.name,
    Node: session.node,
    LockDelay: session.lockDelay,
    Behavior: session.behavior,
    TTL: session.ttlText,
    NodeChecks: session.nodeChecks,
    ServiceChecks:
      session.serviceChecks.length === 0
        ? null
        : session.serviceChecks.map(({ id, namespace }) => ({ ID: id, Namespace: namespace })),
    CreateIndex: session.createIndex,
    ModifyIndex: session.modifyIndex,
  };
}
