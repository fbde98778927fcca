import { authorizeRoute, may, type Target } from '../../auth/authorize';
import { type Carrier, credentialReader } from '../../auth/carriers';
import type { DirectoryApi, DirectoryCaller } from '../../model/directory-api';
import { type ErrorData, hasCode, RegistryError } from '../../model/errors';
import { ALL_NAMESPACES, type Principal, type Scope } from '../../model/grant';
import type { Claim } from '../../model/instance';
import { BODY_MAX_BYTES, CALL_MAX_MS, FORM_READ_MAX_MS } from '../../model/limits';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { isForm, readBodyText } from '../request/body';
import { enterNamespace, noteNamespace, pipeline, type Steps, waysTo, withDeadline } from './pipeline';
import type { FormRead, NamespaceWays, RequestContext } from './request-context';
import { pathNames } from './route';
import { directoryCaller, type RouteCall } from './route-call';
import type { Surface } from './surface';

/**
 * A dialect: a door for the clients of another registry, which are not told that it is one. It has its own routes, takes
 * credentials where those clients can put them, and refuses in the shape that they know.
 */
export interface Dialect {
  /** Name of its folder, and of what it keeps in the extensions of an instance. */
  name: string;
  /** How its paths begin: `/eureka`. All that begins so is answered in its shape, route or not; no two share one. */
  paths: readonly `/${string}`[];
  carriers: readonly Carrier[];
  /** One spelling for the many that its clients use: what routes are told of a path. It stays percent-encoded. */
  pathOf?(path: string): string;
  /**
   * True: its clients put parameters, credentials among them, into a form in the body as well as into the query. A
   * credential in it counts where there is none in headers, path and query.
   */
  takesForms?: boolean;
  /** A refusal as its clients know it, with what makes them do the right thing next. */
  refuse(refusal: ErrorData, request: Request): Response;
  addRoutes(door: DialectDoor): void;
  /**
   * Reads the services that an instance is found under beside its own, by what it keeps in the dialect's extension. Any
   * door may write that, so it may be anything.
   */
  claimsOf?(service: ServiceKey, extension: unknown): readonly Claim[];
}

/** The door that a dialect registers its routes on. */
export interface DialectDoor {
  route<Asked, Outcome>(definition: DialectRoute<Asked, Outcome>): void;
  directoryRoute<Asked, Outcome>(definition: DialectDirectoryRoute<Asked, Outcome>): void;
}

/** A route of a dialect, whatever it asks. */
interface AnyDialectRoute<Asked> {
  /** Its name in the dialect's table of what is supported. */
  operation: string;
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** In the router's words; several where clients write it in several ways. */
  paths: readonly string[];
  /** A few words: what it does. */
  summary: string;
  /**
   * Reads what is asked.
   *
   * @param names Variable parts of the path, percent-decoded once.
   * @param form Text of the form in the body, still encoded, where the dialect takes forms; the body is used up then.
   * @throws {RegistryError} `INVALID_REQUEST` and the like; told in the dialect's shape.
   */
  read(request: Request, names: Record<string, string>, form: string): Asked | Promise<Asked>;
}

/** A route of a dialect. Each request passes the same five steps as a native one: authenticate, parse, authorize, call, map. */
export interface DialectRoute<Asked, Outcome> extends AnyDialectRoute<Asked> {
  /** Scope that a token needs on the target; `any`: some grant on the namespace. */
  scope: Scope | 'any';
  /** True for the calls that make up nearly all traffic, as for a native route. */
  withoutDeadline?: boolean;
  /** The namespace that the request itself names. One in front of the path, `/n/<id>`, or in the host wins over it. */
  namespace?: (asked: Asked) => string | undefined;
  /** Target of the request; the namespace as a whole where this is left out. */
  target?: (asked: Asked) => Omit<Target, 'namespace'>;
  /** Decides in the place of scope and target, where what is asked has many. Throws `FORBIDDEN`. */
  authorize?: (principal: Principal, namespace: string, asked: Asked) => void;
  call(namespace: NamespaceApi, asked: Asked, call: RouteCall): Promise<Outcome>;
  answer(outcome: Outcome, asked: Asked, call: RouteCall): Response | Promise<Response>;
}

/** A route of a dialect that is about no namespace's content, but asks the directory, which authorizes; or about nothing at all. */
export interface DialectDirectoryRoute<Asked, Outcome> extends AnyDialectRoute<Asked> {
  call(directory: DirectoryApi, caller: DirectoryCaller, asked: Asked): Promise<Outcome>;
  answer(outcome: Outcome, asked: Asked): Response | Promise<Response>;
}

