import type { Location } from '../../../model/instance';
import type { Endpoint } from '../../../model/queries';
import { compare, ENTRY_FLAGS, isHealthy, type ServiceEntry } from '../records/catalog';
import { decodeInstance } from '../records/records';
import { effective } from '../records/view';

/** An instance that takes traffic as long as it is healthy, with what resolving chooses by. */
export interface Candidate {
  endpoint: Endpoint;
  healthy: boolean;
  tags: string[];
  place: Location | undefined;
}

/** All candidates of a service, in the order of their ids. */
export function candidatesOf(service: ServiceEntry): Candidate[] {
  const candidates: Candidate[] = [];
  for (const entry of service.instances.values()) {
    if ((entry.flags & ENTRY_FLAGS.eligible) === 0) continue;
    const record = decodeInstance(entry.text);
    const { definition } = record;
    const { weight, metadata } = effective(record, service.overrides.get(entry.id)?.record.override);
    const place = definition.location ?? record.place;
    candidates.push({
      endpoint: {
        id: entry.id,
        address: definition.address,
        port: definition.port,
        url: definition.url,
        ports: definition.ports,
        weight,
        metadata,
        cluster: definition.cluster,
        zone: place?.zone,
      },
      healthy: isHealthy(entry),
      tags: definition.tags,
      place,
    });
  }
  return candidates.sort((a, b) => compare(a.endpoint.id, b.endpoint.id));
}
