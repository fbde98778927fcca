import { ROOT } from '../../auth/principal';
import { RegistryError } from '../../model/errors';
import { SOCKETS_PER_NAMESPACE_MAX_COUNT, WATCHES_PER_NAMESPACE_MAX_COUNT } from '../../model/limits';
import type { NamespaceState } from '../state';
import type { Hub } from './hub';

/** @throws {RegistryError} `LIMIT_EXCEEDED` where the namespace, or the token, has as many sockets as it may. */
export function assertRoomForSocket({ settings }: NamespaceState, hub: Hub, tokenId: string): void {
  const { sockets, perToken } = settings.limits;
  assertRoom(hub.connectionCount, SOCKETS_PER_NAMESPACE_MAX_COUNT, 'sockets open, the most it takes');
  if (sockets !== undefined) assertRoom(hub.connectionCount, sockets, 'sockets open, by its limit limits.sockets');
  if (perToken?.sockets === undefined || tokenId === ROOT.tokenId) return;
  const what = 'sockets open for this token, by its limit limits.perToken.sockets';
  assertRoom(hub.connectionCountOf(tokenId), perToken.sockets, what);
}

/** @throws {RegistryError} `LIMIT_EXCEEDED` where the namespace, or the token, has as many watches as it may. */
export function assertRoomForWatch({ settings }: NamespaceState, hub: Hub, tokenId: string): void {
  const { watches, perToken } = settings.limits;
  assertRoom(hub.watchCount, WATCHES_PER_NAMESPACE_MAX_COUNT, 'watches, the most it takes');
  if (watches !== undefined) assertRoom(hub.watchCount, watches, 'watches, by its limit limits.watches');
  if (perToken?.watches === undefined || tokenId === ROOT.tokenId) return;
  const what = 'watches for this token, by its limit limits.perToken.watches';
  assertRoom(hub.watchCountOf(tokenId), perToken.watches, what);
}

function assertRoom(count: number, most: number, what: string): void {
  if (count < most) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace has ${most} ${what}; come back later, or read with consistency=cached`,
    { retryAfterSeconds: 10 },
  );
}
