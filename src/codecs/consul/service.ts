import { type CheckDefinition, checkProblem, isEmptyCheck, readCheck } from './check';
import { Members } from './members';
import { consulError } from './refusals';

/** An address of a service under a name, such as `lan` or `wan`. */
export interface ServiceAddress {
  address: string;
  port: number;
}

/** Weights of a service in DNS answers. */
export interface Weights {
  passing: number;
  warning: number;
}

/** Instance of a service, as its client describes it. Empty texts and zeros mean that a member is absent. */
export interface ServiceDefinition {
  id: string;
  name: string;
  /** In the client's order, with duplicates. */
  tags: string[];
  address: string;
  taggedAddresses: Record<string, ServiceAddress>;
  meta: Record<string, string>;
  port: number;
  socketPath: string;
  weights: Weights;
  enableTagOverride: boolean;
  /** Empty for a plain service; otherwise a proxy or gateway of the mesh. */
  kind: string;
  /** Members of the mesh, kept as they are. */
  proxy: unknown;
  connect: unknown;
  locality: unknown;
}

/** A registration at an agent. */
export interface ServiceRegistration extends ServiceDefinition {
  /** With their ids and names set. */
  checks: CheckDefinition[];
  /** True: the client asks for a sidecar proxy, too. */
  hasSidecar: boolean;
}

/** Weights of a service that sets none. */
const DEFAULT_WEIGHTS: Weights = { passing: 1, warning: 1 };

const PORT_MOST = 65_535;

/** Addresses that mean every interface. No client could connect to them. */
const ANY_ADDRESSES = ['0.0.0.0', '::', '[::]'];

/** Limits of a service's meta. Source: `agent/structs/structs.go`. */
const META_PAIRS = 64;
const META_KEY_CHARACTERS = 128;
const META_VALUE_CHARACTERS = 512;
const RESERVED_PREFIX = 'consul-';

/** Matches a key of meta. Consul has no dots, which instances of other registries may have. */
const META_KEY = /^[a-zA-Z0-9_.-]+$/;

/**
 * Reads a registration at an agent. Its errors have the texts of Consul's agent, and are checked in the same order.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function readServiceRegistration(body: unknown): ServiceRegistration {
  const members = Members.of(body, 'ServiceDefinition');
  const service = definitionIn(members, 'Name');
  const declared = [members.raw('Check'), ...members.list('Checks')].map((check) => readCheck(check));
  if (service.name === '') throw consulError(400, 'Missing service name');
  if (ANY_ADDRESSES.includes(service.address)) throw consulError(400, 'Invalid service address');
  const weights = weightProblem(service.weights);
  if (weights !== undefined) throw consulError(400, `Invalid Weights: ${weights}`);
  const meta = metaProblem(service.meta);
  if (meta !== undefined) throw consulError(400, `Invalid Service Meta: ${meta}`);
  const validation = definitionProblem(service);
  if (validation !== undefined) throw consulError(400, `Validation failed: ${validation}`);
  const [single, ...others] = declared;
  const checks = [...(single === undefined || isEmptyCheck(single) ? [] : [single]), ...others];
  for (const check of checks) {
    const problem = checkProblem(check);
    if (problem !== undefined) throw consulError(400, `Invalid check: ${problem}`);
  }
  return {
    ...service,
    checks: checks.map((check, index) => identified(check, service, checks.length > 1 ? index + 1 : undefined)),
    hasSidecar: members.struct('Connect', 'ServiceConnect')?.raw('SidecarService', 'sidecar_service') !== undefined,
  };
}

/** Returns a check with an id and a name. @param position Counted from 1; undefined for the only check of a service. */
function identified(check: CheckDefinition, service: ServiceDefinition, position: number | undefined): CheckDefinition {
  const id = `service:${service.id}${position === undefined ? '' : `:${position}`}`;
  return {
    ...check,
    id: check.id === '' ? id : check.id,
    name: check.name === '' ? `Service '${service.name}' check` : check.name,
  };
}

