import type { DirectoryApi } from '../../model/directory-api';
import type { ClaimsOf } from '../../model/instance';
import type { CachedReads } from '../cache/cached-reads';
import type { OwnWrites } from '../cache/own-writes';
import type { OriginSettings } from '../request/headers';
import type { RequestRecord } from '../telemetry/request-observer';
import type { AcceptSocket } from '../watch/accepted-socket';
import type { BytePipe } from '../watch/event-stream';
import type { Waits } from '../watch/waits';
import type { Authentication } from './authentication';
import type { NamespaceWays } from './request-context';
import type { DialectCard, RouteCard } from './route-card';
import type { Router } from './router';

/** The place that routes are registered on: the router, and everything that all of its routes share. */
export interface Surface {
  router: Router;
  /** Every route that was registered, for the documentation and for the test that walks them all. */
  cards: RouteCard[];
  /** Every route of every dialect. */
  dialectCards: DialectCard[];
  authentication: Authentication;
  /** The namespace of an id; undefined where there is none. Known at once, mostly. */
  namespaceOf(id: string): NamespaceWays | undefined | Promise<NamespaceWays | undefined>;
  directory: DirectoryApi;
  /** Reads the services that the extensions of an instance claim beside its own. */
  claimsOf: ClaimsOf;
  cachedReads: CachedReads;
  /** Sources of a caller's address. */
  origins: OriginSettings;
  waits: Waits;
  ownWrites: OwnWrites;
  /** Makes a pipe whose writer learns when its reader is gone. */
  openPipe(): BytePipe;
  /** Takes a client's WebSocket. */
  acceptSocket: AcceptSocket;
  /** Logs an error after an answer has begun. */
  noteFailure(record: RequestRecord, error: unknown): void;
  /** Milliseconds since the epoch. */
  now(): number;
}
