import { Authenticator } from '../auth/authenticator';
import { FailedLogins } from '../auth/failed-logins';
import type { AskDirectory, DirectoryApi } from '../model/directory-api';
import type { RegistryError } from '../model/errors';
import { NAMESPACES_REMEMBERED_MAX_COUNT } from '../model/limits';
import { DEFAULT_LOG_THRESHOLD, logThreshold } from '../model/log';
import { CachedReads, type SharedCache } from './cache/cached-reads';
import { OwnWrites } from './cache/own-writes';
import { addDocsDoors } from './docs/docs-doors';
import { addHealthDoor, type Build } from './operations/health-door';
import { addMetricsRoute } from './operations/metrics-route';
import { Admission } from './pipeline/admission';
import { addDialect, claimsOfDialects, type Dialect, dialectOf } from './pipeline/dialect';
import { RateRefusals } from './pipeline/rate-refusals';
import type { NamespaceWays, Surface } from './pipeline/route';
import type { DialectCard, RouteCard } from './pipeline/route-card';
import { Router } from './pipeline/router';
import type { IncomingRequest } from './request/incoming-request';
import { domainProblem, namespaceOfHost } from './request/namespace-host';
import { withoutNamespace } from './request/namespace-prefix';
import { withoutPathToken } from './request/path-token';
import { rawPath } from './request/request-target';
import { Cors, originsProblem, splitOrigins } from './response/cors';
import { logLevelProblem } from './telemetry/log-level';
import { RequestCounts } from './telemetry/request-counts';
import { RequestObserver, type WriteLog } from './telemetry/request-observer';
import type { RequestRecord } from './telemetry/request-record';
import { addAuditRoute } from './v1/audit-route';
import { addDirectoryNamespaceRoutes } from './v1/directory-namespace-routes';
import { addHistoryRoutes } from './v1/history-routes';
import { addInstanceRoutes } from './v1/instance-routes';
import { addLeaseRoutes } from './v1/lease-routes';
import { addNamespaceRoutes } from './v1/namespace-routes';
import { addOverrideRoutes } from './v1/override-routes';
import { addResolveRoute } from './v1/resolve-route';
import { addServiceRoutes } from './v1/service-routes';
import { addSubscriberRoutes } from './v1/subscriber-routes';
import { addTokenRoutes } from './v1/token-routes';
import { addTransferRoutes } from './v1/transfer-routes';
import { addWatchRoutes } from './v1/watch-routes';
import type { AcceptSocket } from './watch/accepted-socket';
import type { BytePipe } from './watch/event-stream';
import { Waits } from './watch/waits';

/** What the app is bound to: the host's part in it. */
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
  /** Secret of whoever runs the registry. Unset or too short: everything but `/health` is refused. */
  rootToken: string | null | undefined;
  /** True: the last entry of `X-Forwarded-For` is the caller's address. */
  trustedProxy?: boolean;
  /** Origins of pages that may call from a browser, exact, parted by commas or blanks. Unset: none. */
  corsOrigins?: string | null | undefined;
  /** The least grave lines that are logged: `off`, `error`, `warn` or `info`. Unset: `warn`. */
  logLevel?: string | null | undefined;
  writeLog: WriteLog;
  /** Where namespaces stand in front of as host names, for clients of dialects. Unset: nowhere. */
  namespaceDomain?: string | null | undefined;
  build: Build;
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
  const {
    build,
    now,
    directory,
    rootToken,
    sharedCache: shared,
    waitUntil,
    trustedProxy = false,
    dialects = [],
  } = options;
  const origins = splitOrigins(options.corsOrigins);
  const counts = new RequestCounts();
  const observer = new RequestObserver({
    counts,
    threshold: logThreshold(options.logLevel) ?? DEFAULT_LOG_THRESHOLD,
    write: options.writeLog,
    now,
  });
  const authenticator = new Authenticator({ rootToken, directory, askDirectory: options.askDirectory, now });
  const admission = new Admission({
    authenticator,
    failedLogins: new FailedLogins(now),
    trustedProxy,
    fault:
      options.fault ??
      originsProblem(origins) ??
      domainProblem(options.namespaceDomain) ??
      logLevelProblem(options.logLevel),
  });
  const native = new Router(admission);
  const ownWrites = new OwnWrites(NAMESPACES_REMEMBERED_MAX_COUNT);
  const notedWays = new WeakMap<NamespaceWays, NamespaceWays>();
  const noted = (id: string, ways: NamespaceWays | undefined): NamespaceWays | undefined => {
    if (ways === undefined) return undefined;
    const known = notedWays.get(ways) ?? { ...ways, calls: ownWrites.through(id, ways.calls) };
    notedWays.set(ways, known);
    return known;
  };
  const surface: Surface = {
    router: native,
    cards: [],
    dialectCards: [],
    admission,
    cachedReads: new CachedReads({ now, shared, waitUntil }),
    trustedProxy,
    waits: new Waits(now),
    rateRefusals: new RateRefusals(now),
    ownWrites,
    now,
    openPipe: () => options.openPipe(),
    acceptSocket: options.acceptSocket,
    noteFailure: (record, error) => observer.noteFailure(record, error),
    namespaceOf: (id) => {
      const found = options.namespaceOf(id);
      return found instanceof Promise ? found.then((ways) => noted(id, ways)) : noted(id, found);
    },
    directory,
    claimsOf: claimsOfDialects(dialects),
  };

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
  addDirectoryNamespaceRoutes(surface);
  addTokenRoutes(surface);
  addAuditRoute(surface);
  addMetricsRoute(surface, build, counts);
  addHealthDoor(surface, build);
  addDocsDoors(surface, build.version);
  const routers = new Map<Dialect, Router>();
  for (const dialect of dialects) {
    const router = new Router(admission, dialect);
    addDialect({ ...surface, router }, dialect);
    routers.set(dialect, router);
  }

  /** Takes a token off its path, before anything else looks at it. */
  const parted = (request: Request, record: RequestRecord): Response | Promise<Response> => {
    const { url } = request;
    const path = rawPath({ url });
    const rest = withoutPathToken(request, path);
    if (rest === undefined) return routed({ request, url, path, record });
    const { url: restUrl } = rest.request;
    return routed({
      request: rest.request,
      url: restUrl,
      path: rawPath({ url: restUrl }),
      record,
      pathToken: rest.token,
    });
  };
  const hostNamespace = namespaceOfHost(options.namespaceDomain);
  /** Only clients of dialects need a namespace in front of their paths, or of their host: in a native path it has its own place. */
  const routed = (incoming: IncomingRequest): Response | Promise<Response> => {
    const rest = withoutNamespace(incoming.request, incoming.path);
    const request = rest?.request ?? incoming.request;
    const url = rest === undefined ? incoming.url : request.url;
    const path = rest === undefined ? incoming.path : rawPath({ url });
    const dialect = dialectOf(dialects, path);
    const router = dialect && routers.get(dialect);
    if (router === undefined) return native.answer(incoming);
    const namespace = rest?.namespace ?? hostNamespace(incoming.url);
    return router.answer({ ...incoming, request, url, path: dialect?.pathOf?.(path) ?? path, namespace });
  };
  const cors = origins.length === 0 ? undefined : new Cors(origins);
  const fetch = async (request: Request): Promise<Response> => {
    const record = observer.begin(request);
    const answering = cors?.around(request, (asked) => parted(asked, record)) ?? parted(request, record);
    return observer.end(record, request, await answering);
  };
  return { fetch, routes: surface.cards, dialectRoutes: surface.dialectCards };
}
