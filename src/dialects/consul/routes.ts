import { QueryParameters } from '../../codecs/consul/parameters';
import { DATACENTER } from '../../codecs/consul/records';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import type { DialectDoor, DialectRoute } from '../../http/pipeline/dialect';
import { queryText } from '../../http/request/request-target';
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
      const query = new QueryParameters(queryText(request.url));
      assertLocal(query, request.headers);
      return read({ node: virtualNode, query, names, request });
    },
  });
}

/**
 * Refuses requests for what only larger installations or the Enterprise edition have.
 *
 * @throws {RegistryError} With Consul's status and text.
 */
function assertLocal(query: QueryParameters, headers: Headers): void {
  const datacenter = query.text('dc');
  if (datacenter !== '' && datacenter.toLowerCase() !== DATACENTER) throw REFUSALS.noDatacenter();
  for (const [parameter, header, what] of ENTERPRISE) {
    const value = query.text(parameter) || (headers.get(header) ?? '');
    if (value === '' || value === 'default') continue;
    throw consulError(
      400,
      `Bad request: Invalid query parameter: "${parameter}" - ${what} are a Consul Enterprise feature`,
    );
  }
  const peer = query.text('peer');
  if (peer !== '')
    throw consulError(400, `Bad request: Invalid query parameter: "peer" - there are no cluster peerings`);
}

const ENTERPRISE = [
  ['ns', 'x-consul-namespace', 'Namespaces'],
  ['partition', 'x-consul-partition', 'Partitions'],
] as const;
