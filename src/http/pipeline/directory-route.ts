import { credentialReader, DOORS } from '../../auth/carriers';
import type { DirectoryApi, DirectoryCaller } from '../../model/directory-api';
import type { Principal } from '../../model/grant';
import { BODY_MAX_BYTES, CALL_MAX_MS } from '../../model/limits';
import { NamespaceId } from '../../model/names';
import { parsed } from '../request/field-errors';
import type { IncomingRequest } from '../request/incoming-request';
import { originOf } from '../request/origin';
import type { PathNames } from '../request/path-names';
import { COMMON_HEADERS } from '../response/common-headers';
import { withDeadline } from './deadline';
import { inputReader, type Parsed, type Surface } from './route';
import type { RequestSchemas, RouteCard } from './route-card';

/** A route to the directory: what it takes, the one method it calls, and what the outcome is over HTTP. */
export interface DirectoryRouteDefinition<Input extends RequestSchemas, Outcome> extends RouteCard {
  /** The directory itself authorizes: what a token's id stands for is known only there. */
  scope: 'any';
  input: Input;
  call: (directory: DirectoryApi, caller: DirectoryCaller, input: Parsed<Input>) => Promise<Outcome>;
  map: (outcome: Outcome, input: Parsed<Input>) => Response;
}

/** Registers a route to the directory. Each request passes the same steps as on a route to a namespace. */
export function directoryRoute<Input extends RequestSchemas, Outcome>(
  surface: Surface,
  definition: DirectoryRouteDefinition<Input, Outcome>,
): void {
  const { method, path, call, map } = definition;
  const readInput = inputReader(definition.input, BODY_MAX_BYTES);
  const readCredential = credentialReader(DOORS.api);
  const handler = async (incoming: IncomingRequest, names: PathNames): Promise<Response> => {
    const { request, record } = incoming;
    record.route = path;
    const principal = await surface.admission.admit(readCredential, incoming);
    record.tokenId = principal.tokenId;
    const named = names.of('ns');
    if (named !== undefined) record.namespace = parsed(NamespaceId, named, 'path');
    const input = await readInput(incoming, names);
    const answering = call(surface.directory, directoryCaller(surface, request, principal), input);
    return map(await withDeadline(answering, CALL_MAX_MS), input);
  };
  surface.router.on(method, path, handler);
  surface.cards.push(definition);
}

/** Who asks the directory, and from where. */
export function directoryCaller(surface: Surface, request: Request, principal: Principal): DirectoryCaller {
  return { principal, address: originOf(request, surface.trustedProxy).address };
}

/** A body as JSON: 200, or 201 with where to find what is new. */
export function told(body: unknown, { location }: { location?: string | undefined } = {}): Response {
  const headers: Record<string, string> = { ...COMMON_HEADERS, 'Content-Type': 'application/json' };
  if (location !== undefined) headers.Location = location;
  return new Response(JSON.stringify(body), { status: location === undefined ? 200 : 201, headers });
}

/** Done, and nothing to tell: 204. */
export function done(): Response {
  return new Response(null, { status: 204, headers: COMMON_HEADERS });
}
