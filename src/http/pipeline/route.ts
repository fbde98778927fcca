import { authorizeRoute, type Target } from '../../auth/authorize';
import { credentialReader, DOORS } from '../../auth/carriers';
import type { DirectoryApi, DirectoryCaller } from '../../model/directory-api';
import type { Principal, Scope } from '../../model/grant';
import { BODY_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { enterNamespace, namespaceId, noteNamespace, pipeline, type Steps } from './pipeline';
import type { RequestContext } from './request-context';
import type { RouteCall } from './route-call';
import type { RequestSchemas, RouteCard } from './route-card';
import { inputReader, type Parsed, pathName } from './route-input';
import type { Surface } from './surface';

/** A route: what it takes, whom it serves, the one method it calls, and what the outcome is over HTTP. */
export interface RouteDefinition<Input extends RequestSchemas, Outcome> extends RouteCard {
  /** `any`: some grant on the namespace, or what `authorize` asks for. */
  scope: Scope | 'any';
  input: Input;
  /** Largest body, where it is not the usual one. */
  bodyMaxBytes?: number;
  /** Time that the call was asked to wait, in milliseconds: its deadline is later by that. */
  waitMs?: (input: Parsed<Input>, call: RouteCall) => number;
  /**
   * True for the calls that make up nearly all traffic: arming a timer costs them a tenth of their speed, and clients
   * that beat or resolve have a deadline of their own.
   */
  withoutDeadline?: boolean;
  /**
   * Says whether a principal may do what the input asks for, where that isn't just the scope on what the path names: a
   * service, or else the namespace as a whole. Throws `FORBIDDEN`.
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
    authenticate: authentication(surface, definition),
    parse: inputReader(definition.input, bodyMaxBytes),
    authorize: (context, input) => {
      const namespace = noteNamespace(context, pathName(context.req, 'ns'));
      permit(context.get('principal'), namespace, input);
      return enterNamespace(surface, context, namespace);
    },
    call: (input, asked) => call(asked.calls, input, asked),
    map,
    waitMs,
    withoutDeadline,
  });
}

/** A route to the directory: what it takes, the one method it calls, and what the outcome is over HTTP. */
export interface DirectoryRouteDefinition<Input extends RequestSchemas, Outcome> extends RouteCard {
  /** The directory itself authorizes: what a token's id stands for is known only there. */
  scope: 'any';
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
    authenticate: authentication(surface, definition),
    parse: (context) => {
      const named = pathName(context.req, 'ns');
      if (named !== undefined) context.env.record.namespace = namespaceId(named);
      return readInput(context);
    },
    authorize: () => undefined,
    call: (input, asked) => call(surface.directory, asked.directoryCaller, input),
    map,
  });
}

/** A door that is open to everybody, and so shows no data. */
export interface OpenDoor extends RouteCard {
  scope: 'open';
  /** True: it answers even before the registry is set up. */
  beforeSetup?: boolean;
  answer: () => Response | Promise<Response>;
}

/** Registers a door that needs no token. */
export function openDoor(surface: Surface, door: OpenDoor): void {
  const authenticate = authentication(surface, door);
  addRoute(surface, door, {
    authenticate: (context) => {
      if (!door.beforeSetup) surface.admission.assertConfigured();
      // A token in the path is there for the log to know its owner by, who learns here that it is wrong.
      return context.env.pathToken === undefined ? undefined : authenticate(context);
    },
    parse: () => undefined,
    authorize: () => undefined,
    call: async () => door.answer(),
    map: (response) => response,
    withoutDeadline: true,
  });
}

/** The step `authenticate` of a native route. */
function authentication({ admission }: Surface, { door = 'api' }: RouteCard) {
  const readCredential = credentialReader(DOORS[door]);
  return ({ env }: RequestContext) => admission.admit(readCredential, env);
}

function addRoute<Input, Outcome>(surface: Surface, card: RouteCard, steps: Omit<Steps<Input, Outcome>, 'path'>): void {
  const { method, path } = card;
  surface.router.on(method, path, pipeline(surface, { ...steps, path }));
  surface.cards.push(card);
}

/** The scope of a route, on what its path names. */
function permission(scope: Scope | 'any') {
  return (principal: Principal, namespace: string, { path }: Parsed<RequestSchemas>): void =>
    authorizeRoute(principal, scope, targetOf(namespace, path));
}

/** What a route is about by its path: a service, or the namespace as a whole. */
function targetOf(namespace: string, path: unknown): Target {
  // `as`: names that the schema of the path has read, or no names at all.
  const { group, service } = (path ?? {}) as { group?: string; service?: string };
  return group === undefined || service === undefined ? { namespace } : { namespace, service: { group, service } };
}
