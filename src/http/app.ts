import { Authenticator } from '../auth/authenticator';
import { FailedLogins } from '../auth/failed-logins';
import type { AskDirectory, DirectoryApi } from '../model/directory-api';
import type { RegistryError } from '../model/errors';
import type { Principal } from '../model/grant';
import type { ClaimsOf } from '../model/instance';
import { NAMESPACES_REMEMBERED_MAX_COUNT } from '../model/limits';
import { DEFAULT_LOG_THRESHOLD, logThreshold } from '../model/log';
import type { ServiceKey } from '../model/namespace-api';
import type { NamespaceSockets } from '../model/namespace-sockets';
import { CachedReads, type SharedCache } from './cache/cached-reads';
import { NamespaceFigures } from './cache/namespace-figures';
import { OwnWrites } from './cache/own-writes';
import { addConsoleDoors, type ConsoleFiles } from './console/console-door';
import { addDocsDoors } from './docs/docs-doors';
import { Authentication } from './pipeline/authentication';
import { addDialect, type Dialect } from './pipeline/dialect';
import { openNamespace } from './pipeline/pipeline';
import type { OpenNamespace } from './pipeline/request-context';
import type { DialectCard, RouteCard } from './pipeline/route-card';
import { domainProblem, entrance, Router } from './pipeline/router';
import type { Surface } from './pipeline/surface';
import type { OriginSettings } from './request/headers';
import { Cors, originsProblem, splitOrigins } from './response/cors';
import { logLevelProblem, RequestCounts, RequestObserver, type WriteLog } from './telemetry/request-observer';
import { addAccessRoutes } from './v1/access-routes';
import { addEntryRoutes } from './v1/entry-routes';
import { addGrantedLeaseRoutes } from './v1/granted-lease-routes';
import { addHistoryRoutes } from './v1/history-routes';
import { addInstanceRoutes } from './v1/instance-routes';
import { addLeaseRoutes } from './v1/lease-routes';
import { addNamespaceRoutes } from './v1/namespace-routes';
import { addOperationsRoutes, type Build, type Monitored } from './v1/operations-routes';
import { addOverrideRoutes } from './v1/override-routes';
import { addResolveRoute } from './v1/resolve-route';
import { addServiceRoutes } from './v1/service-routes';
import { addTransactionRoute } from './v1/transaction-route';
import { addTransferRoutes } from './v1/transfer-routes';
import { addSubscriberRoutes, addWatchRoutes } from './v1/watch-routes';
import type { AcceptSocket } from './watch/accepted-socket';
import type { BytePipe } from './watch/event-stream';
import { Waits } from './watch/waits';

/** Dependencies and settings of the app, which the host provides. */
export interface AppOptions {
  /**
   * Finds a namespace by its id; undefined if there is none. Returns no promise if the result is known, as it usually is:
   * a promise would slow down the most frequent calls.
   */
  namespaceOf(id: string): OpenNamespace | undefined | Promise<OpenNamespace | undefined>;
  /** Holds all namespaces, all tokens except the root token, and the audit trail. */
  directory: DirectoryApi;
  /** Asks the directory to verify a credential. */
  askDirectory: AskDirectory;
  /** APIs for the clients of other registries. */
  dialects?: readonly Dialect[];
  /** Creates a pipe whose writer is notified when its reader is gone; provided by the platform. */
  openPipe(): BytePipe;
  /** Accepts a client's WebSocket that terminates here and not in a namespace; dialects use it for watches. */
  acceptSocket: AcceptSocket;
  /** Configuration error of the host: refuses everything except `/health`. */
  fault?: RegistryError | undefined;
  /** Secret of the registry's operator. If unset or too short, everything except `/health` is refused. */
  rootToken: string | null | undefined;
  /** True if the last entry of `X-Forwarded-For` is the caller's address. */
  trustedProxy?: boolean;
  /** Returns the address that a request came from; absent on a host that does not know it. */
  addressOf?: OriginSettings['addressOf'];
  /** Exact origins of pages that may call from a browser, separated by commas or spaces. Unset: none. */
  corsOrigins?: string | null | undefined;
  /** Least severe level that is logged: `off`, `error`, `warn` or `info`. Unset: `warn`. */
  logLevel?: string | null | undefined;
  writeLog: WriteLog;
  /** Domain whose subdomains name namespaces, for clients of dialects. Unset: none. */
  namespaceDomain?: string | null | undefined;
  build: Build;
  /** The built console. Absent: there is none at `/console`. */
  consoleFiles?: ConsoleFiles | undefined;
  /**
   * Returns the problems that keep changes from being stored, for `/health`: one sentence each, without names of
   * namespaces, as `/health` is public.
   */
  problems?: (() => readonly string[]) | undefined;
  /** Name of the program in this process that runs health checks. Absent: nothing here runs any. */
  checkRunner?: string | undefined;
  /** Notifies that program that checks of a namespace have changed; with a service, the checkers of its clusters. */
  checksChanged?: ((namespace: string, service?: ServiceKey) => void) | undefined;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Cache that shares copies for cached reads with other isolates. */
  sharedCache?: SharedCache | undefined;
  /** Keeps work running after a response has been sent. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** Access to the app for listeners of other protocols in the same process, which have no requests of HTTP. */
export interface AppAccess {
  /**
   * Verifies a token; without a promise if it is cached.
   *
   * @param address Address of the client, by which wrong tokens are counted.
   * @throws {RegistryError} As {@link Authentication.authenticate} does.
   */
  authenticate(token: string, address: string): Principal | Promise<Principal>;
  /** Opens a namespace. @throws {RegistryError} `NAMESPACE_NOT_FOUND`, `UNAVAILABLE`. */
  openNamespace(id: string): OpenNamespace | Promise<OpenNamespace>;
  claimsOf: ClaimsOf;
}

/** The app, one per isolate. */
export interface App {
  fetch(request: Request): Promise<Response>;
  /** All native routes. */
  routes: readonly RouteCard[];
  /** All routes of all dialects. */
  dialectRoutes: readonly DialectCard[];
  access: AppAccess;
}

/** Builds the app. It has no middleware: a single handler per route runs all steps, to keep heartbeats cheap. */
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
  const figures: NamespaceFigures = new NamespaceFigures({
    open: (id) => surface.namespaceOf(id),
    changesOf: (id) => ownWrites.changesOf(id),
    now,
  });
  const surface: Surface = {
    router: new Router(authentication),
    cards: [],
    dialectCards: [],
    authentication,
    cachedReads: new CachedReads({ now, shared: options.sharedCache, waitUntil: options.waitUntil }),
    origins,
    waits: new Waits(now),
    checkRunner: options.checkRunner,
    checksChanged: options.checksChanged,
    ownWrites,
    now,
    openPipe: () => options.openPipe(),
    acceptSocket: options.acceptSocket,
    noteFailure: (record, error) => observer.noteFailure(record, error),
    namespaceOf: recordingWrites({ ownWrites, figures }, (id) => options.namespaceOf(id)),
    directory,
    claimsOf: claimsOfDialects(dialects),
  };
  const monitored = { build, counts, figures, askDirectory: options.askDirectory, problems };
  addNativeRoutes(surface, monitored, options.consoleFiles);
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
  const access: AppAccess = {
    authenticate: (token, address) => authentication.verifyToken(token, address),
    openNamespace: (id) => openNamespace(surface, id),
    claimsOf: surface.claimsOf,
  };
  return { fetch, routes: surface.cards, dialectRoutes: surface.dialectCards, access };
}

