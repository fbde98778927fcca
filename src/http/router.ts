import type { Router as RouteTable } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { SmartRouter } from 'hono/router/smart-router';
import { TrieRouter } from 'hono/router/trie-router';
import { type Carrier, credentialReader, DOORS, type ReadCredential } from '../auth/carriers';
import { type ErrorData, RegistryError } from '../model/errors';
import type { Admission } from './admission';
import { errorResponse, refusalOf } from './error-response';
import type { IncomingRequest } from './incoming-request';
import { PathNames } from './path-names';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Answers the requests of one route. What it throws, its client is told as a refusal. */
export type Handler = (incoming: IncomingRequest, names: PathNames) => Response | Promise<Response>;

/** What a dialect has of its own. */
export interface DialectManners {
  carriers: readonly Carrier[];
  refuse(refusal: ErrorData, request: Request): Response;
}

/**
 * Finds the routes of the native API, or of a dialect. Each has a table of its own: one regular expression finds all
 * paths that are native, and refuses to hold two that overlap. Where a dialect has such paths, its own requests alone
 * take the slower search that this needs.
 *
 * The tables are Hono's. Its app is not used: what it makes for each request, nobody here would look at.
 */
export class Router {
  readonly #routes: RouteTable<Handler>;
  readonly #admission: Admission;
  readonly #dialect: DialectManners | undefined;
  readonly #readCredential: ReadCredential;

  constructor(admission: Admission, dialect?: DialectManners) {
    this.#routes =
      dialect === undefined
        ? new RegExpRouter()
        : new SmartRouter({ routers: [new RegExpRouter<Handler>(), new TrieRouter<Handler>()] });
    this.#admission = admission;
    this.#dialect = dialect;
    this.#readCredential = credentialReader(dialect?.carriers ?? DOORS.api);
  }

  /** Adds a route. A GET route answers HEAD, too. */
  on(method: 'get' | 'put' | 'post' | 'patch' | 'delete', path: string, handler: Handler): void {
    this.#routes.add(method.toUpperCase(), path, handler);
  }

  /** Has a request answered by its route; or refused, where there is none or the route throws. */
  answer(incoming: IncomingRequest): Promise<Response> {
    const { method } = incoming.request;
    if (method !== 'HEAD') return this.#answer(method, incoming);
    return this.#answer('GET', incoming).then((response) => new Response(null, response));
  }

  async #answer(method: string, incoming: IncomingRequest): Promise<Response> {
    try {
      const found = this.#routes.match(method, incoming.path);
      const handler = found[0][0]?.[0];
      return await (handler === undefined ? this.#missing(incoming) : handler(incoming, new PathNames(found)));
    } catch (error) {
      const refusal = refusalOf(error, incoming.record);
      return this.#dialect?.refuse(refusal, incoming.request) ?? errorResponse(refusal);
    }
  }

  /** Only who may come in learns which routes there are. */
  async #missing(incoming: IncomingRequest): Promise<never> {
    const { tokenId } = await this.#admission.admit(this.#readCredential, incoming);
    incoming.record.tokenId = tokenId;
    const allow = this.#methodsOf(incoming.path);
    if (allow.length === 0) {
      throw new RegistryError('ROUTE_NOT_FOUND', 'there is no such route; all of them are listed at /docs');
    }
    const { method } = incoming.request;
    const message = `this route answers ${allow.join(', ')}, not ${method}`;
    throw new RegistryError('METHOD_NOT_ALLOWED', message, { allow });
  }

  /** Methods that a path answers; HEAD is answered wherever GET is. */
  #methodsOf(path: string): string[] {
    return METHODS.filter((method) => this.#routes.match(method === 'HEAD' ? 'GET' : method, path)[0].length > 0);
  }
}
