import { RegistryError } from '../../model/errors';
import { SOCKET_PROTOCOL } from '../../model/frames';
import { invalid } from '../request/field-errors';

function offeredProtocols(headers: Headers): string[] {
  return (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
}

/**
 * Refuses whatever is no WebSocket that speaks our subprotocol.
 *
 * @throws {RegistryError} `UPGRADE_REQUIRED`, `INVALID_REQUEST`.
 */
export function assertSocketUpgrade({ method, headers }: Pick<Request, 'method' | 'headers'>): void {
  // Only GET opens one (RFC 6455, 4.1); a socket in an answer to HEAD, which GET's route answers too, is an error in workerd.
  if (method !== 'GET' || headers.get('upgrade')?.toLowerCase() !== 'websocket') {
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
