import { type ShownSession, showSession } from '../../codecs/consul/session';
import type { RouteCall } from '../../http/pipeline/route-call';
import { hasCode } from '../../model/errors';
import { readJsonText } from '../../model/json';
import { CONSUL_SESSIONS_LOOK_MS, LIST_TEXT_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { type Blocking, waitOf } from './blocking';
import { responseTooLarge, unlessUnknown } from './kv-entries';
import { isSameNode } from './names';
import { leaseOf, sessionOf } from './sessions';

/** A read of sessions. @param names Variable parts of the path. */
type SessionRead = (
  namespace: NamespaceApi,
  call: RouteCall,
  names: Record<string, string>,
) => Promise<readonly ShownSession[]>;

/** Returns the session of a path, or none. */
export const sessionsOf: SessionRead = async (namespace, call, { session = '' }) => {
  const lease = leaseOf(session);
  if (lease === undefined) return [];
  try {
    const found = await unlessUnknown(namespace.readLease(call.caller, { lease, door: 'consul' }));
    const shown = found && sessionOf(readJsonText(found.body));
    return shown === undefined ? [] : [shown];
  } catch (error) {
    // Lists of Consul omit what a token may not read.
    if (hasCode(error, 'FORBIDDEN')) return [];
    throw error;
  }
};

/** Returns the sessions of a token; all if it operates the namespace. */
export const allSessions: SessionRead = async (namespace, call) => {
  const sessions: ShownSession[] = [];
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const { body } = await namespace.listLeases(call.caller, { door: 'consul', after });
    const page = readJsonText(body);
    for (const lease of page.leases) {
      const session = sessionOf(lease);
      if (session !== undefined) sessions.push(session);
    }
    after = page.next;
  }
  return sessions;
};

/** Returns the sessions of the node in a path. */
export const sessionsOfNode: SessionRead = async (namespace, call, { node = '' }) =>
  (await allSessions(namespace, call, {})).filter((session) => isSameNode(session.node, node));

/** A list of sessions as text, with its index. */
interface WatchedSessions {
  text: string;
  index: number;
}

/**
 * Reads sessions; with an index, looks again now and then until they differ. Sessions have no revision, so the index of a list
 * is a time, and a hash of the list in its last bits: a list that differs has a greater index than the one before.
 */
export async function watchSessions(
  asked: Blocking,
  { surroundings, tokenId }: RouteCall,
  read: () => Promise<readonly ShownSession[]>,
): Promise<WatchedSessions> {
  const last = Number(asked.index);
  const look = async (): Promise<WatchedSessions> => {
    const text = JSON.stringify((await read()).map(showSession));
    if (text.length > LIST_TEXT_MAX_BYTES) throw responseTooLarge();
    return { text, index: listIndex(text, surroundings.now(), last) };
  };
  let list = await look();
  let leftMs = waitOf(asked);
  if (list.index !== last || leftMs === 0) return list;
  const leave = surroundings.waits.enter({ tokenId, subscriber: '' }, leftMs);
  try {
    while (leftMs > 0 && list.index === last) {
      const pauseMs = Math.min(leftMs, CONSUL_SESSIONS_LOOK_MS);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      leftMs -= pauseMs;
      list = await look();
    }
  } finally {
    leave();
  }
  return list;
}

/** Values of the hash in an index. With a time in seconds before it, an index has at most 52 bits until 2038. */
const HASHES = 2 ** 21;

/** Seconds by which indexes may run ahead of the time: as many changes may follow each other within one. */
const AHEAD_MAX_COUNT = 3_600;

/** Returns the index of a list: that of the last answer, if it is the same list. @param last 0 if there was none. */
function listIndex(text: string, now: number, last: number): number {
  const hash = hashOf(text);
  if (last > 0 && last <= Number.MAX_SAFE_INTEGER && last % HASHES === hash) return last;
  const index = Math.floor(now / 1_000) * HASHES + hash;
  // Of lists within a second, a later one may have the smaller hash. One from another clock is far ahead.
  const ahead = Math.ceil((last - index) / HASHES);
  return ahead > 0 && ahead <= AHEAD_MAX_COUNT ? index + ahead * HASHES : index;
}

/** Returns a hash of a text: FNV-1a, folded. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return ((hash ^ (hash >>> 21)) >>> 0) % HASHES;
}
