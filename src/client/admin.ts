/**
 * The operations of the native API, for tools, scripts and consoles. Services use `rollcall/client` to register and to
 * watch; `rollcall/client/kv` has the operations on entries.
 *
 * @module
 */

import { type Calls, calls } from './admin/calls';
import { type Transfers, transfers } from './admin/transfer';
import type { ClientOptions } from './wire/client-options';
import { RegistryHttp } from './wire/registry-http';

export type { HistoryFilter, InstanceFilter, KeySelection } from './admin/calls';
export type * from './admin/requests';
export type { ExportAsk, ImportAsk, Transfers } from './admin/transfer';
export type * from './wire/access-answers';
export type * from './wire/answers';
export type { ClientOptions, Fetch, SocketEvent, SocketLike, WebSocketConstructor } from './wire/client-options';
export type * from './wire/history-answers';
export type * from './wire/instance';
export type * from './wire/lease-answers';
export type * from './wire/namespace-answers';
export type { LeaseRequest } from './wire/registration';
export { type FieldError, RollcallError, type RollcallErrorCode, type RollcallErrorFacts } from './wire/rollcall-error';
export type * from './wire/transfer-answers';

/** The calls of the API, named after their operations. All of them throw a `RollcallError` on failure. */
export interface Admin extends Calls, Transfers {}

/**
 * Creates a client of the native API.
 *
 * @example
 * ```ts
 * const admin = rollcallAdmin({ url: 'https://registry.example', token });
 * const { instances } = await admin.resolveService({ service: 'orders' });
 * ```
 * @throws {RollcallError} `INVALID_REQUEST` if the URL is invalid.
 */
export function rollcallAdmin(options: ClientOptions): Admin {
  const http = new RegistryHttp(options);
  return { ...calls(http, options), ...transfers(http, options) };
}
