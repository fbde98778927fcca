import type { ClientCore } from './client-core';
import { RollcallError } from './rollcall-error';

/** Cores of all clients, for entry points that extend a client: its own would load them for every program. */
const CORES = new WeakMap<object, ClientCore>();

/** Records the core of a client. */
export function setCore(client: object, core: ClientCore): void {
  CORES.set(client, core);
}

/**
 * Returns the core of a client.
 *
 * @throws {RollcallError} `INVALID_REQUEST` if the client is not from `rollcall()`, or is from another copy of the package.
 */
export function coreOf(client: object): ClientCore {
  const core = CORES.get(client);
  if (core !== undefined) return core;
  const message = 'the client must be one that rollcall() of this copy of rollcall/client has created';
  throw new RollcallError('INVALID_REQUEST', message);
}
