import { Hono } from 'hono';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { type Carrier, credentialReader, DOORS } from '../../auth/carriers';
import { type ErrorData, quote, RegistryError } from '../../model/errors';
import { pathStart, rawPath } from '../request/request-target';
import { errorResponse, refusalOf } from '../response/error-response';
import type { RequestRecord } from '../telemetry/request-observer';
import type { Authentication } from './authentication';
import type { IncomingRequest, RequestContext, RequestEnvironment } from './request-context';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Handles the requests of one route. A thrown error becomes the error response. */
export type Handler = (context: RequestContext) => Response | Promise<Response>;

/** The part of a dialect that routing needs: its paths, where it takes credentials, and its error format. */
export interface RoutedDialect {
  paths: readonly `/${string}`[];
  pathsInNamespaces?: readonly `/${string}`[];
  carriers: readonly Carrier[];
  pathOf?(path: string): string;
  refuse(refusal: ErrorData, request: Request): Response;
}

/**
 * Finds the routes of the native API, or of a dialect. Each has its own router: a single regular expression matches all
 * native paths, but cannot hold two that overlap. If a dialect has overlapping paths, only its own requests take the
 * slower search that this requires.
 */
export class Router {
  readonly #hono: Hono<RequestEnvironment>;

  constructor(authentication: Authentication, dialect?: RoutedDialect) {
    const readCredential = credentialReader(dialect?.carriers ?? DOORS.api);
    this.#hono = new Hono<RequestEnvironment>({
      // `as`: Hono's types don't express that `fetch` always passes the bindings.
      getPath: (_, given) => (given as { env: IncomingRequest }).env.path,
      ...(dialect === undefined && { router: new RegExpRouter() }),
    });
    // Only authenticated callers learn which routes exist.
    this.#hono.notFound(async ({ env, req }) => {
      const { tokenId } = await authentication.authenticate(readCredential, env);
      env.record.tokenId = tokenId;
      const allow = this.#methodsOf(env.path);
      if (allow.length === 0) {
        throw new RegistryError('ROUTE_NOT_FOUND', 'there is no such route; /docs lists all routes');
      }
      const message = `this route supports ${allow.join(', ')}, not ${req.method}`;
      throw new RegistryError('METHOD_NOT_ALLOWED', message, { allow });
    });
    this.#hono.onError((error, { env }) => {
      const refusal = refusalOf(error, env.record);
      return dialect?.refuse(refusal, env.request) ?? errorResponse(refusal);
    });
  }

  /** Adds a route. A GET route also serves HEAD. */
  on(method: 'get' | 'put' | 'post' | 'patch' | 'delete', path: string, handler: Handler): void {
    this.#hono.on(method, path, handler);
  }

  /** Handles a request by its route; returns an error response if there is none or the route throws. */
  answer(incoming: IncomingRequest): Response | Promise<Response> {
    return this.#hono.fetch(incoming.request, incoming);
  }

  /** Returns the methods that a path supports; HEAD is supported wherever GET is. */
  #methodsOf(path: string): string[] {
    const { router } = this.#hono;
    return METHODS.filter((method) => router.match(method === 'HEAD' ? 'GET' : method, path)[0].length > 0);
  }
}

/** The routers behind the entrance. */
export interface EntranceOptions {
  native: Router;
  /** Router of each dialect. */
  dialects: ReadonlyMap<RoutedDialect, Router>;
  /** Domain whose subdomains name namespaces, for clients of dialects. Unset: none. */
  namespaceDomain: string | null | undefined;
}

/** Strips the token and the namespace from the start of a request's path, and passes the request to its router. */
export type Entrance = (request: Request, record: RequestRecord) => Response | Promise<Response>;

/** Creates the entrance of an app. */
export function entrance({ native, dialects, namespaceDomain }: EntranceOptions): Entrance {
  const known = [...dialects.keys()];
  const hostNamespace = namespaceOfHost(namespaceDomain);

  /** Routes a request. Only dialects take a namespace before the path or in the host name: native paths contain it. */
  const routed = (incoming: IncomingRequest): Response | Promise<Response> => {
    const rest = withoutNamespace(incoming.request, incoming.path);
    const request = rest?.request ?? incoming.request;
    const url = rest === undefined ? incoming.url : request.url;
    const path = rest === undefined ? incoming.path : rawPath({ url });
    const dialect = dialectOf(known, path, rest !== undefined);
    const router = dialect && dialects.get(dialect);
    if (router === undefined) return native.answer(incoming);
    const namespace = rest?.namespace ?? hostNamespace(incoming.url);
    return router.answer({ ...incoming, request, url, path: dialect?.pathOf?.(path) ?? path, namespace });
  };

  // The token is stripped first, so that nothing that is routed, stored or logged contains it.
  return (request, record) => {
    const { url } = request;
    const path = rawPath({ url });
    const rest = withoutPathToken(request, path);
    if (rest === undefined) return routed({ request, received: request, url, path, record });
    const { url: restUrl } = rest.request;
    return routed({
      request: rest.request,
      received: request,
      url: restUrl,
      path: rawPath({ url: restUrl }),
      record,
      pathToken: rest.token,
    });
  };
}

