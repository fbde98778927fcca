import type { ReadOptions } from '../../codecs/consul/parameters';
import { DATACENTER } from '../../codecs/consul/records';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import type { ShownHealth } from '../../codecs/consul/shown';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { quote, type RegistryError } from '../../model/errors';
import { indexedAnswer, jsonAnswer } from './answers';
import { waitOf } from './blocking';
import { serviceOf } from './names';
import { consulRoute, refusedRoute } from './routes';
import { readServiceRequest, type ServiceReads } from './service-reads';
import { HEALTH } from './service-routes';

/** Address of the leader of a cluster of one agent, as the harnesses of clients expect it. */
const LEADER = '127.0.0.1:8300';

/** Index of a list that never changes. */
const CONSTANT_INDEX = 2n;

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';

/** npm's client shows only texts of errors that have less than 80 characters. */

/** Adds the routes of status, events, coordinates, prepared queries and ACLs: what clients probe, and honest refusals. */
export function addMiscRoutes(door: DialectDoor, reads: ServiceReads): void {
  const constant = (path: string, operation: string, value: unknown, summary: string) =>
    consulRoute(door, {
      operation,
      method: 'get',
      path,
      scope: 'any',
      summary,
      read: () => undefined,
      call: async () => value,
      answer: (body) => jsonAnswer(body),
    });
  constant('/status/leader', 'status', LEADER, 'Returns the address of the leader');
  constant('/status/peers', 'status', [LEADER], 'Lists the addresses of the servers');
  constant('/coordinate/datacenters', 'coordinates', [], 'Lists no coordinates: there are none');
  constant('/query', 'prepared queries', [], 'Lists no prepared queries: there are none');

  const emptyList = (path: string, operation: string, summary: string) =>
    consulRoute(door, {
      operation,
      method: 'get',
      path,
      scope: 'any',
      summary,
      read: ({ query }) => query.readOptions(),
      waitMs: waitOf,
      call: (_namespace, options, call) => held(options, call),
      answer: (_outcome, options) => indexedAnswer('[]', Number(CONSTANT_INDEX), options),
    });
  emptyList('/event/list', 'events', 'Lists no events: none can be fired');
  emptyList('/coordinate/nodes', 'coordinates', 'Lists no coordinates: there are none');

  const refusal = (method: Method, path: string, operation: string, error: (names: Names) => RegistryError) =>
    refusedRoute(door, { method, path, operation }, error);
  refusal('put', '/event/fire/:name', 'events', noEvents);
  refusal('get', '/coordinate/node/:node', 'coordinates', () => consulError(404, 'there are no coordinates'));
  refusal('put', '/coordinate/update', 'coordinates', () => consulError(501, 'this registry keeps no coordinates'));
  refusal('post', '/query', 'prepared queries', noQueries);
  for (const method of ['get', 'put', 'delete'] as const) {
    refusal(method, '/query/:query', 'prepared queries', ({ query = '' }) => unknownQuery(query));
  }
  refusal('get', '/query/:query/explain', 'prepared queries', noQueries);
  addQueryRoute(door, reads);
  for (const method of ['get', 'put', 'post', 'delete'] as const) {
    refusal(method, '/acl/:call{.+}', 'ACLs', REFUSALS.aclDisabled);
  }
}

/** Adds the execution of the query that each service has under its own name: its instances without a critical check. */
function addQueryRoute(door: DialectDoor, reads: ServiceReads): void {
  consulRoute(door, {
    operation: 'execute query',
    method: 'get',
    path: '/query/:service/execute',
    scope: 'read',
    summary: 'Lists the instances of a service that have no critical check',
    read: async (request) => {
      const { options, ...read } = await readServiceRequest(request, HEALTH.endpoint, false);
      // Consul does not hold such a request.
      return {
        ...read,
        options: { ...options, index: 0n },
        limit: Math.max(0, Number(request.query.text('limit'))) || undefined,
      };
    },
    target: ({ name }) => ({ service: serviceOf(name) }),
    call: async (_namespace, read, call) => {
      const { text, isAbsent } = await reads.read(call, read, HEALTH);
      if (isAbsent) throw unknownQuery(read.name);
      return JSON.parse(text) as ShownHealth[]; // `as`: the text of HEALTH
    },
    answer: (all, { name, limit, options: { pretty } }) => {
      const nodes = all.filter(({ Checks }) => Checks.every(({ Status }) => Status !== 'critical')).slice(0, limit);
      const query = { Service: name, Nodes: nodes, DNS: { TTL: '' }, Datacenter: DATACENTER, Failovers: 0 };
      return jsonAnswer(query, { pretty });
    },
  });
}

/** Variable parts of a path. */
type Names = Record<string, string>;

const noEvents = () => consulError(501, 'Events are not supported; watch a key or a service instead');

const noQueries = () => consulError(501, 'Prepared queries are not supported, except /v1/query/<service>/execute');

/** Consul's own text, and the query that was sought. */
const unknownQuery = (query: string) => consulError(404, `Query not found: ${quote(query)}`);

/** Holds a request for a list that never changes as long as its client waits. Otherwise it would repeat the request at once. */
async function held(options: ReadOptions, { surroundings, tokenId }: RouteCall): Promise<void> {
  const waitMs = options.index === CONSTANT_INDEX ? waitOf(options) : 0;
  if (waitMs === 0) return;
  const leave = surroundings.waits.enter({ tokenId, subscriber: '' }, waitMs);
  try {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  } finally {
    leave();
  }
}
