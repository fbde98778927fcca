/**
 * The client of Rollcall: registers instances and keeps them registered, and watches services.
 *
 * @module
 */
export { type Client, rollcall } from './client';
export type { ClientOptions, Fetch, SocketEvent, SocketLike, WebSocketConstructor } from './client-options';
export type * from './frames';
export type * from './instance';
export type * from './registration';
export { type Releasable, type ReleaseOptions, releaseOnSignals } from './release-on-signals';
export { type FieldError, RollcallError, type RollcallErrorCode, type RollcallErrorFacts } from './rollcall-error';
export type { Watch, WatchOptions, WatchScope, WatchStatus, WatchTransport } from './watch';
