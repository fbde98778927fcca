import { Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import { Authenticator } from '../auth/authenticator';
import { DOORS } from '../auth/carriers';
import { FailedLogins } from '../auth/failed-logins';
import type { DirectoryApi } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import { Admission } from './admission';
import { CachedReads, type SharedCache } from './cached-reads';
import { Cors, originsProblem, splitOrigins } from './cors';
import { addDialect, type Dialect, dialectOf } from './dialect';
import { addDocsDoors } from './docs/docs-doors';
import { errorResponse, refusalOf } from './error-response';
import { addHealthDoor, type Build } from './health-door';
import { addMetricsRoute } from './metrics-route';
import { domainProblem, namespaceOfHost } from './namespace-host';
import { withoutNamespace } from './namespace-prefix';
import { withoutPathToken } from './path-token';
import { RateRefusals } from './rate-refusals';
import { rawPath } from './request-target';
import type { NamespaceWays, RoutedEnv, Surface } from './route';
import type { DialectCard, RouteCard } from './route-card';
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
  /** Doors for the clients of other registries. */
  dialects?: readonly Dialect[];
  /** Makes a pipe whose writer is told when its reader is gone: the platform has one that tells. */
  openPipe(): BytePipe;
  /** Takes a client's WebSocket that ends in the surface: dialects watch so. */
  acceptSocket: AcceptSocket;
  /** Secret of whoever runs the registry. Unset or too short: everything but `/health` is refused. */
  rootToken: string | null | undefined;
  /** True: the last entry of `X-Forwarded-For` is the caller's address. */
  trustedProxy?: boolean;
  /** Origins of pages that may call from a browser, exact, parted by commas or blanks. Unset: none. */
  corsOrigins?: string | null | undefined;
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
  fetch(request: Request): Response | Promise<Response>;
  /** Every route there is. */
  routes: readonly RouteCard[];
  /** Every route of every dialect. */
  dialectRoutes: readonly DialectCard[];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Methods that a path answers; HEAD is answered wherever GET is. */
function methodsOf(hono: Hono<RoutedEnv>, path: string): string[] {
  return METHODS.filter((method) => hono.router.match(method === 'HEAD' ? 'GET' : method, path)[0].length > 0);
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
  const hono = new Hono<RoutedEnv>({ getPath: (request, given) => given?.env?.path ?? rawPath(request) });
  const origins = splitOrigins(options.corsOrigins);
  const authenticator = new Authenticator({ rootToken, directory, now, waitUntil });
  const surface: Surface = {
    hono,
    cards: [],
    dialectCards: [],
    admission: new Admission({
      authenticator,
      failedLogins: new FailedLogins(now),
      trustedProxy,
      fault: originsProblem(origins) ?? domainProblem(options.namespaceDomain),
    }),
    cachedReads: new CachedReads({ now, shared, waitUntil }),
    trustedProxy,
    waits: new Waits(now),
    rateRefusals: new RateRefusals(now),
    now,
    openPipe: () => options.openPipe(),
    acceptSocket: options.acceptSocket,
    namespaceOf: (id) => options.namespaceOf(id),
    directory,
  };

  addInstanceRoutes(surface);
  addLeaseRoutes(surface);
  addResolveRoute(surface);
  addServiceRoutes(surface);
  addOverrideRoutes(surface);
  addHistoryRoutes(surface);
  addWatchRoutes(surface);
  addSubscriberRoutes(surface);
  addNamespaceRoutes(surface);
  addDirectoryNamespaceRoutes(surface);
  addTokenRoutes(surface);
  addAuditRoute(surface);
  addMetricsRoute(surface, build);
  addHealthDoor(surface, build);
  addDocsDoors(surface, build.version);
  for (const dialect of dialects) addDialect(surface, dialect);

  // Only who may come in learns which doors there are.
  hono.notFound(async (context) => {
    const carriers = dialectOf(dialects, context.req.path)?.carriers ?? DOORS.api;
    await surface.admission.admit(carriers, context.req.raw, context.env);
    const { method, path } = context.req;
    const allow = methodsOf(hono, path);
    if (allow.length > 0) {
      throw new RegistryError('METHOD_NOT_ALLOWED', `this route answers ${allow.join(', ')}, not ${method}`, {
        allow,
      });
    }
    throw new RegistryError('ROUTE_NOT_FOUND', 'there is no such route; all of them are listed at /docs');
  });
  hono.onError((error, context) => {
    const pattern = matchedRoutes(context).at(-1)?.path ?? 'no route';
    const refusal = refusalOf(error, `${context.req.method} ${pattern}`);
    return dialectOf(dialects, context.req.path)?.refuse(refusal, context.req.raw) ?? errorResponse(refusal);
  });

  const fetch = (request: Request): Response | Promise<Response> => {
    const path = rawPath(request);
    const parted = withoutPathToken(request, path);
    if (parted === undefined) return routed(request, path);
    return routed(parted.request, rawPath(parted.request), parted.token);
  };
  const hostNamespace = namespaceOfHost(options.namespaceDomain);
  /** Only clients of dialects need a namespace in front of their paths, or of their host: in a native path it has its own place. */
  const routed = (request: Request, path: string, pathToken?: string): Response | Promise<Response> => {
    const parted = withoutNamespace(request, path);
    const rest = parted === undefined ? path : rawPath(parted.request);
    const dialect = dialectOf(dialects, rest);
    if (dialect === undefined) return hono.fetch(request, { path, pathToken });
    const namespace = parted?.namespace ?? hostNamespace(request.url);
    const known = dialect.pathOf?.(rest) ?? rest;
    return hono.fetch(parted?.request ?? request, { path: known, pathToken, namespace });
  };
  const app = { fetch, routes: surface.cards, dialectRoutes: surface.dialectCards };
  if (origins.length === 0) return app;
  const cors = new Cors(origins);
  return { ...app, fetch: (request) => cors.around(request, fetch) };
}