/**
 * Finds the dialect that a path belongs to; undefined for the native API.
 *
 * @param isInNamespace True if a namespace was in front of the path.
 */
export function dialectOf(
  dialects: readonly RoutedDialect[],
  path: string,
  isInNamespace = false,
): RoutedDialect | undefined {
  const isBelow = (begin: string): boolean =>
    path.startsWith(begin) && (path.length === begin.length || path[begin.length] === '/');
  return dialects.find(
    ({ paths, pathsInNamespaces = [] }) => paths.some(isBelow) || (isInNamespace && pathsInNamespaces.some(isBelow)),
  );
}

/** Prefix of a path that carries a token. */
const TOKEN_PREFIX = '/t/';

/** A request, and the token that was removed from its path. */
export interface WithoutPathToken {
  request: Request;
  token: string;
}

/**
 * Removes the token from a path `/t/<token>/…` before anything else sees the request, so that nothing that is routed,
 * stored or logged contains it. Returns undefined for any other path.
 *
 * The token is the text up to the next slash, as it was sent: no token needs escapes, so one with escapes is invalid.
 * Only one token is removed. The rest is an ordinary path, and another token in it matches no route.
 *
 * @param path Path of the request, as it was sent.
 */
export function withoutPathToken(request: Request, path: string): WithoutPathToken | undefined {
  if (!path.startsWith(TOKEN_PREFIX)) return undefined;
  const { url } = request;
  const start = pathStart(url);
  const begin = start + TOKEN_PREFIX.length;
  const [token = ''] = /^[^/?#]*/.exec(url.slice(begin)) ?? [];
  const rest = url.slice(begin + token.length);
  return { request: new Request(url.slice(0, start) + (rest.startsWith('/') ? rest : `/${rest}`), request), token };
}

/** Prefix of a path that names a namespace, for clients that can only be configured with a URL. */
const NAMESPACE_PREFIX = '/n/';

/** A request, and the namespace that was removed from its path. */
export interface WithoutNamespace {
  request: Request;
  /** Namespace as it was sent; validated on use. */
  namespace: string;
}

/**
 * Removes the namespace from a path `/n/<namespace>/…`. Returns undefined for any other path.
 *
 * @param path Path of the request, as it was sent.
 */
export function withoutNamespace(request: Request, path: string): WithoutNamespace | undefined {
  if (!path.startsWith(NAMESPACE_PREFIX)) return undefined;
  const end = path.indexOf('/', NAMESPACE_PREFIX.length);
  if (end < 0) return undefined;
  const { url } = request;
  const start = pathStart(url);
  const rest = new Request(url.slice(0, start) + url.slice(start + end), request);
  return { request: rest, namespace: path.slice(NAMESPACE_PREFIX.length, end) };
}

/** A lower-case host name whose last label is not a number: an IP address has no subdomains. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Returns the error of an invalid namespace domain, which refuses every request; undefined if the domain is valid. */
export function domainProblem(domain: string | null | undefined): RegistryError | undefined {
  if (!domain || DOMAIN.test(domain.toLowerCase())) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_NAMESPACE_DOMAIN is ${quote(domain)}, which is not a host name; set it to the domain whose subdomains are namespaces, such as registry.example.com, without a scheme, port or *`,
  );
}

/** Returns the namespace in the host name of a URL; undefined if it has none. */
export type NamespaceOfHost = (url: string) => string | undefined;

/**
 * Creates the function that reads namespaces from host names: `orders.registry.example.com` names `orders` if the domain
 * is `registry.example.com`. For clients that can be configured with neither a namespace nor a path.
 *
 * The caller chooses the host name, but it only selects the namespace: the token's grants decide what is allowed there.
 * The text before the domain is taken as it is, in lower case, as DNS ignores case; it is validated on use. Other host
 * names, and the domain itself, name no namespace.
 *
 * @param domain Undefined or empty: no host name selects a namespace.
 */
export function namespaceOfHost(domain: string | null | undefined): NamespaceOfHost {
  if (!domain) return () => undefined;
  const ending = `.${domain.toLowerCase()}`;
  return (url) => {
    // Without `URL`, which is too slow for every request; a host that it would refuse is not a valid subdomain either.
    const authority = url.slice(url.indexOf('://') + 3, pathStart(url)).toLowerCase();
    const host = authority.replace(/:\d*$/, '').replace(/\.$/, '');
    return host.length > ending.length && host.endsWith(ending) ? host.slice(0, -ending.length) : undefined;
  };
}