/** Registers a dialect. Outside its own folder a new one takes a single line: that which hands it to the app. */
export function addDialect(surface: Surface, dialect: Dialect): void {
  dialect.addRoutes({
    route: (definition) => addRoute(surface, dialect, definition),
    directoryRoute: (definition) => addDirectoryRoute(surface, dialect, definition),
  });
}

function addRoute<Asked, Outcome>(surface: Surface, dialect: Dialect, route: DialectRoute<Asked, Outcome>): void {
  const { namespace: namespaceIn, call, answer, withoutDeadline } = route;
  const permit = route.authorize ?? permission(route);
  addSteps(surface, dialect, route, {
    authorize: (context, asked) => {
      // An empty name is none, as in the parameters of many clients.
      const namespace = noteNamespace(context, (context.env.namespace ?? namespaceIn?.(asked)) || undefined);
      permit(context.get('principal'), namespace, asked);
      return enterNamespace(surface, context, namespace, waysFor);
    },
    call: (asked, routeCall) => call(routeCall.calls, asked, routeCall),
    map: answer,
    withoutDeadline,
  });
}

function addDirectoryRoute<Asked, Outcome>(
  surface: Surface,
  dialect: Dialect,
  route: DialectDirectoryRoute<Asked, Outcome>,
): void {
  const { call, answer } = route;
  addSteps(
    surface,
    dialect,
    { scope: 'any', ...route },
    {
      authorize: () => undefined,
      call: (asked, { directoryCaller }) => call(surface.directory, directoryCaller, asked),
      map: answer,
    },
  );
}

/** Registers a route under all of its paths, with the steps that all routes of all dialects begin with. */
function addSteps<Asked, Outcome>(
  surface: Surface,
  dialect: Dialect,
  route: AnyDialectRoute<Asked> & { scope: Scope | 'any' },
  steps: Omit<Steps<Asked, Outcome>, 'path' | 'authenticate' | 'parse'>,
): void {
  const { operation, method, paths, scope, summary } = route;
  const { authentication, router, dialectCards } = surface;
  const readCredential = credentialReader(dialect.carriers);
  const hasForm = ({ env }: RequestContext): boolean => dialect.takesForms === true && isForm(env.request.headers);

  // A stranger's body is read only where the form in it may be what admits them, and then up to its limit.
  const authenticate = (context: RequestContext) => {
    const { request, pathToken } = context.env;
    const form = hasForm(context) ? async () => (await formIn(context)).form : undefined;
    return authentication.authenticate(readCredential, { request, pathToken, form });
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

/** The form in the body, read once however many steps ask for it. */
function formIn(context: RequestContext): Promise<FormRead> {
  const known = context.get('form');
  if (known !== undefined) return known;
  const reading = formOf(context.env.request);
  context.set('form', reading);
  return reading;
}

const tooSlow = (maxMs: number): RegistryError =>
  new RegistryError('INVALID_REQUEST', `the form did not come within ${maxMs / 1_000} s; send it again`);

async function formOf(request: Request): Promise<FormRead> {
  try {
    return { form: await withDeadline(readBodyText(request, BODY_MAX_BYTES), FORM_READ_MAX_MS, tooSlow) };
  } catch (problem) {
    return { form: '', problem };
  }
}

/** The ways to a namespace, which is made for a principal that may make it: other registries' clients can't be told to do that first. */
function waysFor(surface: Surface, id: string, context: RequestContext): NamespaceWays | Promise<NamespaceWays> {
  if (!may(context.get('principal'), 'admin', { namespace: ALL_NAMESPACES })) return waysTo(surface, id);
  const found = surface.namespaceOf(id);
  if (!(found instanceof Promise) && found !== undefined) return found;
  return madeWays(surface, directoryCaller(surface, context), id);
}

async function madeWays(surface: Surface, caller: DirectoryCaller, id: string): Promise<NamespaceWays> {
  try {
    return await waysTo(surface, id);
  } catch (error) {
    if (!hasCode(error, 'NAMESPACE_NOT_FOUND')) throw error;
    await withDeadline(createUnlessThere(surface.directory, caller, id), CALL_MAX_MS);
    return waysTo(surface, id);
  }
}

/** Another request may have made it meanwhile, or made it otherwise. */
async function createUnlessThere(directory: DirectoryApi, caller: DirectoryCaller, id: string): Promise<void> {
  try {
    await directory.createNamespace(caller, { id });
  } catch (error) {
    if (!hasCode(error, 'CONFLICT')) throw error;
  }
}

/** The scope of a route, on what is asked. */
function permission<Asked, Outcome>({ scope, target }: DialectRoute<Asked, Outcome>) {
  return (principal: Principal, namespace: string, asked: Asked): void =>
    authorizeRoute(principal, scope, { ...target?.(asked), namespace });
}
