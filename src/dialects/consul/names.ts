import { NODES } from '../../codecs/consul/kept';
import { consulError } from '../../codecs/consul/refusals';
import { type InstanceKey, NewInstanceKey } from '../../model/batch';
import type { ServiceKey } from '../../model/namespace-api';
import { splitName } from '../../model/service-name';

/** Node of requests that name none: all hosts that use the same URL share it. */
export const DEFAULT_NODE = 'rollcall';

/** Reports whether two names of nodes are equal: in any case, as in Consul. */
export const isSameNode = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Returns the service of a name; `TEAM@@web` is a service of the group `TEAM`. */
export const serviceOf = (name: string): ServiceKey => splitName(name);

/**
 * Returns the key of the instance of a service id, which is unique only on its node.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with the reason.
 */
export function instanceKey(name: string, serviceId: string, node: string): InstanceKey {
  const id = isSameNode(node, DEFAULT_NODE) ? serviceId : `${serviceId}@${node.toLowerCase()}`;
  return keyOf(
    { ...serviceOf(name), id },
    `the service ${JSON.stringify(name)} with the ID ${JSON.stringify(serviceId)}`,
  );
}

/** Returns the key of the record of a node with data of its own. */
export const nodeKey = (node: string): InstanceKey =>
  keyOf({ ...NODES, id: `node:${node.toLowerCase()}` }, `the node ${JSON.stringify(node)}`);

/** Returns the key of the record of a check that is no part of an instance. */
export const checkKey = (node: string, checkId: string): InstanceKey =>
  keyOf({ ...NODES, id: `check:${beforeColon(node)}:${checkId}` }, `the check ${JSON.stringify(checkId)}`);

/** Returns a name of a node without colons, so that the rest of a key after the next colon is unambiguous. */
const beforeColon = (node: string): string => node.toLowerCase().replaceAll('%', '%25').replaceAll(':', '%3a');

/** Reports whether a service holds the records of nodes and checks, which lists of services omit. */
export const isNodes = ({ group, service }: ServiceKey): boolean => group === NODES.group && service === NODES.service;

function keyOf(key: InstanceKey, what: string): InstanceKey {
  const parsed = NewInstanceKey.safeParse(key);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw consulError(400, `${what} can't be stored: ${why}`);
}
