import type { InstanceView } from '../../model/instance';
import { isRecord } from '../../model/json';
import { type CheckDefinition, type CheckStatus, checkStatus, readCheck } from './check';
import type { ServiceAddress, Weights } from './service';

/** Key of the extension with data of an instance that only Consul uses. */
export const EXTENSION = 'consul';

/**
 * Service of the records of nodes, and of checks that have no instance of their own. Lists of services that this API returns
 * omit it.
 */
export const NODES = { group: 'consul', service: 'nodes' } as const;

/** A check as the registry stores it. */
export interface KeptCheck {
  id: string;
  name: string;
  notes: string;
  status: CheckStatus;
  output: string;
  /** Time in milliseconds since the epoch at which status or output were last stored; 0: not since the registration. */
  at: number;
  /** Undefined for a check that nothing runs and that no one reports. */
  definition: CheckDefinition | undefined;
}

/**
 * Data of an instance that only Consul uses. An absent member has the value of the core, or else Consul's default.
 */
export interface Kept {
  /** Id of the service, unique on its node. */
  id: string;
  node: string;
  /** Address as it was registered; empty: that of the node. */
  address?: string | undefined;
  /** All tags, if the core has only some of them. */
  tags?: string[] | undefined;
  taggedAddresses?: Record<string, ServiceAddress> | undefined;
  weights?: Weights | undefined;
  enableTagOverride?: boolean | undefined;
  kind?: string | undefined;
  socketPath?: string | undefined;
  proxy?: unknown;
  connect?: unknown;
  locality?: unknown;
  /** Reason of the maintenance mode; undefined: it is off. */
  maintenance?: string | undefined;
  /** Name of the program that runs its checks; undefined if clients report all of them. */
  runner?: string | undefined;
  /** True: a mirror has copied it from a Consul. Only the mirror changes it, and it is at no agent here. */
  copied?: true | undefined;
  checks: KeptCheck[];
}

/** A node with data of its own, in a record of the service {@link NODES}. */
export interface KeptNode {
  name: string;
  id: string;
  address: string;
  taggedAddresses: Record<string, string>;
  meta: Record<string, string>;
  maintenance?: string | undefined;
}

/** A check that is not part of an instance, in a record of the service {@link NODES}. */
export interface KeptNodeCheck {
  node: string;
  /** Instance that it is about; undefined: the node itself. */
  serviceId?: string | undefined;
  serviceName?: string | undefined;
  runner?: string | undefined;
  check: KeptCheck;
}

/** A record of the service {@link NODES}. */
export type NodesRecord = { node: KeptNode } | { nodeCheck: KeptNodeCheck };

/** A check without members that are absent, as the extension has it. */
type WrittenCheck = Partial<Omit<KeptCheck, 'definition'>> & { definition?: Partial<CheckDefinition> };

/** Definition with every member absent. */
const EMPTY: CheckDefinition = readCheck({});

/** Returns the extension of an instance, without members that have their default. */
export function writeKept({ checks, ...kept }: Kept): Record<string, unknown> {
  return { ...withoutUndefined(kept), ...(checks.length === 0 ? {} : { checks: checks.map(writeCheck) }) };
}

/** Returns the extension of a record of the service {@link NODES}. */
export function writeNodesRecord(record: NodesRecord): Record<string, unknown> {
  if ('node' in record) return { node: withoutUndefined(record.node) };
  const { check, ...others } = record.nodeCheck;
  return { nodeCheck: { ...withoutUndefined(others), check: writeCheck(check) } };
}

/** Returns a check without members that have their default, because the extensions of an instance are small. */
function writeCheck({ definition, ...check }: KeptCheck): WrittenCheck {
  const members = Object.entries(check).filter(([, value]) => value !== '' && value !== 0);
  return {
    ...Object.fromEntries(members),
    ...(definition === undefined ? {} : { definition: definedMembers(definition) }),
  };
}

function definedMembers(definition: CheckDefinition): Partial<CheckDefinition> {
  const members = Object.entries(definition).filter(([name, value]) => {
    // They are members of the check itself.
    if (name === 'id' || name === 'name' || name === 'notes' || name === 'status' || name === 'serviceId') return false;
    if (Array.isArray(value)) return value.length > 0;
    return typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value);
  });
  return Object.fromEntries(members);
}

