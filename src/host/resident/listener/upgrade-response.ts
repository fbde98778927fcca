import type { WebSocket } from 'ws';
import { LightResponse } from './light-response';

/** An upgrade that the app has accepted. */
export interface Upgrade {
  headers: Record<string, string>;
  accept(socket: WebSocket): void;
  /** Called instead of `accept` if the handshake fails or the client disconnects first. */
  failed(): void;
}

const upgrades = new WeakMap<Response, Upgrade>();

/**
 * Returns the response with status 101 to a WebSocket upgrade. The `Response` constructor refuses that status, so it is
 * defined on the object afterwards.
 *
 * @param headers Headers of the response. `Sec-WebSocket-Protocol` names the chosen subprotocol.
 * @param accept Called with the socket when the handshake is complete, in the same turn.
 * @param failed Called instead if the client disconnects first.
 */
export function upgradeResponse(
  headers: Record<string, string>,
  accept: (socket: WebSocket) => void,
  failed: () => void = () => {},
): Response {
  const response = new LightResponse(null, { headers }) as unknown as Response; // `as`: it has all members of one
  Object.defineProperty(response, 'status', { value: 101 });
  upgrades.set(response, { headers, accept, failed });
  return response;
}

/** Returns the upgrade that a response accepts; undefined if it refuses the upgrade. */
export function upgradeOf(response: Response): Upgrade | undefined {
  return upgrades.get(response);
}
