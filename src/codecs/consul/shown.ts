import type { CheckDefinition, CheckStatus } from './check';
import { formatDuration } from './duration';
import type { ServiceDefinition } from './service';

/** Indexes of a record: the revisions in which it was created and last changed. */
export interface Indexes {
  createIndex: number;
  modifyIndex: number;
}

/** A node, to be shown. */
export interface NodeRecord extends Indexes {
  id: string;
  name: string;
  address: string;
  datacenter: string;
  taggedAddresses: Record<string, string>;
  meta: Record<string, string>;
}

/** An instance of a service, to be shown. */
export interface ServiceRecord extends ServiceDefinition, Indexes {}

/** A check of a node or an instance, to be shown. */
export interface CheckRecord extends Indexes {
  node: string;
  id: string;
  name: string;
  status: CheckStatus;
  notes: string;
  output: string;
  /** Empty for a check of the node. */
  serviceId: string;
  serviceName: string;
  serviceTags: readonly string[];
  definition: CheckDefinition | undefined;
}

/** Ids of the checks that maintenance mode adds: the whole id, and the prefix of a service's id. */
const NODE_MAINTENANCE = '_node_maintenance';
const SERVICE_MAINTENANCE = '_service_maintenance:';

const isMaintenance = (id: string): boolean => id === NODE_MAINTENANCE || id.startsWith(SERVICE_MAINTENANCE);

/**
 * Returns the check that puts an instance, or without one its whole node, into maintenance mode.
 *
 * Source: `EnableServiceMaintenance` and `EnableNodeMaintenance` in `agent/agent.go`. A second request keeps the first reason.
 */
export function maintenanceCheck(
  node: string,
  service: Pick<ServiceDefinition, 'id' | 'name' | 'tags'> | undefined,
  reason: string,
  indexes: Indexes,
): CheckRecord {
  const what = service === undefined ? 'node' : 'service';
  const byDefault = `Maintenance mode is enabled for this ${what}, but no reason was provided. This is a default message.`;
  return {
    node,
    id: service === undefined ? NODE_MAINTENANCE : `${SERVICE_MAINTENANCE}${service.id}`,
    name: service === undefined ? 'Node Maintenance Mode' : 'Service Maintenance Mode',
    status: 'critical',
    notes: reason === '' ? byDefault : reason,
    output: '',
    serviceId: service?.id ?? '',
    serviceName: service?.name ?? '',
    serviceTags: service?.tags ?? [],
    definition: undefined,
    ...indexes,
  };
}

/** Formats a node. */
export function showNode(node: NodeRecord) {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: node.datacenter,
    TaggedAddresses: node.taggedAddresses,
    Meta: node.meta,
    CreateIndex: node.createIndex,
    ModifyIndex: node.modifyIndex,
  };
}

