import type { ReadOptions } from '../../codecs/consul/parameters';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { quote, type RegistryError } from '../../model/errors';
import { indexedAnswer, jsonAnswer } from './answers';
import { waitOf } from './blocking';
import { consulRoute } from './routes';

/** Address of the leader of a cluster of one agent, as the harnesses of clients expect it. */
const LEADER = '127.0.0.1:8300';

/** Index of a list that never changes. */
const CONSTANT_INDEX = 2n;

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';

/** Adds the routes of status, events, coordinates, prepared queries and ACLs: what clients probe, and honest refusals. */
export function addMiscRoutes(door: DialectDoor): void {
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
    consulRoute(door, {
      operation,
      method,
      path,
      scope: 'any',
      summary: 'Refuses what this registry does not have',
      read: ({ names }) => names,
      call: (_namespace, names) => Promise.reject(error(names)),
      answer: () => jsonAnswer(null),
    });
  refusal('put', '/event/fire/:name', 'events', noEvents);
  refusal('get', '/coordinate/node/:node', 'coordinates', () => consulError(404, 'there are no coordinates'));
  refusal('put', '/coordinate/update', 'coordinates', () => consulError(501, 'this registry keeps no coordinates'));
  refusal('post', '/query', 'prepared queries', noQueries);
  for (const method of ['get', 'put', 'delete'] as const) {
    refusal(method, '/query/:query', 'prepared queries', ({ query = '' }) => unknownQuery(query));
  }
  for (const method of ['get', 'put', 'post', 'delete'] as const) {
    refusal(method, '/acl/:call{.+}', 'ACLs', REFUSALS.aclDisabled);
  }
}

/** Variable parts of a path. */
type Names = Record<string, string>;

const noEvents = () =>
  consulError(501, 'Events are not supported: no agent would receive them. Watch a key or a service instead.');

const noQueries = () =>
  consulError(
    501,
    'Prepared queries are not supported, except that each service can be executed as one: GET /v1/query/<service>/execute.',
  );

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
