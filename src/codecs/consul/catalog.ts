import { type CheckDefinition, type CheckStatus, checkStatus, readCheck } from './check';
import { Members } from './members';
import { consulError } from './refusals';
import { readNodeService, type ServiceDefinition } from './service';

/** A node, as a registration describes it. */
export interface NodeDefinition {
  /** Empty, or a UUID. */
  id: string;
  name: string;
  /** Empty only if the node's record stays as it is. */
  address: string;
  datacenter: string;
  taggedAddresses: Record<string, string>;
  meta: Record<string, string>;
}

/** A check in the catalog. Nothing runs it: its status stays as it was written. */
export interface CatalogCheck {
  node: string;
  id: string;
  name: string;
  status: CheckStatus;
  notes: string;
  output: string;
  /** Empty for a check of the node. */
  serviceId: string;
  serviceName: string;
  definition: CheckDefinition;
}

/** A registration in the catalog: a node, and what runs on it. */
export interface CatalogRegistration {
  node: NodeDefinition;
  service: ServiceDefinition | undefined;
  checks: CatalogCheck[];
  /** True: if the node exists, its record stays as it is. */
  skipNodeUpdate: boolean;
}

/** Service, check or node that a request removes from the catalog. */
export type CatalogRemoval =
  | { kind: 'service'; node: string; serviceId: string }
  | { kind: 'check'; node: string; checkId: string }
  | { kind: 'node'; node: string };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads a registration in the catalog. Consul's status for its errors is 500; here it is 400, with the same text.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function readCatalogRegistration(body: unknown): CatalogRegistration {
  const members = Members.of(body, 'RegisterRequest');
  const node = readNode(members, 'NodeMeta');
  const skipNodeUpdate = members.flag('SkipNodeUpdate');
  const service = members.raw('Service');
  const single = members.raw('Check');
  if (node.name === '') throw consulError(400, 'Must provide node');
  if (node.id !== '' && !UUID.test(node.id)) throw consulError(400, `Bad node ID: uuid string is wrong length`);
  if (node.address === '' && !skipNodeUpdate) {
    throw consulError(400, 'Must provide address if SkipNodeUpdate is not set');
  }
  const checks = [...members.list('Checks'), ...(single === undefined ? [] : [single])].map((check) =>
    readCatalogCheck(check, node.name),
  );
  const stray = checks.find((check) => check.node.toLowerCase() !== node.name.toLowerCase());
  if (stray !== undefined) {
    throw consulError(
      400,
      `Node '${stray.node}' for check '${stray.id}' doesn't match register request node '${node.name}'`,
    );
  }
  return { node, service: service === undefined ? undefined : readNodeService(service), checks, skipNodeUpdate };
}

/** Reads the node of a registration or a transaction. */
export function readNode(members: Members, nameOfMeta: 'NodeMeta' | 'Meta'): NodeDefinition {
  return {
    id: members.text('ID'),
    name: members.text('Node'),
    address: members.text('Address'),
    datacenter: members.text('Datacenter'),
    taggedAddresses: members.textMap('TaggedAddresses'),
    meta: members.textMap(nameOfMeta),
  };
}

/** Reads a check of the catalog or a transaction; its id is its name by default. @param node Node by default. */
export function readCatalogCheck(value: unknown, node: string): CatalogCheck {
  const members = Members.of(value, 'HealthCheck');
  const name = members.text('Name');
  const id = members.text('CheckID');
  const own = members.text('Node');
  return {
    node: own === '' ? node : own,
    id: id === '' ? name : id,
    name,
    // The catalog stores any text; only these three have a meaning.
    status: checkStatus(members.text('Status')) ?? 'critical',
    notes: members.text('Notes'),
    output: members.text('Output'),
    serviceId: members.text('ServiceID'),
    serviceName: members.text('ServiceName'),
    definition: readCheck(members.raw('Definition')),
  };
}

/**
 * Reads a removal from the catalog. A service wins over a check, and the node is removed if neither is named.
 *
 * Source: `applyDeregister` in `agent/consul/fsm`.
 */
export function readCatalogRemoval(body: unknown): CatalogRemoval {
  const members = Members.of(body, 'DeregisterRequest');
  const node = members.text('Node');
  const serviceId = members.text('ServiceID');
  const checkId = members.text('CheckID');
  if (node === '') throw consulError(400, 'Must provide node');
  if (serviceId !== '') return { kind: 'service', node, serviceId };
  return checkId === '' ? { kind: 'node', node } : { kind: 'check', node, checkId };
}
