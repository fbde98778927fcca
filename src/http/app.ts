import { Authenticator } from '../auth/authenticator';
import { FailedLogins } from '../auth/failed-logins';
import type { AskDirectory, DirectoryApi } from '../model/directory-api';
import type { RegistryError } from '../model/errors';
import type { ClaimsOf } from '../model/instance';
import { NAMESPACES_REMEMBERED_MAX_COUNT } from '../model/limits';
import { DEFAULT_LOG_THRESHOLD, logThreshold } from '../model/log';
import { CachedReads, type SharedCache } from './cache/cached-reads';
import { OwnWrites } from './cache/own-writes';
import { addDocsDoors } from './docs/docs-doors';
import { Authentication } from './pipeline/authentication';
import { addDialect, type Dialect } from './pipeline/dialect';
import type { NamespaceWays } from './pipeline/request-context';
import type { DialectCard, RouteCard } from './pipeline/route-card';
import { domainProblem, entrance, Router } from './pipeline/router';
import type { Surface } from './pipeline/surface';
import type { OriginSettings } from './request/headers';
import { Cors, originsProblem, splitOrigins } from './response/cors';
import { logLevelProblem, RequestCounts, RequestObserver, type WriteLog } from './telemetry/request-observer';
import { addAccessRoutes } from './v1/access-routes';
import { addHistoryRoutes } from './v1/history-routes';
import { addInstanceRoutes } from './v1/instance-routes';
import { addLeaseRoutes } from './v1/lease-routes';
import { addNamespaceRoutes } from './v1/namespace-routes';
import { addOperationsRoutes, type Build, type Monitored } from './v1/operations-routes';
import { addOverrideRoutes } from './v1/override-routes';
import { addResolveRoute } from './v1/resolve-route';
import { addServiceRoutes } from './v1/service-routes';
import { addTransferRoutes } from './v1/transfer-routes';
import { addSubscriberRoutes, addWatchRoutes } from './v1/watch-routes';
import type { AcceptSocket } from './watch/accepted-socket';
import type { BytePipe } from './watch/event-stream';
import { Waits } from './watch/waits';

