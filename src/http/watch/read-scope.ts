import type { WatchScope } from '../../model/frames';
import type { ServiceKey } from '../../model/namespace-api';

/** What a read of a service, or of something in it, is about. */
export function serviceScope({ group, service }: ServiceKey): WatchScope {
  return { groups: [], services: [{ group, service }] };
}

/** What a read of a group is about; without one, the whole namespace. */
export function groupScope(group: string | undefined): WatchScope {
  return { groups: group === undefined ? [] : [group], services: [] };
}
