import type { ServiceKey } from '../../model/namespace-api';
import { DEFAULT_GROUP, shortName, splitName } from '../../model/service-name';

/**
 * Returns the service of an application. Eureka's clients send names of applications in upper case; the core has them in
 * lower case, like most services. `TEAM@@ORDERS` is a service of the group `team`.
 */
export function serviceOf(app: string): ServiceKey {
  const { group, service } = splitName(app.toUpperCase().toLowerCase());
  return { group: group === DEFAULT_GROUP.toLowerCase() ? DEFAULT_GROUP : group, service };
}

/** Returns the application of a service. */
export function appOf(key: ServiceKey): string {
  return shortName(key).toUpperCase();
}
