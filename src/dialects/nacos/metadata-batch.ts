import { saidIn } from '../../http/change-override';
import type { RouteCall } from '../../http/route-call';
import { allOverrides } from '../../http/whole-lists';
import type { Operation } from '../../model/batch';
import { isRecord } from '../../model/is-record';
import { BATCH_OPERATIONS_MAX_COUNT } from '../../model/limits';
import type { Metadata } from '../../model/metadata';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { OverrideView } from '../../model/override';
import { parseJson } from '../../model/parse-json';
import { instanceIn, instancesOf } from './found-instances';
import { placeIn } from './host';
import { readMetadata, withinLimits } from './metadata-text';
import { clusterNamed, illegal, namespaceOf, type Place, serviceOf } from './names';
import type { Parameters } from './parameters';

/** Metadata for many instances of a service. */
export interface MetadataBatch {
  namespace: string | undefined;
  service: ServiceKey;
  /** Of those that have a lease, or of those that have none. */
  ephemeral: boolean;
  /** Places and clusters; undefined: all. */
  instances: { place: Place; cluster: string }[] | undefined;
  metadata: Metadata;
}

/** Reads the parameters of a change to the metadata of many instances, which are the same in all versions. */
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

/** What can't be read means all, as in Nacos. */
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
 * Changes what is said over many instances, in one revision. Returns their keys in the words of Nacos.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for more than a batch may have; and whatever the namespace throws.
 */
export async function changeMetadata(
  namespace: NamespaceApi,
  { service, ephemeral, instances, metadata }: MetadataBatch,
  isRemoval: boolean,
  call: RouteCall,
): Promise<string[]> {
  const all = (await instancesOf(namespace, service, call.tokenId)).filter((each) => each.ephemeral === ephemeral);
  const named =
    instances === undefined
      ? all
      : instances.flatMap(({ place, cluster }) => {
          const found = instanceIn(all, service, place);
          return found?.cluster === cluster ? [found] : [];
        });
  const chosen = new Set(named);
  if (chosen.size > BATCH_OPERATIONS_MAX_COUNT) {
    throw illegal(
      'instances',
      `${chosen.size} instances are more than the ${BATCH_OPERATIONS_MAX_COUNT} that go at once.`,
    );
  }
  const operations: Operation[] = [];
  const updated: string[] = [];
  const overrides = named.some(({ overridden }) => overridden)
    ? await overridesOf(namespace, service, call.tokenId)
    : undefined;
  for (const instance of chosen) {
    const { id, cluster } = instance;
    const place = placeIn(instance);
    if (place === undefined) continue;
    const key = { ...service, id };
    const view = overrides?.get(id);
    const before = saidIn(view);
    const kept = Object.entries(before.metadata ?? {}).filter(([name]) => !Object.hasOwn(metadata, name));
    const after = withinLimits({ ...Object.fromEntries(kept), ...(isRemoval ? {} : metadata) });
    const precondition = view === undefined ? { absent: true } : { revision: view.revision };
    operations.push({ op: 'override', key, override: { ...before, metadata: after }, precondition });
    updated.push(`${place.ip}:${place.port}:unknown:${cluster}:${ephemeral ? 'ephemeral' : 'persist'}`);
  }
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
  return updated;
}

/** What is said over the instances of a service, by their ids. */
async function overridesOf(
  namespace: NamespaceApi,
  service: ServiceKey,
  tokenId: string,
): Promise<Map<string, OverrideView>> {
  const list = await allOverrides(namespace, { ...service, tokenId });
  return new Map(list.map(({ id, ...view }) => [id, view]));
}
