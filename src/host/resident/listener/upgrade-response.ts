import type { WebSocket } from 'ws';
import { LightResponse } from './light-response';

/** What becomes of an upgrade that the app has accepted. */
export interface Upgrade {
  headers: Record<string, string>;
  accept(socket: WebSocket): void;
  /** The handshake failed, or the client left before it was over. */
  failed(): void;
}

const upgrades = new WeakMap<Response, Upgrade>();

/**
 * Makes the answer with status 101 to the upgrade of a WebSocket. The platforms refuse to make a response of that status,
 * so it says of itself that it is one.
 *
 * @param headers Of the answer; `Sec-WebSocket-Protocol` names the subprotocol that was chosen.
 * @param accept Called with the socket once the handshake is over, in the same turn.
 * @param failed Called instead where the client left before.
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

/** Returns what an answer does with an upgrade; undefined where it refuses it. */
export function upgradeOf(response: Response): Upgrade | undefined {
  return upgrades.get(response);
}