/** Dependencies and settings of the app: the host's part in it. */
export interface AppOptions {
  /**
   * The namespace of an id; undefined where there is none. At once where that is known, as it mostly is: a promise costs
   * the calls that make up nearly all traffic.
   */
  namespaceOf(id: string): NamespaceWays | undefined | Promise<NamespaceWays | undefined>;
  /** Knows all namespaces, all tokens but root's, and the audit trail. */
  directory: DirectoryApi;
  /** Asks it who sends a request. */
  askDirectory: AskDirectory;
  /** Doors for the clients of other registries. */
  dialects?: readonly Dialect[];
  /** Makes a pipe whose writer is told when its reader is gone: the platform has one that tells. */
  openPipe(): BytePipe;
  /** Takes a client's WebSocket that ends in the surface: dialects watch so. */
  acceptSocket: AcceptSocket;
  /** Fault in how the host is set up: everything but `/health` is refused with it. */
  fault?: RegistryError | undefined;
  /** Secret of the registry's operator. Unset or too short: everything but `/health` is refused. */
  rootToken: string | null | undefined;
  /** True: the last entry of `X-Forwarded-For` is the caller's address. */
  trustedProxy?: boolean;
  /** Returns the client's address of a request; absent on a host that does not know it. */
  addressOf?: OriginSettings['addressOf'];
  /** Origins of pages that may call from a browser, exact, separated by commas or blanks. Unset: none. */
  corsOrigins?: string | null | undefined;
  /** The least grave lines that are logged: `off`, `error`, `warn` or `info`. Unset: `warn`. */
  logLevel?: string | null | undefined;
  writeLog: WriteLog;
  /** Where namespaces stand in front of as host names, for clients of dialects. Unset: nowhere. */
  namespaceDomain?: string | null | undefined;
  build: Build;
  /**
   * Returns the reasons why changes can't be stored, for `/health`: a sentence for each, without names of namespaces, since
   * the route is public.
   */
  problems?: (() => readonly string[]) | undefined;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Where copies for cached reads are shared beyond this isolate. */
  sharedCache?: SharedCache | undefined;
  /** Keeps work going after an answer has left. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** The app: one for an isolate. */
export interface App {
  fetch(request: Request): Promise<Response>;
  /** Every route there is. */
  routes: readonly RouteCard[];
  /** Every route of every dialect. */
  dialectRoutes: readonly DialectCard[];
}

/** Builds the app. There is no middleware: each route is one handler that does all steps, so that a beat costs little. */
export function createApp(options: AppOptions): App {
  const { build, now, directory, dialects = [], problems = () => [] } = options;
  const origins = { trustedProxy: options.trustedProxy ?? false, addressOf: options.addressOf };
  const pageOrigins = splitOrigins(options.corsOrigins);
  const counts = new RequestCounts();
  const observer = new RequestObserver({
    counts,
    threshold: logThreshold(options.logLevel) ?? DEFAULT_LOG_THRESHOLD,
    write: options.writeLog,
    now,
    isDegraded: () => problems().length > 0,
  });
  const authentication = new Authentication({
    authenticator: new Authenticator({
      rootToken: options.rootToken,
      directory,
      askDirectory: options.askDirectory,
      now,
    }),
    failedLogins: new FailedLogins(now),
    origins,
    fault:
      options.fault ??
      originsProblem(pageOrigins) ??
      domainProblem(options.namespaceDomain) ??
      logLevelProblem(options.logLevel),
    now,
  });
  const ownWrites = new OwnWrites(NAMESPACES_REMEMBERED_MAX_COUNT);
  const surface: Surface = {
    router: new Router(authentication),
    cards: [],
    dialectCards: [],
    authentication,
    cachedReads: new CachedReads({ now, shared: options.sharedCache, waitUntil: options.waitUntil }),
    origins,
    waits: new Waits(now),
    ownWrites,
    now,
    openPipe: () => options.openPipe(),
    acceptSocket: options.acceptSocket,
    noteFailure: (record, error) => observer.noteFailure(record, error),
    namespaceOf: notingWrites(ownWrites, (id) => options.namespaceOf(id)),
    directory,
    claimsOf: claimsOfDialects(dialects),
  };
  addNativeRoutes(surface, { build, counts, problems });
  const enter = entrance({
    native: surface.router,
    dialects: dialectRouters(surface, dialects),
    namespaceDomain: options.namespaceDomain,
  });

  const cors = pageOrigins.length === 0 ? undefined : new Cors(pageOrigins);
  const fetch = async (request: Request): Promise<Response> => {
    const record = observer.begin(request);
    const answering = cors?.around(request, (asked) => enter(asked, record)) ?? enter(request, record);
    return observer.end(record, request, await answering);
  };
  return { fetch, routes: surface.cards, dialectRoutes: surface.dialectCards };
}

/** Registers all that is no dialect's; the document and the page list the routes in this order. */
function addNativeRoutes(surface: Surface, monitored: Monitored): void {
  addInstanceRoutes(surface);
  addLeaseRoutes(surface);
  addResolveRoute(surface);
  addServiceRoutes(surface);
  addOverrideRoutes(surface);
  addHistoryRoutes(surface);
  addTransferRoutes(surface);
  addWatchRoutes(surface);
  addSubscriberRoutes(surface);
  addNamespaceRoutes(surface);
  addAccessRoutes(surface);
  addOperationsRoutes(surface, monitored);
  addDocsDoors(surface, monitored.build.version);
}

/** Registers each dialect on a router of its own. */
function dialectRouters(surface: Surface, dialects: readonly Dialect[]): ReadonlyMap<Dialect, Router> {
  const routers = new Map<Dialect, Router>();
  for (const dialect of dialects) {
    const router = new Router(surface.authentication, dialect);
    addDialect({ ...surface, router }, dialect);
    routers.set(dialect, router);
  }
  return routers;
}

/** Reads what the extensions of all dialects claim. */
export function claimsOfDialects(dialects: readonly Dialect[]): ClaimsOf {
  return (service, extensions) =>
    dialects.flatMap(({ name, claimsOf }) =>
      claimsOf !== undefined && Object.hasOwn(extensions, name) ? claimsOf(service, extensions[name]) : [],
    );
}

/** Finds namespaces whose changes are noted as their answers pass. */
function notingWrites(ownWrites: OwnWrites, namespaceOf: AppOptions['namespaceOf']): Surface['namespaceOf'] {
  const noted = new WeakMap<NamespaceWays, NamespaceWays>();
  const noting = (id: string, ways: NamespaceWays | undefined): NamespaceWays | undefined => {
    if (ways === undefined) return undefined;
    const known = noted.get(ways) ?? { ...ways, calls: ownWrites.through(id, ways.calls) };
    noted.set(ways, known);
    return known;
  };
  return (id) => {
    const found = namespaceOf(id);
    return found instanceof Promise ? found.then((ways) => noting(id, ways)) : noting(id, found);
  };
}
