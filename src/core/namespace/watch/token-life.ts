import { ROOT } from '../../../auth/principal';
import { SOCKET_TOKENS_CHECK_INTERVAL_MS } from '../../../model/limits';
import type { ConnectionMemory } from '../../platform/connection';

/** When something is to be done about the token of a socket, by the clock; `Infinity` for the root token. */
export function dueAt({ caller, expiresAt = Number.POSITIVE_INFINITY, checkedAt }: ConnectionMemory): number {
  if (caller.tokenId === ROOT.tokenId) return expiresAt;
  return Math.min(expiresAt, checkedAt + SOCKET_TOKENS_CHECK_INTERVAL_MS);
}

/** Whether the token of a socket has ended by itself. */
export function hasExpired({ expiresAt }: ConnectionMemory, clock: number): boolean {
  return expiresAt !== undefined && expiresAt <= clock;
}
