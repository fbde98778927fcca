import { z } from 'zod';
import { authorizeRoute, type Target } from '../../auth/authorize';
import { credentialReader, DOORS } from '../../auth/carriers';
import type { DirectoryApi } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import type { Principal, Scope } from '../../model/grant';
import type { ClaimsOf } from '../../model/instance';
import { BODY_MAX_BYTES, CALL_MAX_MS } from '../../model/limits';
import { isPlainName, NamespaceId } from '../../model/names';
import type { NamespaceApi } from '../../model/namespace-api';
import type { NamespaceSockets } from '../../model/namespace-sockets';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { parsed } from '../request/field-errors';
import type { IncomingRequest } from '../request/incoming-request';
import { readJsonBody } from '../request/json-body';
import { KnownQueries } from '../request/known-queries';
import type { PathNames } from '../request/path-names';
import type { Admission } from './admission';
import { withDeadline } from './deadline';
import { RouteCall, type Surroundings } from './route-call';
import type { DialectCard, RequestSchemas, RouteCard } from './route-card';
import type { Router } from './router';

/** The ways to one namespace: by calls, and over sockets. */
export interface NamespaceWays {
  calls: NamespaceApi;
  sockets: NamespaceSockets;
}

/** What a route is registered on: the router, and what all of its routes share. */
export interface Surface extends Surroundings {
  router: Router;
  /** Every route that was registered, for the documentation and for the test that walks them all. */
  cards: RouteCard[];
  /** Every route of every dialect. */
  dialectCards: DialectCard[];
  admission: Admission;
  /** The namespace of an id; undefined where there is none. Known at once, mostly. */
  namespaceOf(id: string): NamespaceWays | undefined | Promise<NamespaceWays | undefined>;
  directory: DirectoryApi;
  /** Reads the services that the extensions of an instance claim beside its own. */
  claimsOf: ClaimsOf;
}

/** A request's parts as their schemas gave them. */
export type Parsed<Input extends RequestSchemas> = { [Part in keyof Input]: z.output<Input[Part]> };

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
   * True for the calls that make up nearly all traffic: arming a timer costs them a tenth of their speed, and whoever
   * beats or resolves has a deadline of its own.
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

/** The query of a route that has no parameters: any parameter is a mistake. */
const NO_QUERY = z.strictObject({});

/** Makes what reads a request's parts by their schemas. Without a body that is done at once, without a promise. */
export function inputReader<Input extends RequestSchemas>(input: Input, bodyMaxBytes: number) {
  const { path, query = NO_QUERY, body } = input;
  const pathNames = Object.keys(path?.shape ?? {});
  const queries = new KnownQueries(query);

  function readNames({ url }: IncomingRequest, names: PathNames): Parsed<RequestSchemas> {
    const parts: Parsed<RequestSchemas> = { query: queries.of(url) };
    if (path === undefined) return parts;
    const asked: Record<string, string | undefined> = {};
    let arePlain = true;
    for (const name of pathNames) {
      const value = names.of(name);
      asked[name] = value;
      arePlain &&= isPlainName(value);
    }
    parts.path = arePlain ? asked : parsed(path, asked, 'path');
    return parts;
  }

  // `as`, twice: the parts come from the schemas of this very input.
  return (incoming: IncomingRequest, names: PathNames): Parsed<Input> | Promise<Parsed<Input>> => {
    const parts = readNames(incoming, names);
    if (body === undefined) return parts as Parsed<Input>;
    return readJsonBody(incoming.request, bodyMaxBytes).then(
      (value) => ({ ...parts, body: parsed(body, value, 'body') }) as Parsed<Input>,
    );
  };
}

/** What a route is about by its path: a service, or the namespace as a whole. */
function targetOf(namespace: string, path: unknown): Target {
  // `as`: names that the schema of the path has read, or no names at all.
  const { group, service } = (path ?? {}) as { group?: string; service?: string };
  return group === undefined || service === undefined ? { namespace } : { namespace, service: { group, service } };
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

/** The scope of a route, on what its path names. */
function permission(scope: Scope | 'any') {
  return (principal: Principal, namespace: string, { path }: Parsed<RequestSchemas>): void =>
    authorizeRoute(principal, scope, targetOf(namespace, path));
}

/**
 * Registers a route on a namespace. Each request passes the same five steps, in this order: authenticate, parse,
 * authorize, call, map. A route without a scope does not compile.
 */
export function route<Input extends RequestSchemas, Outcome>(
  surface: Surface,
  definition: RouteDefinition<Input, Outcome>,
): void {
  const { method, path, scope, call, map, waitMs, withoutDeadline = false } = definition;
  const readCredential = credentialReader(DOORS[definition.door ?? 'api']);
  const permit = definition.authorize ?? permission(scope);
  const readInput = inputReader(definition.input, definition.bodyMaxBytes ?? BODY_MAX_BYTES);
  const handler = async (incoming: IncomingRequest, names: PathNames): Promise<Response> => {
    const { record } = incoming;
    record.route = path;
    const known = surface.admission.admit(readCredential, incoming);
    const principal = known instanceof Promise ? await known : known;
    record.tokenId = principal.tokenId;
    const read = readInput(incoming, names);
    const input = read instanceof Promise ? await read : read;
    const named = names.of('ns');
    const isDefault = named === undefined || named === DEFAULT_NAMESPACE;
    const namespace = isDefault ? DEFAULT_NAMESPACE : parsed(NamespaceId, named, 'path');
    record.namespace = namespace;
    permit(principal, namespace, input);
    surface.rateRefusals.assertMayAsk(principal.tokenId, namespace);
    const ways = waysTo(surface, namespace);
    const { calls, sockets } = ways instanceof Promise ? await ways : ways;
    const asked = new RouteCall(incoming, principal, namespace, surface, sockets);
    const calling = call(calls, input, asked);
    const waits = waitMs?.(input, asked) ?? 0;
    record.isWait = waits > 0;
    const maxMs = CALL_MAX_MS + waits;
    try {
      return map(await (withoutDeadline ? calling : withDeadline(calling, maxMs)), input, asked);
    } catch (error) {
      surface.rateRefusals.note(principal.tokenId, namespace, error);
      throw error;
    }
  };
  surface.router.on(method, path, handler);
  surface.cards.push(definition);
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
  const readCredential = credentialReader(DOORS.api);
  surface.router.on(door.method, door.path, async (incoming) => {
    const { record } = incoming;
    record.route = door.path;
    if (!door.beforeSetup) surface.admission.assertConfigured();
    // Whoever shows a token in the path wants to be known by it, and is told where it is wrong.
    if (incoming.pathToken !== undefined) {
      const { tokenId } = await surface.admission.admit(readCredential, incoming);
      record.tokenId = tokenId;
    }
    return door.answer();
  });
  surface.cards.push(door);
}
