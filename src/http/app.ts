import { Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import { Authenticator } from '../auth/authenticator';
import { FailedLogins } from '../auth/failed-logins';
import type { DirectoryApi } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import type { NamespaceApi } from '../model/namespace-api';
import type { NamespaceSockets } from '../model/namespace-sockets';
import { Admission } from './admission';
import { CachedReads, type SharedCache } from './cached-reads';
import { addDocsDoors } from './docs/docs-doors';
import { errorResponse, refusalOf } from './error-response';
import { addHealthDoor, type Build } from './health-door';
import { addMetricsRoute } from './metrics-route';
import { withoutPathToken } from './path-token';
import { rawPath } from './request-target';
import type { RoutedEnv, Surface } from './route';
import type { RouteCard } from './route-card';
import { addInstanceRoutes } from './v1/instance-routes';
import { addLeaseRoutes } from './v1/lease-routes';
import { addNamespaceRoutes } from './v1/namespace-routes';
import { addOverrideRoutes } from './v1/override-routes';
import { addResolveRoute } from './v1/resolve-route';
import { addServiceRoutes } from './v1/service-routes';
import { addSubscriberRoutes } from './v1/subscriber-routes';
import { addWatchRoutes } from './v1/watch-routes';
import type { BytePipe } from './watch/event-stream';
import { Waits } from './watch/waits';

/** What the app is bound to: the host's part in it. */
export interface AppOptions {
  /** The namespace of an id; undefined where there is none. Asked once for each request. */
  namespaceOf(id: string): NamespaceApi | undefined;
  /** The same namespace over sockets. */
  socketsOf(id: string): NamespaceSockets | undefined;
  /** Knows all tokens but root's. */
  directory: Pick<DirectoryApi, 'verify' | 'redeemTicket'>;
  /** Makes a pipe whose writer is told when its reader is gone: the platform has one that tells. */
  openPipe(): BytePipe;
  /** Secret of whoever runs the registry. Unset or too short: everything but `/health` is refused. */
  rootToken: string | null | undefined;
  /** True: the last entry of `X-Forwarded-For` is the caller's address. */
  trustedProxy?: boolean;
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
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Methods that a path answers; HEAD is answered wherever GET is. */
function methodsOf(hono: Hono<RoutedEnv>, path: string): string[] {
  return METHODS.filter((method) => hono.router.match(method === 'HEAD' ? 'GET' : method, path)[0].length > 0);
}

/** Builds the app. There is no middleware: each route is one handler that does all steps, so that a beat costs little. */
export function createApp(options: AppOptions): App {
  const { build, now, directory, rootToken, sharedCache: shared, waitUntil, trustedProxy = false } = options;
  const hono = new Hono<RoutedEnv>({ getPath: (request, given) => given?.env?.path ?? rawPath(request) });
  const authenticator = new Authenticator({ rootToken, directory, now, waitUntil });
  const surface: Surface = {
    hono,
    cards: [],
    admission: new Admission(authenticator, new FailedLogins(now), trustedProxy),
    cachedReads: new CachedReads({ now, shared, waitUntil }),
    trustedProxy,
    waits: new Waits(now),
    now,
    openPipe: () => options.openPipe(),
    namespaceOf: (id) => options.namespaceOf(id),
    socketsOf: (id) => options.socketsOf(id),
  };

  addInstanceRoutes(surface);
  addLeaseRoutes(surface);
  addResolveRoute(surface);
  addServiceRoutes(surface);
  addOverrideRoutes(surface);
  addWatchRoutes(surface);
  addSubscriberRoutes(surface);
  addNamespaceRoutes(surface);
  addMetricsRoute(surface, build);
  addHealthDoor(surface, build);
  addDocsDoors(surface, build.version);

  // Only who may come in learns which doors there are.
  hono.notFound(async (context) => {
    await surface.admission.admit('api', context.req.raw, context.env);
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
    return errorResponse(refusalOf(error, `${context.req.method} ${pattern}`));
  });

  const fetch = (request: Request): Response | Promise<Response> => {
    const path = rawPath(request);
    const parted = withoutPathToken(request, path);
    if (parted === undefined) return hono.fetch(request, { path });
    return hono.fetch(parted.request, { path: rawPath(parted.request), pathToken: parted.token });
  };
  return { fetch, routes: surface.cards };
}
