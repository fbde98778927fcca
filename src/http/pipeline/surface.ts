import type { DirectoryApi } from '../../model/directory-api';
import type { ClaimsOf } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import type { CachedReads } from '../cache/cached-reads';
import type { OwnWrites } from '../cache/own-writes';
import type { OriginSettings } from '../request/headers';
import type { RequestRecord } from '../telemetry/request-observer';
import type { AcceptSocket } from '../watch/accepted-socket';
import type { BytePipe } from '../watch/event-stream';
import type { Waits } from '../watch/waits';
import type { Authentication } from './authentication';
import type { OpenNamespace } from './request-context';
import type { DialectCard, RouteCard } from './route-card';
import type { Router } from './router';

/** The router that routes are registered on, and everything that they share. */
export interface Surface {
  router: Router;
  /** All registered routes, for the documentation and the tests that cover all of them. */
  cards: RouteCard[];
  /** All routes of all dialects. */
  dialectCards: DialectCard[];
  authentication: Authentication;
  /** Finds a namespace by its id; undefined if there is none. Usually returns without a promise. */
  namespaceOf(id: string): OpenNamespace | undefined | Promise<OpenNamespace | undefined>;
  directory: DirectoryApi;
  /** Reads the further services that the extensions of an instance claim. */
  claimsOf: ClaimsOf;
  cachedReads: CachedReads;
  /** Settings for finding the address of a caller. */
  origins: OriginSettings;
  waits: Waits;
  ownWrites: OwnWrites;
  /** Creates a pipe whose writer learns when its reader is gone. */
  openPipe(): BytePipe;
  /** Accepts a client's WebSocket. */
  acceptSocket: AcceptSocket;
  /** Logs an error that happens after a response has started. */
  noteFailure(record: RequestRecord, error: unknown): void;
  /** Name of the program in this process that runs health checks; absent: nothing here runs any. */
  checkRunner?: string | undefined;
  /** Notifies that program that checks of a namespace have changed; with a service, the checkers of its clusters. */
  checksChanged?: ((namespace: string, service?: ServiceKey) => void) | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}
