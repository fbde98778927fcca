import type { Catalog } from '../records/catalog';
import { idsAfter, START, servicesFrom } from '../records/catalog-place';
import type { RecordKey } from '../records/records';

/**
 * Everything that is there, in the order of services and ids: first what a service has of its own, then each instance
 * after what operators say about it. What goes meanwhile is left out; what comes may be.
 *
 * @param last Only what comes after this one; never what is said about an instance that is yet to come.
 */
export function* presentRecords(catalog: Catalog, last?: RecordKey): Generator<RecordKey> {
  const place = last === undefined ? START : { name: last.service, group: last.group, id: last.id };
  for (const service of servicesFrom(catalog, place)) {
    const key = { group: service.group, service: service.name };
    const isContinued = last !== undefined && last.service === service.name && last.group === service.group;
    if (!isContinued && service.own !== undefined) yield { kind: 'service', ...key, id: '' };
    for (const id of idsAfter(service, isContinued ? last.id : '')) {
      if (service.overrides.has(id)) yield { kind: 'override', ...key, id };
      if (service.instances.has(id)) yield { kind: 'instance', ...key, id };
    }
  }
}
