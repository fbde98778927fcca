import { parsed } from '../../http/request/field-errors';
import { InstanceKey, NewInstanceKey } from '../../model/batch';
import type { ServiceKey } from '../../model/namespace-api';
import { DEFAULT_GROUP, shortName, splitName } from '../../model/service-name';

/**
 * The service of an application. Names of applications come in upper case, whatever they were: they are lower case in
 * the core, as services mostly are. `TEAM@@ORDERS` is a service of the group `team`.
 */
export function serviceOf(app: string): ServiceKey {
  const { group, service } = splitName(app.toUpperCase().toLowerCase());
  return { group: group === DEFAULT_GROUP.toLowerCase() ? DEFAULT_GROUP : group, service };
}

/** Names an instance by its application and id. @throws {RegistryError} `INVALID_REQUEST`. */
function instanceKey(app: string, id: string): InstanceKey {
  return parsed(InstanceKey, { ...serviceOf(app), id }, 'path');
}

/** Names an instance that is created. @throws {RegistryError} `INVALID_REQUEST`. */
export function newInstanceKey(app: string, id: string): InstanceKey {
  return parsed(NewInstanceKey, { ...serviceOf(app), id }, 'path');
}

/** The application of a service. */
export function appOf(key: ServiceKey): string {
  return shortName(key).toUpperCase();
}

/** The instance that a path names. @throws {RegistryError} `INVALID_REQUEST`. */
export function keyInPath({ app = '', id = '' }: Record<string, string>): InstanceKey {
  return instanceKey(app, id);
}
