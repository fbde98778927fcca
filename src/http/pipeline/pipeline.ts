import { RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import { CALL_MAX_MS } from '../../model/limits';
import { isNamespaceId, NamespaceId } from '../../model/names';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { withDeadline } from '../request/deadline';
import { parsed } from '../request/field-errors';
import type { OpenNamespace, RequestContext } from './request-context';
import { RouteCall } from './route-call';
import type { Surface } from './surface';

/**
 * The steps of a route, in order. Native routes, routes to the directory and routes of dialects differ only in their
 * steps: {@link pipeline} runs the steps of all of them.
 *
 * A step that completes synchronously returns a plain value: a promise would slow down the most frequent calls.
 */
export interface Steps<Input, Outcome> {
  /** Pattern of the route, as in the log and the metrics. */
  path: string;
  /** Returns the principal of a request; undefined on an open route. */
  authenticate(context: RequestContext): Principal | undefined | Promise<Principal>;
  /** Parses the input. */
  parse(context: RequestContext): Input | Promise<Input>;
  /** Refuses what the principal may not do. Opens the namespace of the request, if it has one. */
  authorize(context: RequestContext, input: Input): OpenNamespace | undefined | Promise<OpenNamespace>;
  call(input: Input, call: RouteCall): Promise<Outcome>;
  map(outcome: Outcome, input: Input, call: RouteCall): Response | Promise<Response>;
  /** Time that the client asked the call to wait, in milliseconds; extends the deadline. */
  waitMs?: ((input: Input, call: RouteCall) => number) | undefined;
  /** True if the call has no deadline, unless it waits. */
  withoutDeadline?: boolean | undefined;
}

/** Creates the handler of a route from its steps: authenticate, parse, authorize, call, map. */
export function pipeline<Input, Outcome>(surface: Surface, steps: Steps<Input, Outcome>) {
  const { path, authenticate, parse, authorize, call, map, waitMs, withoutDeadline = false } = steps;
  return async (context: RequestContext): Promise<Response> => {
    const { record } = context.env;
    record.route = path;

    const known = authenticate(context);
    const principal = known instanceof Promise ? await known : known;
    if (principal !== undefined) {
      record.tokenId = principal.tokenId;
      context.set('principal', principal);
    }

    const read = parse(context);
    const input = read instanceof Promise ? await read : read;

    const opened = authorize(context, input);
    const namespace = opened instanceof Promise ? await opened : opened;

    const routeCall = new RouteCall(context, surface, namespace);
    const calling = call(input, routeCall);
    const waits = waitMs?.(input, routeCall) ?? 0;
    record.isWait = waits > 0;
    try {
      const isUnlimited = withoutDeadline && waits === 0;
      const outcome = await (isUnlimited ? calling : withDeadline(calling, CALL_MAX_MS + waits));
      const mapping = map(outcome, input, routeCall);
      return mapping instanceof Promise ? await mapping : mapping;
    } catch (error) {
      const namespace = context.get('namespace');
      if (namespace !== undefined) surface.authentication.noteRefusal(routeCall.tokenId, namespace, error);
      throw error;
    }
  };
}

/**
 * Records the namespace of a request and returns its id; the default namespace if the request names none.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function noteNamespace(context: RequestContext, named: string | undefined): string {
  const namespace = named === undefined ? DEFAULT_NAMESPACE : namespaceId(named);
  context.env.record.namespace = namespace;
  context.set('namespace', namespace);
  return namespace;
}

/** Parses the id of a namespace in a path or a host name. @throws {RegistryError} `INVALID_REQUEST`. */
export function namespaceId(text: string): string {
  return isNamespaceId(text) ? text : parsed(NamespaceId, text, 'path');
}

/**
 * Opens a namespace for an authorized principal: the end of the step `authorize`.
 *
 * @param open Finds the namespace.
 * @throws {RegistryError} `LIMIT_EXCEEDED` for a token that was over its rate a moment ago, and the errors of `open`.
 */
export function enterNamespace(
  surface: Surface,
  context: RequestContext,
  namespace: string,
  open: (
    surface: Surface,
    id: string,
    context: RequestContext,
  ) => OpenNamespace | Promise<OpenNamespace> = openNamespace,
): OpenNamespace | Promise<OpenNamespace> {
  surface.authentication.assertWithinRate(context.get('principal').tokenId, namespace);
  return open(surface, namespace, context);
}

/**
 * Opens a namespace; without a promise if it is known.
 *
 * @throws {RegistryError} `NAMESPACE_NOT_FOUND`, or `UNAVAILABLE` if its existence cannot be checked now.
 */
export function openNamespace(surface: Surface, id: string): OpenNamespace | Promise<OpenNamespace> {
  const found = surface.namespaceOf(id);
  if (found instanceof Promise) return found.then((namespace) => existing(namespace, id));
  return existing(found, id);
}

function existing(namespace: OpenNamespace | undefined, id: string): OpenNamespace {
  if (namespace !== undefined) return namespace;
  throw new RegistryError(
    'NAMESPACE_NOT_FOUND',
    `there is no namespace "${id}"; check its spelling, or create it with POST /api/v1/ns ("${DEFAULT_NAMESPACE}" always exists)`,
  );
}
