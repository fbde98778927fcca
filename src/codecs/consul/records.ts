import { hostOfUrl } from '../../model/address';
import type { InstanceView } from '../../model/instance';
import { shortName } from '../../model/service-name';
import { type CheckDefinition, expiredOutput, readCheck } from './check';
import { type Kept, type KeptCheck, type KeptNode, type KeptNodeCheck, keptBy, nodesRecordIn } from './kept';
import { isRun, isTtl } from './registration';
import { SERF_HEALTH } from './session';
import { type CheckRecord, type Indexes, maintenanceCheck, type NodeRecord, type ServiceRecord } from './shown';

/** The only datacenter. */
export const DATACENTER = 'dc1';

/** Output of the check of an instance whose lease has expired. */
const EXPIRED = 'its lease has expired';

/** Address of a node of which no address is known. */
const UNKNOWN_ADDRESS = '127.0.0.1';

/**
 * Index of a namespace without a revision: clients treat 0 as a missing index, and some wait for one above 1. Each revision
 * has an index of its own, so that the first change of a namespace raises it too.
 */
const FIRST_INDEX = 2;

/** Returns the index of a revision. */
export const indexOf = (revision: number): number => revision + FIRST_INDEX;

/**
 * Returns the revision of an index that a client sends; one that does not exist for an index that no answer had.
 *
 * @param index Above 0.
 */
export function revisionAt(index: bigint): number {
  if (index < FIRST_INDEX) return Number.MAX_SAFE_INTEGER;
  return index > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(index) - FIRST_INDEX;
}

/** An instance of any API as Consul's clients see it. */
export interface ServiceRecords {
  node: NodeRecord;
  service: ServiceRecord;
  /** Checks of the instance, without those of its node. */
  checks: CheckRecord[];
}

/** A node with data of its own, and its indexes. */
interface KnownNode extends KeptNode {
  indexes: Indexes;
}

/** A stored check of a node or a service, and the state of its lease. */
interface KnownCheck extends KeptNodeCheck {
  indexes: Indexes;
  /** False: it was not reported in time. */
  healthy: boolean;
}

const indexesOf = ({ createdRevision, revision }: InstanceView): Indexes => ({
  createIndex: indexOf(createdRevision),
  modifyIndex: indexOf(revision),
});

/** Data of nodes, and checks that are no part of an instance. Names of nodes are equal in any case. */
export class Nodes {
  readonly #nodes = new Map<string, KnownNode>();
  readonly #checks = new Map<string, KnownCheck[]>();

  /** @param records Instances of the service `NODES`. */
  constructor(records: readonly InstanceView[]) {
    for (const instance of records) {
      const record = nodesRecordIn(instance);
      if (record === undefined) continue;
      const indexes = indexesOf(instance);
      if ('node' in record) this.#nodes.set(record.node.name.toLowerCase(), { ...record.node, indexes });
      else {
        const name = record.nodeCheck.node.toLowerCase();
        const checks = this.#checks.get(name) ?? [];
        checks.push({ ...record.nodeCheck, indexes, healthy: instance.healthy });
        this.#checks.set(name, checks);
      }
    }
  }