/** Registers the native routes; the OpenAPI document and the reference page list them in this order. */
function addNativeRoutes(surface: Surface, monitored: Monitored, consoleFiles: ConsoleFiles | undefined): void {
  addInstanceRoutes(surface);
  addLeaseRoutes(surface);
  addResolveRoute(surface);
  addServiceRoutes(surface);
  addOverrideRoutes(surface);
  addEntryRoutes(surface);
  addGrantedLeaseRoutes(surface);
  addTransactionRoute(surface);
  addHistoryRoutes(surface);
  addTransferRoutes(surface);
  addWatchRoutes(surface);
  addSubscriberRoutes(surface);
  addNamespaceRoutes(surface);
  addAccessRoutes(surface);
  addOperationsRoutes(surface, monitored);
  addDocsDoors(surface, monitored.build.version, consoleFiles !== undefined);
  addConsoleDoors(surface, consoleFiles);
}

/** Registers each dialect on its own router. */
function dialectRouters(surface: Surface, dialects: readonly Dialect[]): ReadonlyMap<Dialect, Router> {
  const routers = new Map<Dialect, Router>();
  for (const dialect of dialects) {
    const router = new Router(surface.authentication, dialect);
    addDialect({ ...surface, router }, dialect);
    routers.set(dialect, router);
  }
  return routers;
}

/** Combines the claims of all dialects' extensions. */
export function claimsOfDialects(dialects: readonly Dialect[]): ClaimsOf {
  return (service, extensions) =>
    dialects.flatMap(({ name, claimsOf }) =>
      claimsOf !== undefined && Object.hasOwn(extensions, name) ? claimsOf(service, extensions[name]) : [],
    );
}

/** Wraps namespaces so that the changes made and the sockets opened through this isolate are recorded. */
function recordingWrites(
  { ownWrites, figures }: { ownWrites: OwnWrites; figures: NamespaceFigures },
  namespaceOf: AppOptions['namespaceOf'],
): Surface['namespaceOf'] {
  const noted = new WeakMap<OpenNamespace, OpenNamespace>();
  const recordingSockets = (id: string, sockets: NamespaceSockets): NamespaceSockets => ({
    pass: (...args) => {
      figures.socketOpened(id);
      return sockets.pass(...args);
    },
    open: (...args) => {
      figures.socketOpened(id);
      return sockets.open(...args);
    },
  });
  const recording = (id: string, namespace: OpenNamespace | undefined): OpenNamespace | undefined => {
    if (namespace === undefined) return undefined;
    const known = noted.get(namespace) ?? {
      calls: ownWrites.through(id, namespace.calls),
      sockets: recordingSockets(id, namespace.sockets),
    };
    noted.set(namespace, known);
    return known;
  };
  return (id) => {
    const found = namespaceOf(id);
    return found instanceof Promise ? found.then((namespace) => recording(id, namespace)) : recording(id, found);
  };
}
