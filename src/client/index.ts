/**
 * The client of Rollcall: registers instances and keeps them registered, and watches services.
 *
 * @module
 */
export { type Client, rollcall } from './client';
export { type Releasable, type ReleaseOptions, releaseOnSignals } from './session/release-on-signals';
export type { Watch, WatchOptions, WatchScope, WatchStatus, WatchTransport } from './watch/watch';
export type { ClientOptions, Fetch, SocketEvent, SocketLike, WebSocketConstructor } from './wire/client-options';
export type * from './wire/frames';
export type * from './wire/instance';
export type * from './wire/registration';
export { type FieldError, RollcallError, type RollcallErrorCode, type RollcallErrorFacts } from './wire/rollcall-error';
