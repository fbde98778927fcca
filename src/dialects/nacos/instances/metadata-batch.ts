import { placeIn, shownInstances } from '../../../codecs/nacos/host';
import { readMetadata, withinLimits } from '../../../codecs/nacos/metadata-text';
import { clusterNamed, illegal, type Place } from '../../../codecs/nacos/names';
import type { RouteCall } from '../../../http/pipeline/route-call';
import type { InstanceView } from '../../../model/instance';
import { isRecord, parseJson } from '../../../model/json';
import { BATCH_OPERATIONS_MAX_COUNT } from '../../../model/limits';
import type { Metadata } from '../../../model/metadata';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import type { Override } from '../../../model/override';
import { instancesOf, isAt } from '../hosts/found-instances';
import { namespaceOf, serviceOf } from '../wire/names';
import type { Parameters } from '../wire/parameters';
import { changeOverrides } from './edit-instances';

/** A change to the metadata of several instances of a service. */
export interface MetadataBatch {
  namespace: string | undefined;
  service: ServiceKey;
  /** True: instances with a lease. False: instances without one. */
  ephemeral: boolean;
  /** Places and clusters of the instances; undefined: all. */
  instances: { place: Place; cluster: string }[] | undefined;
  metadata: Metadata;
}

/** Reads the parameters of such a change, which are the same in all versions. */
export function readMetadataBatch(parameters: Parameters): MetadataBatch {
  const metadata = readMetadata(parameters.required('metadata'));
  const kind = parameters.text('consistencyType') || 'ephemeral';
  return {
    namespace: namespaceOf(parameters),
    service: serviceOf(parameters),
    ephemeral: kind !== 'persist',
    instances: placesIn(parameters.text('instances')),
    metadata,
  };
}

/** Reads the list of instances. A malformed one means all, as in Nacos. */
function placesIn(text: string): MetadataBatch['instances'] {
  let list: unknown;
  try {
    list = parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!Array.isArray(list) || !list.every(isRecord)) return undefined;
  return list.map(({ ip, port, clusterName }) => ({
    place: { ip: String(ip ?? ''), port: Number(port) },
    cluster: clusterNamed(typeof clusterName === 'string' ? clusterName : ''),
  }));
}

/**
 * Changes the metadata in the overrides of several instances, in one revision. Returns their keys in Nacos' format.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for more instances than a batch may have; errors of the namespace are passed
 * on.
 */
export async function changeMetadata(
  namespace: NamespaceApi,
  { service, ephemeral, instances, metadata }: MetadataBatch,
  isRemoval: boolean,
  call: RouteCall,
): Promise<string[]> {
  const all = (await instancesOf(namespace, service, call.tokenId)).filter((each) => each.ephemeral === ephemeral);
  const isNamed = (instance: InstanceView) =>
    instances === undefined ||
    instances.some(({ place, cluster }) => instance.cluster === cluster && isAt(instance, place));
  const chosen = all.filter((instance) => placeIn(instance) !== undefined && isNamed(instance));
  if (chosen.length > BATCH_OPERATIONS_MAX_COUNT) {
    throw illegal(
      'instances',
      `${chosen.length} instances are more than the ${BATCH_OPERATIONS_MAX_COUNT} that are allowed at once.`,
    );
  }
  const changed = (before: Metadata = {}): Metadata => {
    const kept = Object.entries(before).filter(([name]) => !Object.hasOwn(metadata, name));
    return withinLimits({ ...Object.fromEntries(kept), ...(isRemoval ? {} : metadata) });
  };
  const change = (before: Override): Override => ({ ...before, metadata: changed(before.metadata) });
  await changeOverrides(namespace, service, chosen, change, call);
  const kind = ephemeral ? 'ephemeral' : 'persist';
  return shownInstances(chosen).map(({ host }) => `${host.ip}:${host.port}:unknown:${host.clusterName}:${kind}`);
}
