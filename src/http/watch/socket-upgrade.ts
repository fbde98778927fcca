import { RegistryError } from '../../model/errors';
import { SOCKET_PROTOCOL } from '../../model/frames';
import { invalid } from '../field-errors';

/** Begins the subprotocol that carries a token: a browser can't send headers with a WebSocket. */
const TOKEN_PREFIX = 'token.';

function offeredProtocols(headers: Headers): string[] {
  return (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
}

/** The credential of an upgrade as an `Authorization` header has it; null where there is none. The header goes first. */
export function socketCredential(headers: Headers): string | null {
  const authorization = headers.get('authorization');
  if (authorization !== null) return authorization;
  const token = offeredProtocols(headers).find((name) => name.startsWith(TOKEN_PREFIX));
  return token === undefined ? null : `Bearer ${token.slice(TOKEN_PREFIX.length)}`;
}

/**
 * Refuses whatever is no WebSocket that speaks our subprotocol.
 *
 * @throws {RegistryError} `UPGRADE_REQUIRED`, `INVALID_REQUEST`.
 */
export function assertSocketUpgrade(headers: Headers): void {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new RegistryError(
      'UPGRADE_REQUIRED',
      `this is a WebSocket: connect to it as one, with the subprotocol ${SOCKET_PROTOCOL}; for plain HTTP there is the event stream at …/watch`,
    );
  }
  if (offeredProtocols(headers).includes(SOCKET_PROTOCOL)) return;
  throw invalid('headers', [
    { path: 'Sec-WebSocket-Protocol', message: `must offer ${SOCKET_PROTOCOL}, the only protocol spoken here` },
  ]);
}
