import { indexOf, type Nodes, type ServiceRecords } from '../../codecs/consul/records';
import type { CheckRecord } from '../../codecs/consul/shown';
import type { ServiceKey } from '../../model/namespace-api';
import { DEFAULT_GROUP } from '../../model/service-name';
import { DEFAULT_NODE } from './names';

/** An instance with its node and all checks that decide its health. */
export interface Entry extends ServiceRecords {
  /** Checks of its node. */
  nodeChecks: CheckRecord[];
}

/** Name of the service of Consul's own servers. Every cluster has it, and clients expect it in the catalog. */
export const SERVERS: ServiceKey = { group: DEFAULT_GROUP, service: 'consul' };

/** Port for calls between Consul's servers, which clients only display. */
const SERVER_PORT = 8300;

/** Returns the entry of an instance. */
export const entryOf = (records: ServiceRecords, nodes: Nodes): Entry => ({
  ...records,
  nodeChecks: nodes.checksOf(records.node),
});

/** Returns the entry of the registry itself, as the only one of Consul's servers. */
export function serverEntry(nodes: Nodes): Entry {
  const indexes = { createIndex: indexOf(0), modifyIndex: indexOf(0) };
  const node = nodes.node(DEFAULT_NODE, undefined, indexes);
  const service: Entry['service'] = {
    id: SERVERS.service,
    name: SERVERS.service,
    tags: [],
    address: '',
    taggedAddresses: {},
    meta: {},
    port: SERVER_PORT,
    socketPath: '',
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    kind: '',
    proxy: undefined,
    connect: undefined,
    locality: undefined,
    ...indexes,
  };
  return { node, service, checks: [], nodeChecks: nodes.checksOf(node) };
}

/** Returns whether clients send traffic to an instance: all of its checks and of its node's pass. */
export const isPassing = ({ checks, nodeChecks }: Entry): boolean =>
  checks.every(isPassed) && nodeChecks.every(isPassed);

const isPassed = ({ status }: CheckRecord): boolean => status === 'passing';
