import type { HonoRequest } from 'hono';
import * as z from 'zod';
import { authorizeRoute } from '../../auth/authorize';
import { credentialReader, DOORS } from '../../auth/carriers';
import type { Target } from '../../model/coverage';
import type { DirectoryApi, DirectoryCaller } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import type { Principal, Scope } from '../../model/grant';
import {
  BODY_MAX_BYTES,
  FORM_READ_MAX_MS,
  KNOWN_QUERIES_MAX_COUNT,
  KNOWN_QUERY_MAX_CHARACTERS,
} from '../../model/limits';
import { isPlainName, PLAIN_NAMED } from '../../model/names';
import type { NamespaceApi } from '../../model/namespace-api';
import { readJsonBody } from '../request/body';
import { withDeadline } from '../request/deadline';
import { parsed } from '../request/field-errors';
import { assertDecodable, queryText, readQuery } from '../request/request-target';
import { enterNamespace, namespaceId, noteNamespace, pipeline, type Steps } from './pipeline';
import type { RequestContext } from './request-context';
import type { RouteCall } from './route-call';
import type { RequestSchemas, RouteCard } from './route-card';
import type { Surface } from './surface';

/** A route to a namespace: its input, its permission, the method it calls, and the response. */
export interface RouteDefinition<Input extends RequestSchemas, Outcome> extends RouteCard {
  /** `any`: some grant on the namespace, or whatever `authorize` checks. */
  scope: Scope | 'any';
  input: Input;
  /** Size limit of the body, if it differs from the default. */
  bodyMaxBytes?: number;
  /** Time that the client asked the call to wait, in milliseconds; extends the deadline. */
  waitMs?: (input: Parsed<Input>, call: RouteCall) => number;
  /**
   * True for the most frequent calls: setting a timer costs them a tenth of their throughput, and clients that send
   * heartbeats or resolve have their own timeouts.
   */
  withoutDeadline?: boolean;
  /**
   * Checks the permission for the input, if it is not just the scope on the target in the path: a service, or otherwise
   * the namespace as a whole. Throws `FORBIDDEN`.
   */
  authorize?: (principal: Principal, namespace: string, input: Parsed<Input>) => void;
  call: (namespace: NamespaceApi, input: Parsed<Input>, call: RouteCall) => Promise<Outcome>;
  map: (outcome: Outcome, input: Parsed<Input>, call: RouteCall) => Response;
}

/** Registers a route on a namespace. A route without a scope does not compile. */
export function route<Input extends RequestSchemas, Outcome>(
  surface: Surface,
  definition: RouteDefinition<Input, Outcome>,
): void {
  const { call, map, waitMs, withoutDeadline, bodyMaxBytes = BODY_MAX_BYTES } = definition;
  const permit = definition.authorize ?? permission(definition.scope);
  addRoute(surface, definition, {
    authenticate: authenticator(surface, definition),
    parse: inputReader(definition.input, bodyMaxBytes),
    authorize: (context, input) => {
      const namespace = noteNamespace(context, pathName(context.req, 'ns'));
      permit(context.get('principal'), namespace, input);
      return enterNamespace(surface, context, namespace);
    },
    call: (input, routeCall) => call(routeCall.calls, input, routeCall),
    map,
    waitMs,
    withoutDeadline,
  });
}

/** A route to the directory: its input, the method it calls, and the response. */
export interface DirectoryRouteDefinition<Input extends RequestSchemas, Outcome> extends RouteCard {
  /** `any`: the directory itself authorizes, as only it knows the grants behind a token's id. Otherwise `call` does. */
  scope: Scope | 'any';
  input: Input;
  call: (directory: DirectoryApi, caller: DirectoryCaller, input: Parsed<Input>) => Promise<Outcome>;
  map: (outcome: Outcome, input: Parsed<Input>) => Response;
}