const withoutUndefined = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Reads the data that this API has stored; undefined if there is none, or it is invalid: any client can write it through
 * another API.
 */
export function keptBy({ extensions }: Pick<InstanceView, 'extensions'>): Kept | undefined {
  const value = extensions[EXTENSION];
  if (!isRecord(value) || typeof value.id !== 'string' || typeof value.node !== 'string') return undefined;
  return {
    id: value.id,
    node: value.node,
    address: typeof value.address === 'string' ? value.address : undefined,
    tags: areTexts(value.tags) ? value.tags : undefined,
    taggedAddresses: isRecord(value.taggedAddresses) ? addressesIn(value.taggedAddresses) : undefined,
    weights: weightsIn(value.weights),
    enableTagOverride: value.enableTagOverride === true ? true : undefined,
    kind: typeof value.kind === 'string' ? value.kind : undefined,
    socketPath: typeof value.socketPath === 'string' ? value.socketPath : undefined,
    proxy: value.proxy,
    connect: value.connect,
    locality: value.locality,
    maintenance: typeof value.maintenance === 'string' ? value.maintenance : undefined,
    runner: typeof value.runner === 'string' ? value.runner : undefined,
    copied: value.copied === true ? true : undefined,
    checks: Array.isArray(value.checks) ? value.checks.flatMap((check) => checkIn(check) ?? []) : [],
  };
}

/** Reads a record of the service {@link NODES}; undefined for anything else. */
export function nodesRecordIn({ extensions }: Pick<InstanceView, 'extensions'>): NodesRecord | undefined {
  const value = extensions[EXTENSION];
  if (!isRecord(value)) return undefined;
  if (isRecord(value.node)) {
    const { name, id, address, taggedAddresses, meta, maintenance } = value.node;
    if (typeof name !== 'string') return undefined;
    return {
      node: {
        name,
        id: textIn(id),
        address: textIn(address),
        taggedAddresses: textsIn(taggedAddresses),
        meta: textsIn(meta),
        maintenance: typeof maintenance === 'string' ? maintenance : undefined,
      },
    };
  }
  if (!isRecord(value.nodeCheck)) return undefined;
  const { node, serviceId, serviceName, runner, check: written } = value.nodeCheck;
  const check = checkIn(written);
  if (typeof node !== 'string' || check === undefined) return undefined;
  return {
    nodeCheck: {
      node,
      serviceId: typeof serviceId === 'string' ? serviceId : undefined,
      serviceName: typeof serviceName === 'string' ? serviceName : undefined,
      runner: typeof runner === 'string' ? runner : undefined,
      check,
    },
  };
}

function checkIn(value: unknown): KeptCheck | undefined {
  if (!isRecord(value) || typeof value.id !== 'string') return undefined;
  const { definition, at } = value;
  return {
    id: value.id,
    name: textIn(value.name),
    notes: textIn(value.notes),
    status: checkStatus(textIn(value.status)) ?? 'critical',
    output: textIn(value.output),
    at: typeof at === 'number' ? at : 0,
    definition: isRecord(definition) ? definitionIn(definition) : undefined,
  };
}

/** Reads a stored definition; members of a wrong type count as absent. */
function definitionIn(value: Record<string, unknown>): CheckDefinition {
  const members = Object.entries(EMPTY).map(([name, byDefault]) => {
    const member = value[name];
    const isRight =
      typeof member === typeof byDefault && Array.isArray(member) === Array.isArray(byDefault) && member !== null;
    return [name, isRight ? member : byDefault];
  });
  return Object.fromEntries(members) as unknown as CheckDefinition; // `as`: each member has the type of its default
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

function textsIn(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const texts = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(texts);
}

function addressesIn(value: Record<string, unknown>): Record<string, ServiceAddress> {
  const addresses = Object.entries(value).flatMap(([name, each]) =>
    isRecord(each) && typeof each.address === 'string' && typeof each.port === 'number'
      ? [[name, { address: each.address, port: each.port }] as const]
      : [],
  );
  return Object.fromEntries(addresses);
}

function weightsIn(value: unknown): Weights | undefined {
  if (!isRecord(value) || typeof value.passing !== 'number' || typeof value.warning !== 'number') return undefined;
  return { passing: value.passing, warning: value.warning };
}
