import { parsed } from '../../http/field-errors';
import { InstanceKey } from '../../model/batch';
import { DEFAULT_GROUP, GROUP_SEPARATOR } from '../../model/given-names';
import type { ServiceKey } from '../../model/namespace-api';

/**
 * The service of an application. Names of applications come in upper case, whatever they were: they are lower case in
 * the core, as services mostly are. `TEAM@@ORDERS` is a service of the group `team`.
 */
export function serviceOf(app: string): ServiceKey {
  const name = app.toUpperCase().toLowerCase();
  const at = name.indexOf(GROUP_SEPARATOR);
  if (at < 0) return { group: DEFAULT_GROUP, service: name };
  const group = name.slice(0, at);
  const service = name.slice(at + GROUP_SEPARATOR.length);
  return { group: group === DEFAULT_GROUP.toLowerCase() ? DEFAULT_GROUP : group, service };
}

/** Names an instance by its application and id. @throws {RegistryError} `INVALID_REQUEST`. */
export function instanceKey(app: string, id: string): InstanceKey {
  return parsed(InstanceKey, { ...serviceOf(app), id }, 'path');
}

/** A service as it is written where case counts: the name under which clients look it up. */
export function vipOf({ group, service }: ServiceKey): string {
  return group === DEFAULT_GROUP ? service : `${group}${GROUP_SEPARATOR}${service}`;
}

/** The application of a service. */
export function appOf(key: ServiceKey): string {
  return vipOf(key).toUpperCase();
}

/** The instance that a path names. @throws {RegistryError} `INVALID_REQUEST`. */
export function keyInPath({ app = '', id = '' }: Record<string, string>): InstanceKey {
  return instanceKey(app, id);
}
