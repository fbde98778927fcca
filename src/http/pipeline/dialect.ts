import { authorizeRoute, may } from '../../auth/authorize';
import { type Carrier, credentialReader } from '../../auth/carriers';
import type { Target } from '../../model/coverage';
import type { DirectoryApi, DirectoryCaller } from '../../model/directory-api';
import { type ErrorData, hasCode, RegistryError } from '../../model/errors';
import type { Principal, Scope } from '../../model/grant';
import type { Claim } from '../../model/instance';
import { BODY_MAX_BYTES, CALL_MAX_MS, FORM_READ_MAX_MS } from '../../model/limits';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { ALL_NAMESPACES } from '../../model/service-name';
import { isForm, readBodyText } from '../request/body';
import { withDeadline } from '../request/deadline';
import { enterNamespace, noteNamespace, openNamespace, pipeline, type Steps } from './pipeline';
import type { FormRead, OpenNamespace, RequestContext } from './request-context';
import { pathNames } from './route';
import { directoryCaller, type RouteCall } from './route-call';
import type { Surface } from './surface';

/**
 * The API of another registry, for its existing clients. A dialect has its own routes, takes credentials where those
 * clients can send them, and returns errors in the format that they expect.
 */
export interface Dialect {
  /** Name of its folder, and of its member in the extensions of an instance. */
  name: string;
  /** Prefixes of its paths: `/eureka`. Errors of unknown routes below them have its format, too; no two dialects share one. */
  paths: readonly `/${string}`[];
  /** Paths that are its own only with a namespace in front, as the native API has them too: `/health`. */
  pathsInNamespaces?: readonly `/${string}`[];
  carriers: readonly Carrier[];
  /** Normalizes the spellings of a path that clients use, before routing. The path stays percent-encoded. */
  pathOf?(path: string): string;
  /**
   * True if its clients send parameters, including credentials, in a form in the body as well as in the query. A
   * credential in the form counts if headers, path and query have none.
   */
  takesForms?: boolean;
  /** Returns an error in the dialect's format, such that its clients react correctly. */
  refuse(refusal: ErrorData, request: Request): Response;
  addRoutes(door: DialectDoor): void;
  /**
   * Reads the services that an instance is also published under from the dialect's extension. Any API can write the
   * extension, so its content is untrusted.
   */
  claimsOf?(service: ServiceKey, extension: unknown): readonly Claim[];
}

/** Registers the routes of a dialect. */
export interface DialectDoor {
  route<Input, Outcome>(definition: DialectRoute<Input, Outcome>): void;
  directoryRoute<Input, Outcome>(definition: DialectDirectoryRoute<Input, Outcome>): void;
  openRoute<Input>(definition: DialectOpenRoute<Input>): void;
}

/** Members that all routes of a dialect share. */
interface AnyDialectRoute<Input> {
  /** Its name in the dialect's table of supported operations. */
  operation: string;
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** In the router's syntax; several if clients use several forms. */
  paths: readonly string[];
  /** One short phrase, without a full stop. */
  summary: string;
  /**
   * Parses the request.
   *
   * @param names Variable parts of the path, percent-decoded once.
   * @param form Text of the form in the body, still encoded, if the dialect takes forms; the body is consumed then.
   * @throws {RegistryError} `INVALID_REQUEST` and the like; returned in the dialect's format.
   */
  read(request: Request, names: Record<string, string>, form: string): Input | Promise<Input>;
}

/** A route of a dialect. Its requests pass the same five steps as native ones: authenticate, parse, authorize, call, map. */
export interface DialectRoute<Input, Outcome> extends AnyDialectRoute<Input> {
  /** Scope that a token needs on the target; `any`: some grant on the namespace. */
  scope: Scope | 'any';
  /** True for the most frequent calls, as for a native route. */
  withoutDeadline?: boolean;
  /** Namespace that the request names itself. One before the path, `/n/<id>`, or in the host name takes precedence. */
  namespace?: (input: Input) => string | undefined;
  /** Target of the request; default: the namespace as a whole. */
  target?: (input: Input) => Omit<Target, 'namespace'>;
  /** Replaces the check by scope and target, for requests with several targets. Throws `FORBIDDEN`. */
  authorize?: (principal: Principal, namespace: string, input: Input) => void;
  /** Time that the client asked the call to wait, in milliseconds; extends the deadline. */
  waitMs?: (input: Input) => number;
  call(namespace: NamespaceApi, input: Input, call: RouteCall): Promise<Outcome>;
  answer(outcome: Outcome, input: Input, call: RouteCall): Response | Promise<Response>;
}