  /** Returns the nodes that have data of their own, or checks. */
  names(): string[] {
    const names = [...this.#nodes.values()].map(({ name }) => name);
    const ofChecks = [...this.#checks.values()].flatMap((checks) => checks[0]?.node ?? []);
    return [...names, ...ofChecks.filter((name) => !this.#nodes.has(name.toLowerCase()))];
  }

  /** Returns the data that was registered for a node; undefined if there is none. */
  find(name: string): KeptNode | undefined {
    return this.#nodes.get(name.toLowerCase());
  }

  /**
   * Returns a node, from its own data or those of its instances.
   *
   * @param address Address of one of its instances, if the node has no data of its own.
   */
  node(name: string, address: string | undefined, indexes: Indexes): NodeRecord {
    const known = this.#nodes.get(name.toLowerCase());
    const shown = known?.address || address || UNKNOWN_ADDRESS;
    const lan = { lan: shown, wan: shown };
    return {
      id: known?.id ?? '',
      name: known?.name ?? name,
      address: shown,
      datacenter: DATACENTER,
      taggedAddresses:
        known === undefined || Object.keys(known.taggedAddresses).length === 0 ? lan : known.taggedAddresses,
      meta: known?.meta ?? {},
      ...(known?.indexes ?? indexes),
    };
  }

  /** Returns the checks of a node: that of the node itself first, which always passes. */
  checksOf({
    name,
    createIndex,
    modifyIndex,
  }: Pick<NodeRecord, 'name' | 'createIndex' | 'modifyIndex'>): CheckRecord[] {
    const indexes = { createIndex, modifyIndex };
    const serf: CheckRecord = {
      ...{ node: name, id: SERF_HEALTH, name: 'Serf Health Status', status: 'passing', notes: '' },
      output: 'Agent alive and reachable',
      ...{ serviceId: '', serviceName: '', serviceTags: [], definition: undefined },
      ...indexes,
    };
    const known = this.#nodes.get(name.toLowerCase());
    const maintenance =
      known?.maintenance === undefined ? [] : [maintenanceCheck(name, undefined, known.maintenance, known.indexes)];
    const own = this.#checksOn(name).filter(({ serviceId }) => serviceId === undefined);
    return [serf, ...maintenance, ...own.map((check) => shownCheck(name, undefined, check.check, check))];
  }

  /** Returns the stored checks of an instance that are no part of it: TTL checks beyond the first. */
  checksAbout(service: Pick<ServiceRecord, 'id' | 'name' | 'tags'>, node: string): CheckRecord[] {
    const about = this.#checksOn(node).filter(
      ({ serviceId, serviceName }) => serviceId === service.id && serviceName === service.name,
    );
    return about.map((check) => shownCheck(node, service, check.check, check));
  }

  #checksOn(node: string): readonly KnownCheck[] {
    return this.#checks.get(node.toLowerCase()) ?? [];
  }
}

/** Maps an instance to the form that Consul's clients see, whichever API registered it. */
export function recordsOf(instance: InstanceView, nodes: Nodes): ServiceRecords {
  const kept = keptBy(instance);
  const indexes = indexesOf(instance);
  const nodeName = kept?.node ?? instance.node ?? addressOf(instance) ?? instance.id;
  const node = nodes.node(nodeName, addressOf(instance), indexes);
  const service: ServiceRecord = {
    id: kept?.id ?? instance.id,
    name: shortName(instance),
    tags: kept?.tags ?? instance.tags,
    // A client that registered no address reads none either, and uses that of the node.
    address: kept?.address ?? addressOf(instance) ?? '',
    taggedAddresses: kept?.taggedAddresses ?? (kept === undefined ? securePort(instance) : {}),
    meta: metaOf(instance, kept),
    port: instance.port ?? portOf(instance.url),
    socketPath: kept?.socketPath ?? '',
    weights: kept?.weights ?? { passing: Math.max(1, Math.round(instance.weight)), warning: 1 },
    enableTagOverride: kept?.enableTagOverride ?? false,
    kind: kept?.kind ?? '',
    proxy: kept?.proxy,
    connect: kept?.connect,
    locality: kept?.locality,
    ...indexes,
  };
  const checks = kept === undefined ? [foreignCheck(instance, service, node.name)] : ownChecks(instance, kept, service);
  const reason = maintenanceReason(instance, kept);
  const maintenance = reason === undefined ? [] : [maintenanceCheck(node.name, service, reason, indexes)];
  return { node, service, checks: [...checks, ...nodes.checksAbout(service, node.name), ...maintenance] };
}

/** Returns the checks that a client of this API has registered, as far as other APIs have not overridden their result. */
function ownChecks(instance: InstanceView, kept: Kept, service: ServiceRecord): CheckRecord[] {
  const checks = kept.checks.map((check) => shownCheck(kept.node, service, check, { ...instance, indexes: service }));
  const isCritical = checks.some(({ status }) => status === 'critical');
  const isDown = instance.status === 'down' || instance.status === 'starting';
  // Another API, or an operator, has set the status; or another client renews the lease, as that of a mirror does.
  if ((isDown || !instance.healthy) && !isCritical) {
    const output = instance.healthy ? `status ${instance.status}, set through another API` : EXPIRED;
    const [first, ...others] = checks.length === 0 ? [foreignCheck(instance, service, kept.node)] : checks;
    return first === undefined ? [] : [{ ...first, status: 'critical', output }, ...others];
  }
  if (isCritical && instance.healthy && instance.overridden && instance.status === 'up') {
    return checks.map((check) => ({ ...check, status: 'passing', output: 'status up, set by an operator' }));
  }
  return checks;
}

function shownCheck(
  node: string,
  service: Pick<ServiceRecord, 'id' | 'name' | 'tags'> | undefined,
  check: KeptCheck,
  { healthy, indexes }: { healthy: boolean; indexes: Indexes },
): CheckRecord {
  const isLate = !healthy && check.status !== 'critical' && (isTtl(check) || isRun(check));
  const runnerIsLate = 'the program that runs this check has not reported in time';
  return {
    node,
    id: check.id,
    name: check.name,
    notes: check.notes,
    definition: check.definition,
    status: isLate ? 'critical' : check.status,
    output: isLate ? (isTtl(check) ? expiredOutput(check.output) : runnerIsLate) : check.output,
    serviceId: service?.id ?? '',
    serviceName: service?.name ?? '',
    serviceTags: service?.tags ?? [],
    createIndex: indexes.createIndex,
    modifyIndex: indexes.modifyIndex,
  };
}

/** Other APIs report the health of their instances, as clients do for a TTL check. */
const REPORTED: CheckDefinition = { ...readCheck({}), kind: 'ttl' };

/** Returns the check of an instance that another API registered, or that has none and a status that needs one. */
function foreignCheck(instance: InstanceView, service: ServiceRecord, node: string): CheckRecord {
  const isUp = instance.healthy && (instance.status === 'up' || isOutOfService(instance));
  return {
    node,
    id: `service:${service.id}`,
    name: `Service '${service.name}' check`,
    status: isUp ? 'passing' : 'critical',
    notes: '',
    output: instance.healthy ? `status ${instance.status}` : EXPIRED,
    serviceId: service.id,
    serviceName: service.name,
    serviceTags: service.tags,
    definition: REPORTED,
    createIndex: service.createIndex,
    modifyIndex: service.modifyIndex,
  };
}

const isOutOfService = ({ status }: InstanceView): boolean => status === 'out-of-service' || status === 'draining';

/** Returns why an instance gets no traffic although it may be healthy; undefined if it may get traffic. */
function maintenanceReason(instance: InstanceView, kept: Kept | undefined): string | undefined {
  if (instance.quarantined) return 'quarantined by an operator';
  if (!instance.enabled) return 'disabled by an operator';
  if (instance.status === 'draining') return 'draining';
  if (instance.status === 'out-of-service') return kept?.maintenance ?? 'out of service';
  return instance.weight === 0 ? 'its weight is 0' : undefined;
}

const addressOf = ({ address, url }: InstanceView): string | undefined => address ?? hostOfUrl(url ?? '');

/** Returns the port in a URL; 0 if it has none. */
function portOf(url: string | undefined): number {
  if (url === undefined) return 0;
  const { protocol, port } = new URL(url);
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : protocol === 'http:' ? 80 : 0;
}

function securePort({ ports, address = '' }: InstanceView): ServiceRecord['taggedAddresses'] {
  const secure = Object.values(ports).find((named) => named.secure);
  return secure === undefined ? {} : { secure: { address, port: secure.port } };
}

/** Returns the metadata. Spring reads the key `secure` of an instance that has only a secure port. */
function metaOf({ metadata, port, ports, url }: InstanceView, kept: Kept | undefined): Record<string, string> {
  if (kept !== undefined || 'secure' in metadata) return metadata;
  const isSecure = Object.values(ports).some((named) => named.secure && named.port === port);
  return isSecure || url?.startsWith('https:') === true ? { ...metadata, secure: 'true' } : metadata;
}
