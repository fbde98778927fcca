import type { Service } from '../../codecs/go-micro/service';
import { allServices, instancePages } from '../../http/dialect-calls/whole-lists';
import type { Dialect, DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { readUntypedJsonBody } from '../../http/request/body';
import { COMMON_HEADERS } from '../../http/response/answers';
import { errorResponse } from '../../http/response/error-response';
import type { Operation } from '../../model/batch';
import type { HeldDocument } from '../../model/dialect-reads';
import type { InstanceView } from '../../model/instance';
import { EVENT_STREAM_MAX_MS, GO_MICRO_BODY_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { shortName } from '../../model/service-name';
import { servicesOf } from './kept-service';
import { RegistryWatch } from './registry-watch';
import { keyOf, registrationsOf, removalsOf } from './translate';
import { readService, requestedService } from './wire';

/**
 * API for clients of go-micro's registry plugin `proxy`, versions 2 to 4. The clients show the body of any response with a
 * status other than 200 to people, as the text of a Go error.
 */
export const goMicro: Dialect = {
  name: 'go-micro',
  paths: ['/registry'],
  carriers: ['bearer', 'path'],
  refuse(refusal) {
    const { status, headers } = errorResponse(refusal);
    headers.set('Content-Type', 'text/plain; charset=utf-8');
    return new Response(refusal.message, { status, headers });
  },
  addRoutes,
};

/** Paths of all routes. Clients prepend the rest of their address. */
const PATHS = ['/registry', '/registry/'];

/** Operations on the nodes of a service. */
interface Changes {
  key: ServiceKey;
  operations: Operation[];
}

async function changesOf(
  request: Request,
  operationsOf: (service: Service) => Operation[] | Promise<Operation[]>,
): Promise<Changes> {
  const service = readService(await readUntypedJsonBody(request, GO_MICRO_BODY_MAX_BYTES));
  return { key: keyOf(service.name, 'body'), operations: await operationsOf(service) };
}

/** Applies changes. Without operations there is nothing to do. */
async function change(namespace: NamespaceApi, { operations }: Changes, call: RouteCall): Promise<void> {
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

/** Returns a response with status 200, the only one that clients treat as success. */
const answerOf = (body: unknown): Response =>
  new Response(JSON.stringify(body), { headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json' } });

/** A read or a watch, of one service or of all. */
interface RegistryRequest {
  key: ServiceKey | undefined;
  isWatch: boolean;
}

function requestOf(request: Request): RegistryRequest {
  const isWatch = request.method === 'GET' && request.headers.get('upgrade')?.toLowerCase() === 'websocket';
  const name = requestedService(request.url, isWatch);
  return { key: name === '' ? undefined : keyOf(name, 'query'), isWatch };
}

/** Returns the available nodes of a service. Others are omitted, because nodes have no state in go-micro. */
async function nodesOf(namespace: NamespaceApi, key: ServiceKey, tokenId: string): Promise<Service[]> {
  const command = { ...key, filter: { available: true }, documents: true, tokenId };
  let instances: InstanceView[] = [];
  let documents: HeldDocument[] = [];
  for await (const page of instancePages(namespace, command)) {
    instances = instances.concat(page.instances);
    documents = documents.concat(page.documents ?? []);
  }
  return servicesOf(instances, documents);
}

/** Returns only the names of all services, because gateways poll this and it should stay small. */
async function namesOf(namespace: NamespaceApi, tokenId: string): Promise<Service[]> {
  const services = await allServices(namespace, { tokenId });
  return services
    .filter(({ available }) => available > 0)
    .map(({ group, name }) => shortName({ group, service: name }))
    .map((name) => ({ name, version: '', metadata: {}, endpoints: [], nodes: [] }));
}

/** Opens a watch. It counts towards the limits of event streams. */
function watch(key: ServiceKey | undefined, call: RouteCall): Promise<Response> {
  const { waits, acceptSocket } = call.surroundings;
  // Clients have no subscriber names, so each watch is a subscriber of its own.
  const subscriber = crypto.randomUUID();
  const leave = waits.enter({ tokenId: call.tokenId, subscriber }, EVENT_STREAM_MAX_MS);
  const scope = { groups: [], services: key === undefined ? [] : [key] };
  const purpose = call.purpose('stream', subscriber);
  return new RegistryWatch(acceptSocket, leave).open({ sockets: call.sockets, purpose, scope });
}

/** Adds the three calls of go-micro's registry, and its watch. */
function addRoutes(door: DialectDoor): void {
  door.route({
    operation: 'register',
    method: 'post',
    paths: PATHS,
    scope: 'register',
    summary: 'Registers nodes of a service, or renews them',
    read: (request) => changesOf(request, registrationsOf),
    target: ({ key }) => ({ service: key }),
    call: change,
    answer: () => answerOf({}),
  });

  door.route({
    operation: 'deregister',
    method: 'delete',
    paths: PATHS,
    scope: 'register',
    summary: 'Removes the given nodes of a service',
    read: (request) => changesOf(request, removalsOf),
    target: ({ key }) => ({ service: key }),
    call: change,
    answer: () => answerOf({}),
  });

  door.route({
    operation: 'read',
    method: 'get',
    paths: PATHS,
    scope: 'read',
    summary: 'Lists the nodes of a service by version, or all services; or watches them over a WebSocket',
    read: requestOf,
    target: ({ key }) => ({ service: key }),
    call: async (namespace, { key, isWatch }, call) => {
      if (isWatch) return watch(key, call);
      const { tokenId } = call;
      return answerOf(await (key === undefined ? namesOf(namespace, tokenId) : nodesOf(namespace, key, tokenId)));
    },
    answer: (response) => response,
  });
}
