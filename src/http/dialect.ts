import { authorize, authorizeAny, type Target } from '../auth/authorize';
import type { Carrier } from '../auth/carriers';
import type { ErrorData } from '../model/errors';
import type { Principal, Scope } from '../model/grant';
import { CALL_MAX_MS } from '../model/limits';
import { DEFAULT_NAMESPACE, NamespaceId } from '../model/names';
import type { NamespaceApi } from '../model/namespace-api';
import { withDeadline } from './deadline';
import { refusalOf } from './error-response';
import { parsed } from './field-errors';
import { assertDecodable } from './request-target';
import { type Surface, waysTo } from './route';
import { RouteCall } from './route-call';

/**
 * A dialect: a door for the clients of another registry, which are not told that it is one. It has its own routes, takes
 * credentials where those clients can put them, and refuses in the shape that they know.
 */
export interface Dialect {
  /** Name of its folder, and of what it keeps in the extensions of an instance. */
  name: string;
  /** Whatever begins so is answered in its shape, also where it has no such route: `/eureka`. No other dialect's begins so. */
  paths: readonly `/${string}`[];
  carriers: readonly Carrier[];
  /** A refusal as its clients know it, with what makes them do the right thing next. */
  refuse(refusal: ErrorData, request: Request): Response;
  addRoutes(door: DialectDoor): void;
}

/** What a dialect's routes are registered on. */
export interface DialectDoor {
  route<Asked, Outcome>(definition: DialectRoute<Asked, Outcome>): void;
}

/** A route of a dialect. Each request passes the same five steps as a native one: authenticate, parse, authorize, call, map. */
export interface DialectRoute<Asked, Outcome> {
  /** Its name in the dialect's table of what is supported. */
  operation: string;
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** In the router's words; several where clients write it in several ways. */
  paths: readonly string[];
  /** What a token needs on the target; `any`: some grant on the namespace. */
  scope: Scope | 'any';
  /** A few words: what it does. */
  summary: string;
  /**
   * Reads what is asked.
   *
   * @param names Variable parts of the path, percent-decoded once.
   * @throws {RegistryError} `INVALID_REQUEST` and the like; told in the dialect's shape.
   */
  read(request: Request, names: Record<string, string>): Asked | Promise<Asked>;
  /** The namespace that the request itself names. What stands in front of the path, `/n/<namespace>`, goes first. */
  namespace?: (asked: Asked) => string | undefined;
  /** What it is about; the namespace as a whole where this is left out. */
  target?: (asked: Asked) => Omit<Target, 'namespace'>;
  /** Decides in the place of scope and target, where what is asked has many. Throws `FORBIDDEN`. */
  authorize?: (principal: Principal, namespace: string, asked: Asked) => void;
  call(namespace: NamespaceApi, asked: Asked, call: RouteCall): Promise<Outcome>;
  answer(outcome: Outcome, asked: Asked, call: RouteCall): Response | Promise<Response>;
}

/** Registers a dialect: the one line that a new one takes outside its folder is the one that hands it to the app. */
export function addDialect(surface: Surface, dialect: Dialect): void {
  dialect.addRoutes({ route: (definition) => addRoute(surface, dialect, definition) });
}

/** Whose shape a path is answered in; undefined for the native API. */
export function dialectOf(dialects: readonly Dialect[], path: string): Dialect | undefined {
  return dialects.find(({ paths }) => paths.some((begin) => path === begin || path.startsWith(`${begin}/`)));
}

function addRoute<Asked, Outcome>(surface: Surface, dialect: Dialect, route: DialectRoute<Asked, Outcome>): void {
  const { operation, method, paths, scope, summary } = route;
  surface.hono.on(method, [...paths], async (context) => {
    try {
      const principal = await surface.admission.admit(dialect.carriers, context.req.raw, context.env);
      assertDecodable(context.req.path);
      const asked = await route.read(context.req.raw, context.req.param());
      const namespace = namespaceOf(context.env.namespace ?? route.namespace?.(asked));
      permit(route, principal, namespace, asked);
      const { calls, sockets } = await waysTo(surface, namespace);
      const call = new RouteCall(context, principal, namespace, surface, sockets);
      const outcome = await withDeadline(route.call(calls, asked, call), CALL_MAX_MS);
      return await route.answer(outcome, asked, call);
    } catch (error) {
      return dialect.refuse(refusalOf(error, `${dialect.name} ${operation}`), context.req.raw);
    }
  });
  for (const path of paths)
    surface.dialectCards.push({ dialect: dialect.name, operation, method, path, scope, summary });
}

function namespaceOf(named: string | undefined): string {
  return named === undefined || named === '' ? DEFAULT_NAMESPACE : parsed(NamespaceId, named, 'path');
}

function permit<Asked, Outcome>(
  { scope, target, authorize: decide }: DialectRoute<Asked, Outcome>,
  principal: Principal,
  namespace: string,
  asked: Asked,
): void {
  if (decide !== undefined) decide(principal, namespace, asked);
  else if (scope === 'any') authorizeAny(principal, namespace);
  else authorize(principal, scope, { ...target?.(asked), namespace });
}
