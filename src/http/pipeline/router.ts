import { Hono } from 'hono';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { type Carrier, credentialReader, DOORS } from '../../auth/carriers';
import { type ErrorData, RegistryError } from '../../model/errors';
import { errorResponse, refusalOf } from '../response/error-response';
import type { Admission } from './admission';
import type { IncomingRequest, RequestContext, RequestEnvironment } from './request-context';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Answers the requests of one route. What it throws, its client is told as a refusal. */
export type Handler = (context: RequestContext) => Response | Promise<Response>;

/** What a dialect has of its own. */
export interface DialectManners {
  carriers: readonly Carrier[];
  refuse(refusal: ErrorData, request: Request): Response;
}

/**
 * Finds the routes of the native API, or of a dialect. Each has a router of its own: one regular expression finds all
 * paths that are native, and refuses to hold two that overlap. Where a dialect has such paths, its own requests alone
 * take the slower search that this needs.
 */
export class Router {
  readonly #hono: Hono<RequestEnvironment>;

  constructor(admission: Admission, dialect?: DialectManners) {
    const readCredential = credentialReader(dialect?.carriers ?? DOORS.api);
    this.#hono = new Hono<RequestEnvironment>({
      // `as`: Hono knows not that it is always given one.
      getPath: (_, given) => (given as { env: IncomingRequest }).env.path,
      ...(dialect === undefined && { router: new RegExpRouter() }),
    });
    // Only who may come in learns which routes there are.
    this.#hono.notFound(async ({ env, req }) => {
      const { tokenId } = await admission.admit(readCredential, env);
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
