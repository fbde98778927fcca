import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json-text';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { placeIn } from './host';
import { instanceAt, type Place } from './names';

/** All instances of a service, those that were taken out among them. */
export async function instancesOf(
  namespace: NamespaceApi,
  service: ServiceKey,
  tokenId: string,
): Promise<InstanceView[]> {
  const { body } = await namespace.listInstances({ ...service, filter: {}, tokenId });
  return body === null ? [] : readJsonText(body).instances;
}

/**
 * The instance that a person means who names its place: whoever registered it and under whatever id. Where there are
 * several, it is the one that a Nacos client would have registered.
 */
export function instanceIn(
  instances: readonly InstanceView[],
  service: ServiceKey,
  place: Place,
): InstanceView | undefined {
  const { id } = instanceAt(service, place);
  const there = instances.filter((instance) => {
    const found = placeIn(instance);
    return found?.ip === place.ip && found.port === place.port;
  });
  return there.find((instance) => instance.id === id) ?? there[0];
}
