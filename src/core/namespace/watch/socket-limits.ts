import { ROOT } from '../../../auth/authenticator';
import { quote, RegistryError } from '../../../model/errors';
import {
  SOCKET_MEMORY_MAX_BYTES,
  SOCKETS_PER_NAMESPACE_MAX_COUNT,
  WATCHES_PER_NAMESPACE_MAX_COUNT,
  WATCHES_PER_SOCKET_MAX_COUNT,
} from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { NewWatch, WatchMemory } from '../../platform/connection';
import type { CommitState } from '../commit/commit-state';
import { encodeMemory } from './connection-memory';
import type { WatchCounts } from './watch-state';
import type { Peer } from './watcher';

/** @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace or the token has reached its maximum number of sockets. */
export function assertRoomForSocket(
  { settings }: Pick<CommitState, 'settings'>,
  open: WatchCounts,
  tokenId: string,
): void {
  const { sockets, perToken } = settings.limits;
  assertRoom(open.connectionCount, SOCKETS_PER_NAMESPACE_MAX_COUNT, 'open sockets, the maximum');
  if (sockets !== undefined)
    assertRoom(open.connectionCount, sockets, 'open sockets, the maximum set by limits.sockets');
  if (perToken?.sockets === undefined || tokenId === ROOT.tokenId) return;
  const what = 'open sockets of this token, the maximum set by limits.perToken.sockets';
  assertRoom(open.connectionCountOf(tokenId), perToken.sockets, what);
}

/** @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace or the token has reached its maximum number of watches. */
export function assertRoomForWatch(
  { settings }: Pick<CommitState, 'settings'>,
  open: WatchCounts,
  tokenId: string,
): void {
  const { watches, perToken } = settings.limits;
  assertRoom(open.watchCount, WATCHES_PER_NAMESPACE_MAX_COUNT, 'watches, the maximum');
  if (watches !== undefined) assertRoom(open.watchCount, watches, 'watches, the maximum set by limits.watches');
  if (perToken?.watches === undefined || tokenId === ROOT.tokenId) return;
  const what = 'watches of this token, the maximum set by limits.perToken.watches';
  assertRoom(open.watchCountOf(tokenId), perToken.watches, what);
}

/**
 * @throws {RegistryError} `CONFLICT` for a name that is taken, `LIMIT_EXCEEDED` for more watches than one socket can store.
 */
export function assertRoomOnSocket(peer: Peer, watch: NewWatch): void {
  if (peer.watchers.has(watch.name)) {
    throw new RegistryError(
      'CONFLICT',
      `this socket already has a watch ${quote(watch.name)}; unwatch it, or choose another name`,
    );
  }
  if (peer.watchers.size >= WATCHES_PER_SOCKET_MAX_COUNT) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `this socket has ${WATCHES_PER_SOCKET_MAX_COUNT} watches, the maximum; open another socket`,
    );
  }
  const { memory } = peer.connection;
  // Any of them may fall behind or be acknowledged later, which takes more space.
  const most = Number.MAX_SAFE_INTEGER;
  const behind = (each: WatchMemory) => ({ ...each, sentUntil: most, acknowledged: most });
  const size = utf8Length(encodeMemory({ ...memory, watches: [...memory.watches, watch].map(behind) }));
  if (size > SOCKET_MEMORY_MAX_BYTES) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the names and keys in the watches of this socket take ${size} bytes, more than the maximum of ${SOCKET_MEMORY_MAX_BYTES}; open another socket`,
    );
  }
}

function assertRoom(count: number, most: number, what: string): void {
  if (count < most) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace has ${most} ${what}; retry later, or read with consistency=cached`,
    { retryAfterSeconds: 10 },
  );
}