/** Registers a route to the directory. */
export function directoryRoute<Input extends RequestSchemas, Outcome>(
  surface: Surface,
  definition: DirectoryRouteDefinition<Input, Outcome>,
): void {
  const { call, map } = definition;
  const readInput = inputReader(definition.input, BODY_MAX_BYTES);
  addRoute(surface, definition, {
    authenticate: authenticator(surface, definition),
    parse: (context) => {
      const named = pathName(context.req, 'ns');
      if (named !== undefined) context.env.record.namespace = namespaceId(named);
      return readInput(context);
    },
    authorize: () => undefined,
    call: (input, routeCall) => call(surface.directory, routeCall.directoryCaller, input),
    map,
  });
}

/** A route that needs no token and shows no data. */
export interface OpenDoor extends RouteCard {
  scope: 'open';
  /** True if it works even before the registry is set up. */
  beforeSetup?: boolean;
  answer: (request: Request) => Response | Promise<Response>;
}

/** Registers a route that needs no token. */
export function openDoor(surface: Surface, door: OpenDoor): void {
  const steps: Omit<Steps<undefined, Response>, 'path'> = {
    authenticate: optionalAuthenticator(surface, door, door.beforeSetup),
    parse: () => undefined,
    authorize: () => undefined,
    call: async (_input, { request }) => door.answer(request),
    map: (response) => response,
    withoutDeadline: true,
  };
  addRoute(surface, door, steps);
}

/** A route whose body has its only credential, which the call verifies. Any other credential is ignored. */
export interface CredentialRouteDefinition<Input extends RequestSchemas, Outcome> extends RouteCard {
  scope: 'open';
  input: Input;
  /** Size limit of the body, which is read before anything is known of its sender. */
  bodyMaxBytes: number;
  /** @param received The request with the headers that identify its sender. */
  call: (input: Parsed<Input>, received: Request) => Promise<Outcome>;
  map: (outcome: Outcome) => Response;
}

/** Registers a route that is authenticated by its body. */
export function credentialRoute<Input extends RequestSchemas, Outcome>(
  surface: Surface,
  definition: CredentialRouteDefinition<Input, Outcome>,
): void {
  const readInput = inputReader(definition.input, definition.bodyMaxBytes);
  addRoute(surface, definition, {
    authenticate: optionalAuthenticator(surface, definition),
    parse: (context) => withDeadline(Promise.resolve(readInput(context)), FORM_READ_MAX_MS, bodyTooSlow),
    authorize: () => undefined,
    call: (input, { received }) => definition.call(input, received),
    map: definition.map,
  });
}

function bodyTooSlow(maxMs: number): RegistryError {
  return new RegistryError('INVALID_REQUEST', `the body did not arrive within ${maxMs / 1_000} s; send it again`);
}

/** Returns the step `authenticate` of a route that needs no token. One in the path is verified: it identifies its owner in the log. */
function optionalAuthenticator(surface: Surface, card: RouteCard, beforeSetup = false) {
  const authenticate = authenticator(surface, card);
  return (context: RequestContext) => {
    if (!beforeSetup) surface.authentication.assertConfigured();
    return context.env.pathToken === undefined ? undefined : authenticate(context);
  };
}

/** Returns the step `authenticate` of a native route. */
function authenticator({ authentication }: Surface, { door = 'api' }: RouteCard) {
  const readCredential = credentialReader(DOORS[door]);
  return ({ env }: RequestContext) => authentication.authenticate(readCredential, env);
}

function addRoute<Input, Outcome>(surface: Surface, card: RouteCard, steps: Omit<Steps<Input, Outcome>, 'path'>): void {
  const { method, path, pattern = path } = card;
  surface.router.on(method, pattern, pipeline(surface, { ...steps, path }));
  surface.cards.push(card);
}

/** Returns the check of a route's scope on the target in the path. */
function permission(scope: Scope | 'any') {
  return (principal: Principal, namespace: string, { path }: Parsed<RequestSchemas>): void =>
    authorizeRoute(principal, scope, targetOf(namespace, path));
}

