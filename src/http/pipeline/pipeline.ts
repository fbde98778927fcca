import { RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import { CALL_MAX_MS } from '../../model/limits';
import { isNamespaceId, NamespaceId } from '../../model/names';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { parsed } from '../request/field-errors';
import type { NamespaceWays, RequestContext } from './request-context';
import { RouteCall } from './route-call';
import type { Surface } from './surface';

/**
 * The steps of a route, in their order. Native routes, routes to the directory and routes of dialects differ in their
 * steps alone: {@link pipeline} is what runs the steps of them all.
 *
 * A step that has its answer at once returns it as it is: a promise costs the calls that make up nearly all traffic.
 */
export interface Steps<Input, Outcome> {
  /** Pattern of the route, by which the log and the metrics know it. */
  path: string;
  /** Finds out who asks; undefined where the door is open to all. */
  authenticate(context: RequestContext): Principal | undefined | Promise<Principal>;
  /** Reads what is asked. */
  parse(context: RequestContext): Input | Promise<Input>;
  /** Refuses what the principal may not do. Returns the ways to the namespace that it is about, where it is about one. */
  authorize(context: RequestContext, input: Input): NamespaceWays | undefined | Promise<NamespaceWays>;
  call(input: Input, call: RouteCall): Promise<Outcome>;
  map(outcome: Outcome, input: Input, call: RouteCall): Response | Promise<Response>;
  /** Time that the call was asked to wait, in milliseconds: its deadline is later by that. */
  waitMs?: ((input: Input, call: RouteCall) => number) | undefined;
  /** True: the call may take as long as it takes. */
  withoutDeadline?: boolean | undefined;
}

/** Makes the handler of a route from its steps: authenticate, parse, authorize, call, map. */
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
    const ways = opened instanceof Promise ? await opened : opened;

    const asked = new RouteCall(context, surface, ways);
    const calling = call(input, asked);
    const waits = waitMs?.(input, asked) ?? 0;
    record.isWait = waits > 0;
    try {
      const outcome = await (withoutDeadline ? calling : withDeadline(calling, CALL_MAX_MS + waits));
      const mapping = map(outcome, input, asked);
      return mapping instanceof Promise ? await mapping : mapping;
    } catch (error) {
      const namespace = context.get('namespace');
      if (namespace !== undefined) surface.authentication.noteRefusal(asked.tokenId, namespace, error);
      throw error;
    }
  };
}

/**
 * Reads the id of the namespace that a request is about, the default one where it names none, and notes it.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function noteNamespace(context: RequestContext, named: string | undefined): string {
  const namespace = named === undefined ? DEFAULT_NAMESPACE : namespaceId(named);
  context.env.record.namespace = namespace;
  context.set('namespace', namespace);
  return namespace;
}

/** Reads the id of a namespace out of a path or a host. @throws {RegistryError} `INVALID_REQUEST`. */
export function namespaceId(text: string): string {
  return isNamespaceId(text) ? text : parsed(NamespaceId, text, 'path');
}

/**
 * Opens a namespace to a principal that may do there what it asks: the end of the step `authorize`.
 *
 * @param open Finds the ways to it.
 * @throws {RegistryError} `LIMIT_EXCEEDED` for a token that was over its rate a moment ago, and what `open` throws.
 */
export function enterNamespace(
  surface: Surface,
  context: RequestContext,
  namespace: string,
  open: (surface: Surface, id: string, context: RequestContext) => NamespaceWays | Promise<NamespaceWays> = waysTo,
): NamespaceWays | Promise<NamespaceWays> {
  surface.authentication.assertWithinRate(context.get('principal').tokenId, namespace);
  return open(surface, namespace, context);
}

/**
 * The ways to a namespace: at once where they are known.
 *
 * @throws {RegistryError} `NAMESPACE_NOT_FOUND`, and `UNAVAILABLE` where that can't be told now.
 */
export function waysTo(surface: Surface, id: string): NamespaceWays | Promise<NamespaceWays> {
  const found = surface.namespaceOf(id);
  if (found instanceof Promise) return found.then((ways) => existing(ways, id));
  return existing(found, id);
}

function existing(ways: NamespaceWays | undefined, id: string): NamespaceWays {
  if (ways !== undefined) return ways;
  throw new RegistryError(
    'NAMESPACE_NOT_FOUND',
    `there is no namespace "${id}"; "${DEFAULT_NAMESPACE}" is always there`,
  );
}

/** What is told of a call to a namespace: it may be done yet. */
function tooLate(maxMs: number): RegistryError {
  return new RegistryError(
    'DEADLINE_EXCEEDED',
    `no answer came within ${maxMs / 1_000} s; a change may have been made or not: read before you repeat it`,
  );
}

/**
 * Waits for a call, and gives up after a time. The call itself goes on: it may still take effect.
 *
 * @param late What is thrown then.
 * @throws {RegistryError} `DEADLINE_EXCEEDED`, or what `late` makes.
 */
export async function withDeadline<T>(call: Promise<T>, maxMs: number, late = tooLate): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late(maxMs)), maxMs);
  try {
    return await Promise.race([call, end]);
  } finally {
    clearTimeout(timer);
  }
}
