import { QueryParameters } from '../../codecs/consul/parameters';
import { DATACENTER } from '../../codecs/consul/records';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import type { DialectDoor, DialectRoute } from '../../http/pipeline/dialect';
import { queryText } from '../../http/request/request-target';
import { CONSUL_QUERIES_MAX_COUNT, CONSUL_QUERY_KEPT_MAX_CHARACTERS } from '../../model/limits';
import { DEFAULT_NODE } from './names';

/** The part of a request that all routes read. */
export interface ConsulRequest {
  /** Node whose agent the request is for. */
  node: string;
  query: QueryParameters;
  /** Variable parts of the path, percent-decoded once. */
  names: Record<string, string>;
  request: Request;
}

/** A route of this API. */
export interface ConsulRoute<Input, Outcome> extends Omit<DialectRoute<Input, Outcome>, 'paths' | 'read'> {
  /** Below `/v1`. */
  path: string;
  read(request: ConsulRequest): Input | Promise<Input>;
}

/** Adds a route for the default node, and for each node that a path names: `/node/<node>/v1/…`. */
export function consulRoute<Input, Outcome>(door: DialectDoor, route: ConsulRoute<Input, Outcome>): void {
  const { path, read, ...others } = route;
  door.route({
    ...others,
    paths: [`/v1${path}`, `/node/:virtualNode/v1${path}`],
    read: (request, { virtualNode = DEFAULT_NODE, ...names }) => {
      const query = queries.of(queryText(request.url));
      assertLocal(request.headers);
      return read({ node: virtualNode, query, names, request });
    },
  });
}

/** Cache of parsed queries by their text: clients repeat the same few, and parsing one takes as long as a cached read. */
class Queries {
  readonly #known = new Map<string, QueryParameters>();

  /** @throws {RegistryError} For a query that names another datacenter and the like. */
  of(text: string): QueryParameters {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const query = new QueryParameters(text);
    assertLocalQuery(query);
    if (text.length > CONSUL_QUERY_KEPT_MAX_CHARACTERS) return query;
    if (this.#known.size >= CONSUL_QUERIES_MAX_COUNT) this.#known.clear();
    this.#known.set(text, query);
    return query;
  }
}

const queries = new Queries();

/** Adds a route for what this registry does not have. @param error Its refusal, by the names in the path. */
export function refusedRoute(
  door: DialectDoor,
  route: Pick<ConsulRoute<unknown, unknown>, 'method' | 'path' | 'operation'>,
  error: (names: Record<string, string>) => Error,
): void {
  consulRoute<Record<string, string>, never>(door, {
    ...route,
    scope: 'any',
    summary: 'Refuses what this registry does not have',
    read: ({ names }) => names,
    call: (_namespace, names) => Promise.reject(error(names)),
    answer: (never) => never,
  });
}

/**
 * Refuses queries for what only larger installations or the Enterprise edition have.
 *
 * @throws {RegistryError} With Consul's status and text.
 */
function assertLocalQuery(query: QueryParameters): void {
  const datacenter = query.text('dc');
  if (datacenter !== '' && datacenter.toLowerCase() !== DATACENTER) throw REFUSALS.noDatacenter();
  for (const feature of ENTERPRISE) assertDefault(query.text(feature.parameter), feature);
  const peer = query.text('peer');
  if (peer !== '')
    throw consulError(400, `Bad request: Invalid query parameter: "peer" - there are no cluster peerings`);
}

/** Refuses headers of the Enterprise edition. @throws {RegistryError} With Consul's status and text. */
function assertLocal(headers: Headers): void {
  for (const feature of ENTERPRISE) assertDefault(headers.get(feature.header) ?? '', feature);
}

/** A feature of the Enterprise edition, which knows its default value everywhere. */
interface EnterpriseFeature {
  parameter: string;
  header: string;
  what: string;
}

const ENTERPRISE: readonly EnterpriseFeature[] = [
  { parameter: 'ns', header: 'x-consul-namespace', what: 'Namespaces' },
  { parameter: 'partition', header: 'x-consul-partition', what: 'Partitions' },
];

function assertDefault(value: string, { parameter, what }: EnterpriseFeature): void {
  if (value === '' || value === 'default') return;
  throw consulError(
    400,
    `Bad request: Invalid query parameter: "${parameter}" - ${what} are a Consul Enterprise feature`,
  );
}