/** A route of a dialect that calls the directory, which authorizes, instead of a namespace; or that calls neither. */
export interface DialectDirectoryRoute<Input, Outcome> extends AnyDialectRoute<Input> {
  /** @param namespace Namespace in front of the path, or in the host name. */
  call(directory: DirectoryApi, caller: DirectoryCaller, input: Input, namespace: string | undefined): Promise<Outcome>;
  answer(outcome: Outcome, input: Input): Response | Promise<Response>;
}

/** A route of a dialect that needs no token and shows no data, or whose body has the token, as a login's. */
export interface DialectOpenRoute<Input> extends Omit<AnyDialectRoute<Input>, 'read'> {
  read(request: Request): Input | Promise<Input>;
  /** @param login Authenticates a token from the body; throws `UNAUTHENTICATED`, or `LIMIT_EXCEEDED` after too many wrong ones. */
  answer(input: Input, login: (token: string) => Promise<Principal>): Response | Promise<Response>;
}

/** Registers a dialect. Outside its own folder, a new dialect needs a single line: the one that passes it to the app. */
export function addDialect(surface: Surface, dialect: Dialect): void {
  dialect.addRoutes({
    route: (definition) => addRoute(surface, dialect, definition),
    directoryRoute: (definition) => addDirectoryRoute(surface, dialect, definition),
    openRoute: (definition) => addOpenRoute(surface, dialect, definition),
  });
}

function addRoute<Input, Outcome>(surface: Surface, dialect: Dialect, route: DialectRoute<Input, Outcome>): void {
  const { namespace: namespaceIn, call, answer, waitMs, withoutDeadline } = route;
  const permit = route.authorize ?? permission(route);
  addSteps(surface, dialect, route, {
    authorize: (context, input) => {
      // An empty name counts as absent: many clients send empty parameters.
      const namespace = noteNamespace(context, (context.env.namespace ?? namespaceIn?.(input)) || undefined);
      permit(context.get('principal'), namespace, input);
      return enterNamespace(surface, context, namespace, openOrCreateNamespace);
    },
    call: (input, routeCall) => call(routeCall.calls, input, routeCall),
    map: answer,
    waitMs,
    withoutDeadline,
  });
}

function addDirectoryRoute<Input, Outcome>(
  surface: Surface,
  dialect: Dialect,
  route: DialectDirectoryRoute<Input, Outcome>,
): void {
  const { call, answer } = route;
  addSteps(
    surface,
    dialect,
    { scope: 'any', ...route },
    {
      authorize: () => undefined,
      call: (input, { directoryCaller, namespaceInUrl }) =>
        call(surface.directory, directoryCaller, input, namespaceInUrl),
      map: answer,
    },
  );
}

function addOpenRoute<Input>(surface: Surface, dialect: Dialect, route: DialectOpenRoute<Input>): void {
  const { operation, method, paths, summary, read, answer } = route;
  const { authentication, router, dialectCards } = surface;
  const readPathToken = credentialReader(['path']);
  // A token in the path is verified: it identifies its owner in the log.
  const authenticate = ({ env }: RequestContext) => {
    authentication.assertConfigured();
    return env.pathToken === undefined ? undefined : authentication.authenticate(readPathToken, env);
  };
  const steps: Omit<Steps<Input, Response>, 'path'> = {
    authenticate,
    parse: ({ env }) => {
      const input = read(env.request);
      return input instanceof Promise ? withDeadline(input, FORM_READ_MAX_MS, tooSlow) : input;
    },
    authorize: () => undefined,
    call: async (input, { received }) => answer(input, (token) => authentication.login(token, received)),
    map: (response) => response,
  };
  for (const path of paths) {
    router.on(method, path, pipeline(surface, { ...steps, path }));
    dialectCards.push({ dialect: dialect.name, operation, method, path, scope: 'open', summary });
  }
}