/** Formats an instance as lists of a node and of health have it. Clients need a port, also if it is 0. */
export function showService(service: ServiceRecord) {
  return {
    ...(service.kind === '' ? {} : { Kind: service.kind }),
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Address: service.address,
    ...shownAddresses('TaggedAddresses', service),
    Meta: service.meta,
    Port: service.port,
    ...(service.socketPath === '' ? {} : { SocketPath: service.socketPath }),
    Weights: shownWeights(service),
    EnableTagOverride: service.enableTagOverride,
    ...(service.locality === undefined ? {} : { Locality: service.locality }),
    Proxy: service.proxy ?? { Mode: '', MeshGateway: {}, Expose: {} },
    Connect: service.connect ?? {},
    PeerName: '',
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

/** Formats an instance as the agent lists it. */
export function showAgentService(service: ServiceRecord, datacenter: string) {
  return {
    ...(service.kind === '' ? {} : { Kind: service.kind }),
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta,
    Port: service.port,
    Address: service.address,
    ...(service.socketPath === '' ? {} : { SocketPath: service.socketPath }),
    ...shownAddresses('TaggedAddresses', service),
    Weights: shownWeights(service),
    EnableTagOverride: service.enableTagOverride,
    Datacenter: datacenter,
  };
}

/** Formats an instance and its node in one object, as the catalog lists them. */
export function showCatalogService(node: NodeRecord, service: ServiceRecord) {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: node.datacenter,
    TaggedAddresses: node.taggedAddresses,
    NodeMeta: node.meta,
    ServiceKind: service.kind,
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ...shownAddresses('ServiceTaggedAddresses', service),
    ServiceWeights: shownWeights(service),
    ServiceMeta: service.meta,
    ServicePort: service.port,
    ServiceSocketPath: service.socketPath,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: service.proxy ?? { Mode: '', MeshGateway: {}, Expose: {} },
    ServiceConnect: service.connect ?? {},
    ServiceLocality: service.locality ?? null,
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

/** Formats a check. */
export function showCheck(check: CheckRecord) {
  const { definition } = check;
  return {
    Node: check.node,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: isMaintenance(check.id) ? 'maintenance' : (definition?.kind ?? ''),
    Interval: definition === undefined || definition.interval === 0 ? '' : formatDuration(definition.interval),
    Timeout: definition === undefined || definition.timeout === 0 ? '' : formatDuration(definition.timeout),
    ExposedPort: 0,
    Definition: definition === undefined ? {} : showDefinition(definition),
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  };
}

/** An entry of a service's health, as {@link showHealth} returns it. */
export type ShownHealth = ReturnType<typeof showHealth>;

/** Formats an instance with its node and its checks. @param checks Those of the node come first. */
export function showHealth(node: NodeRecord, service: ServiceRecord, checks: readonly CheckRecord[]) {
  return { Node: showNode(node), Service: showService(service), Checks: checks.map(showCheck) };
}

/** Formats the definition of a check, without members that are absent. */
function showDefinition(check: CheckDefinition): object {
  const shown: Record<string, unknown> = {};
  for (const [name, key] of TEXTS_AND_FLAGS) if (check[key]) shown[name] = check[key];
  for (const [name, key] of DURATIONS) if (check[key] !== 0) shown[name] = formatDuration(check[key]);
  if (Object.keys(check.header).length > 0) shown.Header = check.header;
  if (check.scriptArgs.length > 0) shown.ScriptArgs = check.scriptArgs;
  return shown;
}

/** Members of a definition that are shown unless they are empty. */
const TEXTS_AND_FLAGS = [
  ['HTTP', 'http'],
  ['TLSServerName', 'tlsServerName'],
  ['TLSSkipVerify', 'tlsSkipVerify'],
  ['Method', 'method'],
  ['Body', 'body'],
  ['DisableRedirects', 'disableRedirects'],
  ['TCP', 'tcp'],
  ['TCPUseTLS', 'tcpUseTls'],
  ['UDP', 'udp'],
  ['H2PING', 'h2ping'],
  ['H2PingUseTLS', 'h2pingUseTls'],
  ['OSService', 'osService'],
  ['GRPC', 'grpc'],
  ['GRPCUseTLS', 'grpcUseTls'],
  ['AliasNode', 'aliasNode'],
  ['AliasService', 'aliasService'],
  ['DockerContainerID', 'dockerContainerId'],
  ['Shell', 'shell'],
  ['OutputMaxSize', 'outputMaxSize'],
] as const satisfies (readonly [name: string, key: keyof CheckDefinition])[];

const DURATIONS = [
  ['Interval', 'interval'],
  ['Timeout', 'timeout'],
  ['DeregisterCriticalServiceAfter', 'deregisterAfter'],
  ['TTL', 'ttl'],
] as const satisfies (readonly [name: string, key: keyof CheckDefinition])[];

function shownAddresses<Name extends string>(name: Name, { taggedAddresses }: ServiceDefinition) {
  const entries = Object.entries(taggedAddresses);
  if (entries.length === 0) return {};
  const shown = entries.map(([key, { address, port }]) => [key, { Address: address, Port: port }] as const);
  return { [name]: Object.fromEntries(shown) };
}

const shownWeights = ({ weights }: ServiceDefinition) => ({ Passing: weights.passing, Warning: weights.warning });

/** Returns the tags of each service's instances together, sorted, as the list of services has them. */
export function tagsByService(services: readonly Pick<ServiceDefinition, 'name' | 'tags'>[]): Record<string, string[]> {
  const tags = new Map<string, Set<string>>();
  for (const service of services) {
    const seen = tags.get(service.name);
    if (seen === undefined) tags.set(service.name, new Set(service.tags));
    else for (const tag of service.tags) seen.add(tag);
  }
  return Object.fromEntries([...tags].map(([name, each]) => [name, [...each].sort()]));
}

/** Worst status of an instance's checks; one in maintenance mode is worse than critical. */
export type AggregatedStatus = CheckStatus | 'maintenance';

/** Returns the worst status of checks. Without checks, it is passing. */
export function aggregatedStatus(checks: readonly { id: string; status: CheckStatus }[]): AggregatedStatus {
  if (checks.some(({ id }) => isMaintenance(id))) return 'maintenance';
  if (checks.some(({ status }) => status === 'critical')) return 'critical';
  return checks.some(({ status }) => status === 'warning') ? 'warning' : 'passing';
}

/** HTTP statuses with which an agent answers for the health of its services, by aggregated status. */
export const HEALTH_STATUSES: Readonly<Record<AggregatedStatus, number>> = {
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
};
