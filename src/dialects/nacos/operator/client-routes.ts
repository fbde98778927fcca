import type { Host } from '../../../codecs/nacos/host';
import type { Place } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import { hostsOf, type WholeService, wholeNamespace } from '../hosts/found-instances';
import type { SharedChecks } from '../lists/shared-checks';
import { type ShownSubscriber, subscribersOf } from '../lists/subscribers';
import { serviceNamedIn } from '../services/service-calls';
import { result } from '../wire/answers';
import { namespaceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';

/** Paths and formats of one version. */
interface Version {
  version: 'v2' | 'v3';
  path: string;
  published(namespaceId: string, publisher: Publisher): object[];
  publisher(host: Host): object;
  subscriber(subscriber: ShownSubscriber): object;
}

const VERSIONS: Version[] = [
  {
    version: 'v2',
    path: '/nacos/v2/ns/client',
    published: (namespace, { ip, port, published }) =>
      published.map(({ group, service, cluster }) => {
        return { namespace, group, serviceName: service, registeredInstance: { ip, port, cluster } };
      }),
    publisher: (host) => ({ ip: host.ip, port: host.port, cluster: host.clusterName, clientId: idOf(host) }),
    subscriber: ({ addrStr, ip, port }) => ({ clientId: addrStr, ip, port }),
  },
  {
    version: 'v3',
    path: '/nacos/v3/admin/ns/client',
    published: (namespaceId, { ip, port, published }) =>
      published.map(({ group, service, cluster }) => {
        return {
          namespaceId,
          groupName: group,
          serviceName: service,
          publisherInfo: { ip, port, clusterName: cluster },
        };
      }),
    publisher: ({ clusterName, ...host }) => ({ clientId: idOf(host), ip: host.ip, port: host.port, clusterName }),
    subscriber: ({ addrStr, app, agent }) => ({ clientId: addrStr, appName: app, agent, address: addrStr }),
  },
];

const idOf = (host: Place & { ephemeral: boolean }): string => clientIdOf(host, host.ephemeral);

/** Reads the client that a request names. */
function clientIn(request: Request, form: string): { namespace: string | undefined; clientId: string } {
  const parameters = Parameters.of(request, form);
  return { namespace: namespaceOf(parameters), clientId: parameters.required('clientId') };
}

async function publisherOf(namespace: NamespaceApi, clientId: string, tokenId: string): Promise<Publisher> {
  const publisher = (await publishersOf(namespace, tokenId)).get(clientId);
  if (publisher !== undefined) return publisher;
  throw nacosError('RESOURCE_NOT_FOUND', `clientId [ ${clientId} ] not exist`);
}

/** Adds the routes about the publishers of a namespace. */
function addClientRoutes(door: DialectDoor, { version, path, published }: Version): void {
  door.route({
    operation: `${version} list clients`,
    method: 'get',
    paths: [`${path}/list`],
    scope: 'read',
    summary: 'Lists the ids of all clients that publish instances',
    read: (request, _, form) => ({ namespace: namespaceOf(Parameters.of(request, form)) }),
    namespace: ({ namespace }) => namespace,
    call: async (namespace, _, { tokenId }) => [...(await publishersOf(namespace, tokenId)).keys()],
    answer: result,
  });

  door.route({
    operation: `${version} get client`,
    method: 'get',
    paths: [path],
    scope: 'read',
    summary: 'Reads a client that publishes instances',
    read: (request, _, form) => clientIn(request, form),
    namespace: ({ namespace }) => namespace,
    call: (namespace, { clientId }, { tokenId }) => publisherOf(namespace, clientId, tokenId),
    answer: ({ clientId, ephemeral, lastUpdatedTime, ip, port }) => {
      const clientPort = version === 'v2' ? String(port) : port;
      return result({ clientId, ephemeral, lastUpdatedTime, clientType: 'ipPort', clientIp: ip, clientPort });
    },
  });

  door.route({
    operation: `${version} services of a client`,
    method: 'get',
    paths: [`${path}/publish/list`],
    scope: 'read',
    summary: 'Lists the services that a client publishes',
    read: (request, _, form) => clientIn(request, form),
    namespace: ({ namespace }) => namespace,
    call: async (namespace, { clientId }, call) =>
      published(call.namespace, await publisherOf(namespace, clientId, call.tokenId)),
    answer: result,
  });

  door.route({
    operation: `${version} subscriptions of a client`,
    method: 'get',
    paths: [`${path}/subscribe/list`],
    scope: 'read',
    summary: 'Refuses the request: subscribers can only be listed by service',
    read: (request, _, form) => clientIn(request, form),
    namespace: ({ namespace }) => namespace,
    call: async (_, { clientId }) => {
      throw nacosError(
        'RESOURCE_NOT_FOUND',
        `the subscriptions of clientId [ ${clientId} ] are not known; use ${path}/service/subscriber/list for each service`,
      );
    },
    answer: result,
  });
}

/** A service, and optionally a place to filter by. */
interface ServiceRequest {
  namespace: string | undefined;
  service: ServiceKey;
  ip: string | undefined;
  port: number | undefined;
}

function serviceIn(request: Request, form: string): ServiceRequest {
  const parameters = Parameters.of(request, form);
  return {
    ...serviceNamedIn(request, form),
    ip: parameters.text('ip') || undefined,
    port: parameters.integer('port'),
  };
}

const isAt = (asked: ServiceRequest, { ip, port }: Place): boolean =>
  (asked.ip ?? ip) === ip && (asked.port ?? port) === port;

/** Adds the routes about the publishers and subscribers of a service. */
function addServiceRoutes(
  door: DialectDoor,
  { version, path, publisher, subscriber }: Version,
  checks: SharedChecks,
): void {
  door.route({
    operation: `${version} publishers of a service`,
    method: 'get',
    paths: [`${path}/service/publisher/list`],
    scope: 'read',
    summary: 'Lists the publishers of a service',
    read: (request, _, form) => serviceIn(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, { service }, { tokenId }) => hostsOf(namespace, service, tokenId),
    answer: (hosts, asked) => result(hosts.filter((host) => isAt(asked, host)).map(publisher)),
  });

  door.route({
    operation: `${version} subscribers of a service`,
    method: 'get',
    paths: [`${path}/service/subscriber/list`],
    scope: 'read',
    summary: 'Lists the subscribers of a service',
    read: (request, _, form) => serviceIn(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, { service }, call) => subscribersOf(namespace, service, checks, call),
    answer: (subscribers, asked) => result(subscribers.filter((each) => isAt(asked, each)).map(subscriber)),
  });
}

/** Adds the routes that list publishers and subscribers, since v2. */
export function addClientIntrospection(door: DialectDoor, checks: SharedChecks): void {
  for (const version of VERSIONS) {
    addClientRoutes(door, version);
    addServiceRoutes(door, version, checks);
  }
}

/**
 * A client in Nacos' sense, which publishes instances. Over HTTP it holds no connection, so each place of instances is a
 * client, named `ip:port#ephemeral`.
 */
interface Publisher extends Place {
  clientId: string;
  ephemeral: boolean;
  /** Time of the last change of one of its instances, in milliseconds since the epoch. */
  lastUpdatedTime: number;
  /** Services that it publishes, each with its cluster. */
  published: (ServiceKey & { cluster: string })[];
}

/** Returns the id of the client with instances at a place. */
const clientIdOf = ({ ip, port }: Place, ephemeral: boolean): string => `${ip}:${port}#${ephemeral}`;

/** Reads all publishers of a namespace, as of one point in time. */
async function publishersOf(namespace: NamespaceApi, tokenId: string): Promise<Map<string, Publisher>> {
  const publishers = new Map<string, Publisher>();
  for await (const service of wholeNamespace(namespace, tokenId)) addInstances(publishers, service);
  return publishers;
}

function addInstances(publishers: Map<string, Publisher>, { shown }: WholeService): void {
  for (const { instance, host } of shown) {
    const place = { ip: host.ip, port: host.port };
    const { group, service, cluster, ephemeral } = instance;
    const clientId = clientIdOf(place, ephemeral);
    const publisher = publishers.get(clientId) ?? { ...place, clientId, ephemeral, lastUpdatedTime: 0, published: [] };
    publishers.set(clientId, publisher);
    publisher.lastUpdatedTime = Math.max(publisher.lastUpdatedTime, Date.parse(instance.updatedAt));
    publisher.published.push({ group, service, cluster });
  }
}
