/**
 * The client of Rollcall: registers instances and keeps them registered, watches services, and shares calls out
 * among those who answer for one.
 *
 * @module
 */
export type { InstanceFilter } from './available';
export type { FetchOptions, ResolverRequestInit } from './balanced-fetch';
export type { Attempt, Picker } from './balancer';
export { type Client, rollcall } from './client';
export type { ClientOptions, Fetch, SocketEvent, SocketLike, WebSocketConstructor } from './client-options';
export type { Endpoint } from './endpoint';
export type * from './frames';
export type * from './instance';
export type { EjectionOptions } from './outlier-ejection';
export { powerOfTwo } from './power-of-two';
export type * from './registration';
export { type Releasable, type ReleaseOptions, releaseOnSignals } from './release-on-signals';
export type { Resolver, ResolverOptions } from './resolver';
export { type FieldError, RollcallError, type RollcallErrorCode, type RollcallErrorFacts } from './rollcall-error';
export type { CallReport, PickContext, Selector } from './selector';
export type { SnapshotStore } from './stored-snapshot';
export type { Watch, WatchOptions, WatchScope, WatchStatus, WatchTransport } from './watch';
