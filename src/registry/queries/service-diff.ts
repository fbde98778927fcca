import type { InstanceView } from '../../model/instance';
import type { ServiceDiff } from '../../model/moments';
import type { ServiceKey } from '../../model/namespace-api';
import { compare } from '../catalog';
import { type Moment, momentView } from '../moment';
import { type ServiceRecords, viewAt } from '../service-past';
import { watchedService } from '../view';

/** A service at a moment. */
export interface ServiceMoment {
  moment: Moment;
  records: ServiceRecords;
}

/**
 * What is different of a service between two moments. What changed and changed back is different, too: its revision is.
 * Time alone makes no difference, though the mark of flapping may go with it.
 */
export function serviceDiff(key: ServiceKey, from: ServiceMoment, to: ServiceMoment): ServiceDiff {
  const own = (moment: ServiceMoment) => watchedService(key, moment.records.own);
  const isOwnSame = from.records.own?.revision === to.records.own?.revision;
  return {
    from: momentView(from.moment),
    to: momentView(to.moment),
    service: isOwnSame ? undefined : { before: own(from), after: own(to) },
    instances: instanceDifferences(key, from, to),
  };
}

function instanceDifferences(key: ServiceKey, from: ServiceMoment, to: ServiceMoment): ServiceDiff['instances'] {
  const ids = new Set([...from.records.instances.keys(), ...to.records.instances.keys()]);
  const different = [...ids].filter((id) => madeBy(from.records, id) !== madeBy(to.records, id)).sort(compare);
  const view = (id: string, { records, moment }: ServiceMoment): InstanceView | null =>
    viewAt({ ...key, id }, records, moment.at) ?? null;
  return different.map((id) => ({ id, before: view(id, from), after: view(id, to) }));
}

/** The revisions that made an instance what it shows. */
function madeBy({ instances, overrides }: ServiceRecords, id: string): string {
  const instance = instances.get(id)?.revision ?? 0;
  return instance === 0 ? '' : `${instance} ${overrides.get(id)?.revision ?? 0}`;
}
