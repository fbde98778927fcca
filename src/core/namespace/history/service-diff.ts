import type { ServiceDiff } from '../../../model/history';
import type { DiffCommand } from '../../../model/history-commands';
import type { InstanceView } from '../../../model/instance';
import type { JsonText } from '../../../model/json';
import type { ServiceKey } from '../../../model/namespace-api';
import { listText, textPage } from '../queries/text-page';
import { compare } from '../records/catalog';
import { watchedService } from '../records/view';
import { type Moment, momentView } from './moment';
import { type ServiceRecords, viewAt } from './service-past';

/** A service at a moment. */
export interface ServiceMoment {
  moment: Moment;
  records: ServiceRecords;
}

/**
 * Returns the differences of a service between two moments. A record that changed and changed back also counts, as its
 * revision differs. Time alone makes no difference, even if it ended `flapping`.
 */
export function serviceDiff(
  key: ServiceKey,
  from: ServiceMoment,
  to: ServiceMoment,
  { after, limit }: Pick<DiffCommand, 'after' | 'limit'>,
): JsonText<ServiceDiff> {
  const own = (moment: ServiceMoment) => watchedService(key, moment.records.own);
  const isOwnSame = from.records.own?.revision === to.records.own?.revision;
  const service = isOwnSame ? undefined : { before: own(from), after: own(to) };
  const page = textPage(instanceDifferences(key, from, to, after), { limit, placeOf: ({ id }) => id });
  return listText('instances', page, { from: momentView(from.moment), to: momentView(to.moment), service });
}

function* instanceDifferences(
  key: ServiceKey,
  from: ServiceMoment,
  to: ServiceMoment,
  after = '',
): Generator<ServiceDiff['instances'][number]> {
  const ids = new Set([...from.records.instances.keys(), ...to.records.instances.keys()]);
  const known = [...ids].filter((id) => compare(id, after) > 0).sort(compare);
  const view = (id: string, { records, moment }: ServiceMoment): InstanceView | null =>
    viewAt({ ...key, id }, records, moment.at) ?? null;
  for (const id of known) {
    if (madeBy(from.records, id) === madeBy(to.records, id)) continue;
    yield { id, before: view(id, from), after: view(id, to) };
  }
}

/** Returns the revisions of an instance and its override, which determine its view; empty if there is none. */
function madeBy({ instances, overrides }: ServiceRecords, id: string): string {
  const instance = instances.get(id)?.revision ?? 0;
  return instance === 0 ? '' : `${instance} ${overrides.get(id)?.revision ?? 0}`;
}