/**
 * Reads an instance in a request to the catalog or a transaction, where its name is `Service`.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function readNodeService(value: unknown): ServiceDefinition {
  const service = definitionIn(Members.of(value, 'NodeService'), 'Service');
  const validation = definitionProblem(service);
  if (validation !== undefined) throw consulError(400, validation);
  if (service.name === '') {
    throw consulError(400, 'Must provide service name (Service.Service) when service ID is provided');
  }
  if (ANY_ADDRESSES.includes(service.address)) throw consulError(400, 'Invalid service address');
  // The catalog replaces weights that can't be with the default.
  return weightProblem(service.weights) === undefined ? service : { ...service, weights: DEFAULT_WEIGHTS };
}

function definitionIn(members: Members, nameOfName: 'Name' | 'Service'): ServiceDefinition {
  const name = members.text(nameOfName);
  const id = members.text('ID');
  const weights = members.struct('Weights', 'Weights');
  return {
    id: id === '' ? name : id,
    name,
    tags: members.texts('Tags'),
    address: members.text('Address'),
    taggedAddresses: members.map(readServiceAddress, 'TaggedAddresses', 'tagged_addresses'),
    meta: members.textMap('Meta'),
    port: members.integer('Port'),
    socketPath: members.text('SocketPath', 'socket_path'),
    weights:
      weights === undefined
        ? DEFAULT_WEIGHTS
        : { passing: weights.integer('Passing'), warning: weights.integer('Warning') },
    enableTagOverride: members.flag('EnableTagOverride', 'enable_tag_override'),
    kind: members.text('Kind'),
    proxy: members.raw('Proxy'),
    connect: members.raw('Connect'),
    locality: members.raw('Locality'),
  };
}

function readServiceAddress(value: unknown): ServiceAddress {
  const members = Members.of(value, 'ServiceAddress');
  return { address: members.text('Address'), port: members.integer('Port') };
}

/** Returns why weights can't be; undefined if they can. Source: `ValidateWeights`. */
function weightProblem({ passing, warning }: Weights): string | undefined {
  if (passing < 1) return 'Passing must be greater than 0';
  if (warning < 0) return 'Warning must be greater or equal than 0';
  if (passing > 65_535 || warning > 65_535) return 'DNS Weight must be between 0 and 65535';
  return undefined;
}

/** Returns why a service's meta can't be; undefined if it can. Source: `validateMetadata`. */
function metaProblem(meta: Record<string, string>): string | undefined {
  const pairs = Object.entries(meta);
  if (pairs.length > META_PAIRS) return `Node metadata cannot contain more than ${META_PAIRS} key/value pairs`;
  for (const [key, value] of pairs) {
    const problem = pairProblem(key, value);
    if (problem !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${problem}`;
  }
  return undefined;
}

function pairProblem(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!META_KEY.test(key)) return 'Key contains invalid characters';
  if (key.length > META_KEY_CHARACTERS) return `Key is too long (limit: ${META_KEY_CHARACTERS} characters)`;
  if (key.startsWith(RESERVED_PREFIX)) return `Key prefix '${RESERVED_PREFIX}' is reserved for internal use`;
  if (value.length > META_VALUE_CHARACTERS) return `Value is too long (limit: ${META_VALUE_CHARACTERS} characters)`;
  return undefined;
}

/** Returns why a service can't be; undefined if it can. Consul accepts any port. */
function definitionProblem({ kind, port, socketPath, taggedAddresses }: ServiceDefinition): string | undefined {
  if (kind === 'connect-proxy' && port === 0 && socketPath === '') {
    return `Port or SocketPath must be set for a ${kind}`;
  }
  const ports = [port, ...Object.values(taggedAddresses).map((tagged) => tagged.port)];
  const wrong = ports.find((each) => each < 0 || each > PORT_MOST);
  return wrong === undefined ? undefined : `Port must be between 0 and ${PORT_MOST}, got ${wrong}`;
}
