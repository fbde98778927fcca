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

/** Answers the requests of one route. An error that it throws becomes the refusal of the request. */
export type Handler = (context: RequestContext) => Response | Promise<Response>;

/** The part of a dialect that routing needs: which paths are its own, and how it takes credentials and refuses. */
export interface RoutedDialect {
  paths: readonly `/${string}`[];
  carriers: readonly Carrier[];
  pathOf?(path: string): string;
  refuse(refusal: ErrorData, request: Request): Response;
}

/**
 * Finds the routes of the native API, or of a dialect. Each has a router of its own: one regular expression finds all
 * paths that are native, and refuses to hold two that overlap. Where a dialect has such paths, its own requests alone
 * take the slower search that this needs.
 */
export class Router {
  readonly #hono: Hono<RequestEnvironment>;

  constructor(authentication: Authentication, dialect?: RoutedDialect) {
    const readCredential = credentialReader(dialect?.carriers ?? DOORS.api);
    this.#hono = new Hono<RequestEnvironment>({
      // `as`: Hono's types do not know that it is always given one.
      getPath: (_, given) => (given as { env: IncomingRequest }).env.path,
      ...(dialect === undefined && { router: new RegExpRouter() }),
    });
    // Only admitted callers learn which routes there are.
    this.#hono.notFound(async ({ env, req }) => {
      const { tokenId } = await authentication.authenticate(readCredential, env);
      env.record.tokenId = tokenId;
      const allow = this.#methodsOf(env.path);
      if (allow.length === 0) {
        throw new RegistryError('ROUTE_NOT_FOUND', 'there is no such route; all of them are listed at /docs');
      }
      const message = `this route answers ${allow.join(', ')}, not ${req.method}`;
      throw new RegistryError('METHOD_NOT_ALLOWED', message, { allow });
    });
    this.#hono.onError((error, { env }) => {
      const refusal = refusalOf(error, env.record);
      return dialect?.refuse(refusal, env.request) ?? errorResponse(refusal);
    });
  }

  /** Adds a route. A GET route answers HEAD, too. */
  on(method: 'get' | 'put' | 'post' | 'patch' | 'delete', path: string, handler: Handler): void {
    this.#hono.on(method, path, handler);
  }

  /** Has a request answered by its route; or refused, where there is none or the route throws. */
  answer(incoming: IncomingRequest): Response | Promise<Response> {
    return this.#hono.fetch(incoming.request, incoming);
  }

  /** Methods that a path answers; HEAD is answered wherever GET is. */
  #methodsOf(path: string): string[] {
    const { router } = this.#hono;
    return METHODS.filter((method) => router.match(method === 'HEAD' ? 'GET' : method, path)[0].length > 0);
  }
}

/** The routers behind the entrance. */
export interface EntranceOptions {
  native: Router;
  /** Of each dialect. */
  dialects: ReadonlyMap<RoutedDialect, Router>;
  /** Where namespaces stand in front of as host names, for clients of dialects. Unset: nowhere. */
  namespaceDomain: string | null | undefined;
}

/** Takes a request in: without the token and the namespace that stand in front of its path, to the router that answers it. */
export type Entrance = (request: Request, record: RequestRecord) => Response | Promise<Response>;

/** Makes the entrance of an app. */
export function entrance({ native, dialects, namespaceDomain }: EntranceOptions): Entrance {
  const known = [...dialects.keys()];
  const hostNamespace = namespaceOfHost(namespaceDomain);

  /** Only clients of dialects need a namespace in front of their paths, or of their host: in a native path it has its own place. */
  const routed = (incoming: IncomingRequest): Response | Promise<Response> => {
    const rest = withoutNamespace(incoming.request, incoming.path);
    const request = rest?.request ?? incoming.request;
    const url = rest === undefined ? incoming.url : request.url;
    const path = rest === undefined ? incoming.path : rawPath({ url });
    const dialect = dialectOf(known, path);
    const router = dialect && dialects.get(dialect);
    if (router === undefined) return native.answer(incoming);
    const namespace = rest?.namespace ?? hostNamespace(incoming.url);
    return router.answer({ ...incoming, request, url, path: dialect?.pathOf?.(path) ?? path, namespace });
  };

  // The token goes first: what is routed, kept or logged from then on has never held it.
  return (request, record) => {
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
}

/** Finds the dialect in whose shape a path is answered; undefined for the native API. */
export function dialectOf(dialects: readonly RoutedDialect[], path: string): RoutedDialect | undefined {
  return dialects.find(({ paths }) =>
    paths.some((begin) => path.startsWith(begin) && (path.length === begin.length || path[begin.length] === '/')),
  );
}

/** Begins a path that carries a token. */
const TOKEN_PREFIX = '/t/';

/** A request without the token that its path began with. */
export interface WithoutPathToken {
  request: Request;
  token: string;
}

/**
 * Takes the token out of a path `/t/<token>/…`, before anything else looks at the request: what is routed, kept or logged
 * from then on has never held it. Undefined for any other path.
 *
 * The token is what stands up to the next slash, as it was sent: no token needs an escape, so one that has any is wrong.
 * It is taken off once. What is left is a path like any other, and another token in it is a name that no route has.
 *
 * @param path Of the request, as it was sent.
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

/** Begins a path that names a namespace, for clients that can be told nothing but an address. */
const NAMESPACE_PREFIX = '/n/';

/** A request without the namespace that its path began with. */
export interface WithoutNamespace {
  request: Request;
  /** As it was sent; checked where it is used. */
  namespace: string;
}

/**
 * Takes the namespace out of a path `/n/<namespace>/…`. Undefined for any other path.
 *
 * @param path Of the request, as it was sent.
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

/** A host name in lower case whose last label is no number: an address has no names below it. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Returns the fault of a domain of namespaces, as the refusal of every request; undefined where there is none. */
export function domainProblem(domain: string | null | undefined): RegistryError | undefined {
  if (!domain || DOMAIN.test(domain.toLowerCase())) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_NAMESPACE_DOMAIN is ${quote(domain)}, which is no host name; write the name that namespaces stand in front of, such as registry.example.com, without a scheme, a port and without *`,
  );
}

/** Names the namespace that a request is about by the host it was sent to; undefined where that names none. */
export type NamespaceOfHost = (url: string) => string | undefined;

/**
 * Takes namespaces from host names: `orders.registry.example.com` names `orders` where the domain is
 * `registry.example.com`. For clients that can be told neither a namespace nor a path.
 *
 * The host is the caller's word, and decides on nothing but which namespace is asked for: what a token is good for there
 * is told by its grants. Whatever stands in front of the domain is taken as it is, in lower case, as DNS does not know
 * the difference: it is checked where it is used. Any other host names none, nor does the domain
 * itself.
 *
 * @param domain Undefined or empty: no host names a namespace.
 */
export function namespaceOfHost(domain: string | null | undefined): NamespaceOfHost {
  if (!domain) return () => undefined;
  const ending = `.${domain.toLowerCase()}`;
  return (url) => {
    // Not by URL, which this would cost every request: what it refuses is no name below the domain either.
    const authority = url.slice(url.indexOf('://') + 3, pathStart(url)).toLowerCase();
    const host = authority.replace(/:\d*$/, '').replace(/\.$/, '');
    return host.length > ending.length && host.endsWith(ending) ? host.slice(0, -ending.length) : undefined;
  };
}