/** Returns the target of a route by its path: a service, or the namespace as a whole. */
function targetOf(namespace: string, path: unknown): Target {
  // `as`: the schema of the path has parsed the names, or there are none.
  const { group, service } = (path ?? {}) as { group?: string; service?: string };
  return group === undefined || service === undefined ? { namespace } : { namespace, service: { group, service } };
}

/** Parts of a request, as parsed by their schemas. */
export type Parsed<Input extends RequestSchemas> = { [Part in keyof Input]: z.output<Input[Part]> };

/** Query of a route without parameters: refuses any parameter. */
const NO_QUERY = z.strictObject({});

/**
 * Creates the step `parse` of a native route, which parses the parts of a request by their schemas; without a promise
 * if the route takes no body.
 */
export function inputReader<Input extends RequestSchemas>({ path, query, body }: Input, bodyMaxBytes: number) {
  const queries = new KnownQueries(query ?? NO_QUERY);
  const readNames = path && namesReader(path);
  // `as`, twice: the parts come from the schemas of this very input.
  return ({ env, req }: RequestContext): Parsed<Input> | Promise<Parsed<Input>> => {
    const parts: Parsed<RequestSchemas> = { query: queries.of(env.url) };
    if (readNames !== undefined) parts.path = readNames(req);
    if (body === undefined) return parts as Parsed<Input>;
    return readJsonBody(env.request, bodyMaxBytes).then((value) => {
      parts.body = parsed(body, value, 'body');
      return parts as Parsed<Input>;
    });
  };
}

/** Returns a variable part of a path, percent-decoded once; undefined if the route has none of this name. */
export function pathName(req: HonoRequest, name: string): string | undefined {
  assertDecodable(req.path);
  return req.param(name);
}

/** Returns all variable parts of a path. @throws {RegistryError} `INVALID_REQUEST` if the path can't be decoded. */
export function pathNames(req: HonoRequest): Record<string, string> {
  assertDecodable(req.path);
  return req.param();
}

/** Creates the parser of the names in a path; it skips the schema for plain names, which are always valid. */
export function namesReader(schema: z.ZodObject) {
  const names = Object.keys(schema.shape);
  const mayBePlain = Object.values(schema.shape).every((part) => PLAIN_NAMED.has(part));
  return (req: HonoRequest): Record<string, unknown> => {
    const values: Record<string, string | undefined> = {};
    let arePlain = mayBePlain;
    for (const name of names) {
      const value = pathName(req, name);
      values[name] = value;
      arePlain &&= isPlainName(value);
    }
    return arePlain ? values : parsed(schema, values, 'path');
  };
}

/**
 * Cache of a route's parsed queries, by their text: callers repeat the same few queries, and parsing even
 * `?consistency=cached` takes longer than everything else in a cached read.
 */
export class KnownQueries<Schema extends z.ZodObject> {
  readonly #schema: Schema;
  readonly #lists: ReadonlySet<string>;
  readonly #known = new Map<string, z.output<Schema>>();

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#lists = listsOf(schema);
  }

  /**
   * Returns the parsed query of a URL; frozen, as requests share it.
   *
   * @throws {RegistryError} `INVALID_REQUEST` if it does not match the schema; failures are not cached.
   */
  of(url: string): z.output<Schema> {
    const text = queryText(url);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const query = parsed(this.#schema, readQuery(url, this.#lists), 'query');
    Object.freeze(query);
    if (text.length > KNOWN_QUERY_MAX_CHARACTERS) return query;
    if (this.#known.size >= KNOWN_QUERIES_MAX_COUNT) this.#known.clear();
    this.#known.set(text, query);
    return query;
  }
}

/** Returns the names of query parameters that are lists, and may be repeated. */
function listsOf({ shape }: z.ZodObject): ReadonlySet<string> {
  const isList = (schema: unknown): boolean =>
    schema instanceof z.ZodArray || (schema instanceof z.ZodDefault && isList(schema.unwrap()));
  return new Set(Object.keys(shape).filter((name) => isList(shape[name])));
}
