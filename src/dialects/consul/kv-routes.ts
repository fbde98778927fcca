import { authorize, authorizeAny } from '../../auth/authorize';
import { consulError } from '../../codecs/consul/refusals';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { Principal } from '../../model/grant';
import { intervalOf, intervalOfPrefix } from '../../model/key-interval';
import { jsonAnswer } from './answers';
import { waitOf } from './blocking';
import type { KeptAnswers } from './kept-answers';
import { keyBytes, type LockingSessions } from './kv-entries';
import { type KeyRead, readKeyNames, readPair, readPairs } from './kv-reads';
import { deleteKey, deleteTree, deleteUnchanged, putKey } from './kv-writes';
import { type ConsulRequest, consulRoute } from './routes';

/** Paths of a key: it may have slashes, or be missing. */
const PATHS = ['/kv/:key{.+}', '/kv/', '/kv'];

/** Matches a key that clients, proxies and runtimes may change in a path: RFC 3986 lets them resolve dot segments. */
const UNSAFE_IN_PATH = /(?:^|\/)\.{1,2}(?:\/|$)/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Returns the key in a path, one character a byte; empty if there is none. Consul, too, refuses control characters there.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
function keyInPath({ names }: ConsulRequest): string {
  const { key = '' } = names;
  if (CONTROL.test(key)) throw consulError(400, 'Invalid key name: it has a control character; use /v1/txn');
  if (UNSAFE_IN_PATH.test(key)) {
    throw consulError(400, 'Invalid key name: it has a segment "." or ".."; use /v1/txn');
  }
  return keyBytes(key);
}

/** Returns the key in a path. @throws {RegistryError} With Consul's text if there is none. */
function requireKey(request: ConsulRequest): string {
  const key = keyInPath(request);
  if (key === '') throw consulError(400, 'Missing key name');
  return key;
}

function keyRead(request: ConsulRequest): KeyRead {
  const { query } = request;
  const kind = query.has('keys') ? 'keys' : query.has('recurse') ? 'tree' : query.has('raw') ? 'raw' : 'key';
  const isList = kind === 'keys' || kind === 'tree';
  return {
    key: isList ? keyInPath(request) : requireKey(request),
    options: query.readOptions(),
    kind,
    separator: query.separator(),
  };
}

/** Lists show the keys that the token may read, as in Consul. */
function authorizeRead(principal: Principal, namespace: string, read: KeyRead): void {
  if (read.kind === 'keys' || read.kind === 'tree') authorizeAny(principal, namespace);
  else authorize(principal, 'read', { namespace, keys: intervalOf(read.key) });
}

/** Adds the routes of keys. */
export function addKvRoutes(door: DialectDoor, answers: KeptAnswers, sessions: LockingSessions): void {
  for (const path of PATHS) {
    consulRoute(door, {
      operation: 'read keys',
      method: 'get',
      path,
      scope: 'any',
      authorize: authorizeRead,
      summary: 'Reads a key, the keys with a prefix, or their names',
      read: keyRead,
      waitMs: ({ options }) => waitOf(options),
      withoutDeadline: true,
      call: (namespace, read, call) => {
        if (read.kind === 'key') return readPair(namespace, answers, read, call);
        return (read.kind === 'keys' ? readKeyNames : readPairs)(namespace, read, call);
      },
      answer: (response) => response,
    });

    consulRoute(door, {
      operation: 'put key',
      method: 'put',
      path,
      scope: 'register',
      summary: 'Puts a key; with a condition, or locking or unlocking it for a session',
      withoutDeadline: true,
      read: (request) => ({ key: requireKey(request), write: request.query.kvWrite() }),
      authorize: (principal, namespace, { key }) =>
        authorize(principal, 'register', { namespace, keys: intervalOf(key) }),
      call: (namespace, { key, write }, call) => putKey(namespace, key, write, sessions, call),
      answer: (outcome) => jsonAnswer(outcome),
    });

    consulRoute(door, {
      operation: 'delete keys',
      method: 'delete',
      path,
      scope: 'register',
      summary: 'Deletes a key, or the keys with a prefix',
      read: (request) => {
        const { recurse, cas } = request.query.kvDelete();
        return { key: recurse ? keyInPath(request) : requireKey(request), recurse, cas };
      },
      authorize: (principal, namespace, { key, recurse }) =>
        authorize(principal, 'register', { namespace, keys: recurse ? intervalOfPrefix(key) : intervalOf(key) }),
      call: (namespace, { key, recurse, cas }, call) => {
        if (recurse) return deleteTree(namespace, key, call);
        return cas === undefined ? deleteKey(namespace, key, call) : deleteUnchanged(namespace, key, cas, call);
      },
      answer: (outcome) => jsonAnswer(outcome),
    });
  }
}
