import { extensionsOf } from '../../codecs/go-micro/kept';
import { addressOf, placeOf } from '../../codecs/go-micro/node';
import type { Node, Service } from '../../codecs/go-micro/service';
import { parsed, type RequestPart } from '../../http/request/field-errors';
import { InstanceKey, NewInstanceKey, type Operation } from '../../model/batch';
import { quote, RegistryError } from '../../model/errors';
import { ServiceRef } from '../../model/frames';
import { InstanceDefinition } from '../../model/instance';
import { BATCH_OPERATIONS_MAX_COUNT, GO_MICRO_LEASE_TTL_MS } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { keptServiceOf } from './kept-service';

/** Parses the name of a service: `orders` in the default group, or `group@@orders`. */
export function keyOf(name: string, part: RequestPart): ServiceKey {
  return parsed(ServiceRef, name, part);
}

/** Returns the nodes of a service. Refuses duplicates, and more than fit into one revision. */
function nodesOf({ name, nodes }: Service): Node[] {
  if (nodes.length > BATCH_OPERATIONS_MAX_COUNT) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `the service ${quote(name)} has ${nodes.length} nodes; at most ${BATCH_OPERATIONS_MAX_COUNT} are allowed at once, so send several requests`,
    );
  }
  if (new Set(nodes.map(({ id }) => id)).size === nodes.length) return nodes;
  throw new RegistryError('INVALID_REQUEST', `two nodes of the service ${quote(name)} have the same id`);
}

/** Returns the operations that register all nodes of a service in one revision. Repeating them renews the leases. */
export async function registrationsOf(service: Service): Promise<Operation[]> {
  const key = keyOf(service.name, 'body');
  const nodes = nodesOf(service);
  if (nodes.length === 0) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `the service ${quote(service.name)} has no nodes; register at least one`,
    );
  }
  const version = service.version === '' ? {} : { version: service.version };
  const lease = { ttlMs: GO_MICRO_LEASE_TTL_MS };
  const kept = await keptServiceOf(service);
  return nodes.map(({ id, address, metadata }) => {
    const place = placeOf(address);
    const extensions = extensionsOf(kept, addressOf(place) === address ? '' : address);
    const definition = parsed(InstanceDefinition, { ...place, ...version, metadata, extensions, lease }, 'body');
    const nodeKey = parsed(NewInstanceKey, { ...key, id }, 'body');
    return { op: 'register', key: nodeKey, precondition: {}, definition, document: kept.document };
  });
}

/** Returns the operations that remove exactly the given nodes of a service. */
export function removalsOf(service: Service): Operation[] {
  const key = keyOf(service.name, 'body');
  return nodesOf(service).map(({ id }) => ({
    op: 'deregister',
    key: parsed(InstanceKey, { ...key, id }, 'body'),
    precondition: {},
  }));
}