/** Registers a route under all of its paths, with the first steps, which all routes of dialects share. */
function addSteps<Input, Outcome>(
  surface: Surface,
  dialect: Dialect,
  route: AnyDialectRoute<Input> & { scope: Scope | 'any' },
  steps: Omit<Steps<Input, Outcome>, 'path' | 'authenticate' | 'parse'>,
): void {
  const { operation, method, paths, scope, summary } = route;
  const { authentication, router, dialectCards } = surface;
  const readCredential = credentialReader(dialect.carriers);
  const hasForm = ({ env }: RequestContext): boolean => dialect.takesForms === true && isForm(env.request.headers);

  // An unauthenticated body is read only if its form may have the credential, and only up to its limit.
  const authenticate = (context: RequestContext) => {
    const { request, received, pathToken } = context.env;
    const form = hasForm(context) ? async () => (await formIn(context)).form : undefined;
    return authentication.authenticate(readCredential, { request, received, pathToken, form });
  };

  const parse = (context: RequestContext) => {
    const { request } = context.env;
    if (!hasForm(context)) return route.read(request, pathNames(context.req), '');
    return formIn(context).then(({ form, problem }) => {
      if (problem !== undefined) throw problem;
      authentication.assertOneCredential(readCredential, context.env, form);
      return route.read(request, pathNames(context.req), form);
    });
  };

  for (const path of paths) {
    router.on(method, path, pipeline(surface, { ...steps, path, authenticate, parse }));
    dialectCards.push({ dialect: dialect.name, operation, method, path, scope, summary });
  }
}

/** Returns the form in the body; reads it only once. */
function formIn(context: RequestContext): Promise<FormRead> {
  const known = context.get('form');
  if (known !== undefined) return known;
  const reading = formOf(context.env.request);
  context.set('form', reading);
  return reading;
}

const tooSlow = (maxMs: number): RegistryError =>
  new RegistryError('INVALID_REQUEST', `the body did not arrive within ${maxMs / 1_000} s; send it again`);

async function formOf(request: Request): Promise<FormRead> {
  try {
    return { form: await withDeadline(readBodyText(request, BODY_MAX_BYTES), FORM_READ_MAX_MS, tooSlow) };
  } catch (problem) {
    return { form: '', problem };
  }
}

/** Opens a namespace; creates it if the principal may, as clients of other registries cannot create it first. */
function openOrCreateNamespace(
  surface: Surface,
  id: string,
  context: RequestContext,
): OpenNamespace | Promise<OpenNamespace> {
  if (!may(context.get('principal'), 'admin', { namespace: ALL_NAMESPACES })) return openNamespace(surface, id);
  const found = surface.namespaceOf(id);
  if (!(found instanceof Promise) && found !== undefined) return found;
  return createdNamespace(surface, directoryCaller(surface, context), id);
}

async function createdNamespace(surface: Surface, caller: DirectoryCaller, id: string): Promise<OpenNamespace> {
  try {
    return await openNamespace(surface, id);
  } catch (error) {
    if (!hasCode(error, 'NAMESPACE_NOT_FOUND')) throw error;
    await withDeadline(createUnlessThere(surface.directory, caller, id), CALL_MAX_MS);
    return openNamespace(surface, id);
  }
}

/** Creates a namespace, unless another request has created it meanwhile, with the same definition or a different one. */
async function createUnlessThere(directory: DirectoryApi, caller: DirectoryCaller, id: string): Promise<void> {
  try {
    await directory.createNamespace(caller, { id });
  } catch (error) {
    if (!hasCode(error, 'CONFLICT')) throw error;
  }
}

/** Returns the check of a route's scope on the target of a request. */
function permission<Input, Outcome>({ scope, target }: DialectRoute<Input, Outcome>) {
  return (principal: Principal, namespace: string, input: Input): void =>
    authorizeRoute(principal, scope, { ...target?.(input), namespace });
}
