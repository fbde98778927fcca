import { ROOT } from '../../../auth/principal';
import { quote, RegistryError } from '../../../model/errors';
import type { WatchScope } from '../../../model/frames';
import {
  SOCKET_MEMORY_MAX_BYTES,
  SOCKETS_PER_NAMESPACE_MAX_COUNT,
  WATCHES_PER_NAMESPACE_MAX_COUNT,
  WATCHES_PER_SOCKET_MAX_COUNT,
} from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { WatchMemory } from '../../platform/connection';
import { encodeMemory } from './connection-memory';
import type { Hub } from './hub';
import type { WatchState } from './watch-state';
import type { Peer } from './watcher';

/** @throws {RegistryError} `LIMIT_EXCEEDED` where the namespace, or the token, has as many sockets as it may. */
export function assertRoomForSocket({ settings }: WatchState, hub: Hub, tokenId: string): void {
  const { sockets, perToken } = settings.limits;
  assertRoom(hub.connectionCount, SOCKETS_PER_NAMESPACE_MAX_COUNT, 'sockets open, the most it takes');
  if (sockets !== undefined) assertRoom(hub.connectionCount, sockets, 'sockets open, by its limit limits.sockets');
  if (perToken?.sockets === undefined || tokenId === ROOT.tokenId) return;
  const what = 'sockets open for this token, by its limit limits.perToken.sockets';
  assertRoom(hub.connectionCountOf(tokenId), perToken.sockets, what);
}

/** @throws {RegistryError} `LIMIT_EXCEEDED` where the namespace, or the token, has as many watches as it may. */
export function assertRoomForWatch({ settings }: WatchState, hub: Hub, tokenId: string): void {
  const { watches, perToken } = settings.limits;
  assertRoom(hub.watchCount, WATCHES_PER_NAMESPACE_MAX_COUNT, 'watches, the most it takes');
  if (watches !== undefined) assertRoom(hub.watchCount, watches, 'watches, by its limit limits.watches');
  if (perToken?.watches === undefined || tokenId === ROOT.tokenId) return;
  const what = 'watches for this token, by its limit limits.perToken.watches';
  assertRoom(hub.watchCountOf(tokenId), perToken.watches, what);
}

/** @throws {RegistryError} `CONFLICT` for a name that is taken, `LIMIT_EXCEEDED` for what one socket can't remember. */
export function assertRoomOnSocket(peer: Peer, watch: string, scope: WatchScope): void {
  if (peer.watchers.has(watch)) {
    throw new RegistryError(
      'CONFLICT',
      `this socket has a watch ${quote(watch)} already; unwatch it, or choose another name`,
    );
  }
  if (peer.watchers.size >= WATCHES_PER_SOCKET_MAX_COUNT) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `this socket has ${WATCHES_PER_SOCKET_MAX_COUNT} watches, the most a socket has`,
    );
  }
  const { memory } = peer.connection;
  // Any of them may fall behind and be acknowledged, and then there is more to remember.
  const most = Number.MAX_SAFE_INTEGER;
  const behind = (each: WatchMemory) => ({ ...each, sentUntil: most, acknowledged: most });
  const size = utf8Length(
    encodeMemory({ ...memory, watches: [...memory.watches, { name: watch, scope }].map(behind) }),
  );
  if (size > SOCKET_MEMORY_MAX_BYTES) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the names in the watches of this socket take ${size} bytes, more than ${SOCKET_MEMORY_MAX_BYTES}; open another socket`,
    );
  }
}

function assertRoom(count: number, most: number, what: string): void {
  if (count < most) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace has ${most} ${what}; come back later, or read with consistency=cached`,
    { retryAfterSeconds: 10 },
  );
}
