import { EXTENSION, type KeptNode, NODES, writeNodesRecord } from '../../codecs/consul/kept';
import { REFUSALS } from '../../codecs/consul/refusals';
import { changeOverride } from '../../http/dialect-calls/change-override';
import { retried } from '../../http/dialect-calls/retried';
import type { RouteCall } from '../../http/pipeline/route-call';
import { parsed } from '../../http/request/field-errors';
import { asRead, type InstanceKey, type Operation } from '../../model/batch';
import { InstanceDefinition } from '../../model/instance';
import { carriedOut } from './agent-services';
import type { CatalogCopies, CatalogCopy } from './catalog-copy';
import { findService, keptPatch } from './held-checks';
import { isSameNode, nodeKey } from './names';

/** A switch of the maintenance mode of a service, or of a whole node. */
export interface Maintenance {
  node: string;
  enabled: boolean;
  /** Empty: the default text. */
  reason: string;
}

/**
 * Takes an instance out of traffic, or puts it back. If another API registered it, an operator sets its override.
 *
 * @throws {RegistryError} With Consul's text for an unknown id.
 */
export async function maintainService(
  call: RouteCall,
  copies: CatalogCopies,
  serviceId: string,
  { node, enabled, reason }: Maintenance,
): Promise<void> {
  await retried(`the service "${serviceId}"`, async () => {
    const copy = await copies.of(call);
    const member = findService(copy, call, { node, id: serviceId });
    if (member?.kept === undefined)
      return overrideForeign(call, foreignKey(copy, call, node, serviceId), serviceId, enabled);
    const { instance, kept, key } = member;
    // Enabling it again keeps the first reason.
    if (enabled === (kept.maintenance !== undefined)) return;
    const maintained = { ...kept, maintenance: enabled ? reason : undefined };
    const { patch, extension } = keptPatch(instance, maintained);
    const precondition = { revision: instance.revision };
    await call.calls.patch(call.callerWithOrigin, { key, patch, extension, renew: false, precondition });
  });
}

/** Finds an instance of another API that the caller operates, by its id and node; undefined if there is none. */
function foreignKey(copy: CatalogCopy, call: RouteCall, node: string, id: string): InstanceKey | undefined {
  for (const { kept, key, records } of copy.members()) {
    if (kept === undefined && key.id === id && call.may('operate', key) && isSameNode(records.node.name, node))
      return key;
  }
  return undefined;
}

async function overrideForeign(
  { calls, callerWithOrigin }: RouteCall,
  key: InstanceKey | undefined,
  serviceId: string,
  enabled: boolean,
): Promise<void> {
  if (key === undefined) throw REFUSALS.noServiceToMaintain(serviceId);
  await changeOverride(calls, callerWithOrigin, key, ({ status, ...others }) => {
    if (enabled) return { ...others, status: 'out-of-service' };
    return status === 'out-of-service' ? others : { ...others, status };
  });
}

/** Takes all instances of a node out of traffic, or puts them back. */
export async function maintainNode(
  call: RouteCall,
  copies: CatalogCopies,
  { node, enabled, reason }: Maintenance,
): Promise<void> {
  await retried(`the node "${node}"`, async () => {
    const copy = await copies.of(call);
    const before = keptNode(copy, node) ?? plainNode(node);
    if (enabled === (before.maintenance !== undefined)) return;
    await carriedOut(call, nodeOperations(copy, { ...before, maintenance: enabled ? reason : undefined }));
  });
}

/** Returns a node without data of its own. */
const plainNode = (name: string): KeptNode => ({ name, id: '', address: '', taggedAddresses: {}, meta: {} });

/** Returns the data of a node; undefined if it has none of its own. */
export function keptNode(copy: CatalogCopy, name: string): KeptNode | undefined {
  const known = copy.record(nodeKey(name))?.record;
  return known !== undefined && 'node' in known ? known.node : undefined;
}

/** Returns the operation that stores a node, or removes its record if nothing is left in it. */
export function nodeOperations(copy: CatalogCopy, node: KeptNode): Operation[] {
  const key = nodeKey(node.name);
  const before = copy.record(key);
  const precondition = asRead(before?.instance);
  const { name: _name, id, address, taggedAddresses, meta, maintenance } = node;
  const isEmpty = id === '' && address === '' && [taggedAddresses, meta].every((map) => Object.keys(map).length === 0);
  if (isEmpty && maintenance === undefined)
    return before === undefined ? [] : [{ op: 'deregister', key, precondition }];
  const definition = parsed(
    InstanceDefinition,
    {
      url: `consul://${encodeURIComponent(node.name)}`,
      ephemeral: false,
      extensions: { [EXTENSION]: writeNodesRecord({ node }) },
    },
    'body',
  );
  return [{ op: 'register', key, definition, precondition }];
}

/** Service whose `register` scope changes of nodes need. */
export const nodesTarget = () => ({ service: NODES });
