/**
 * Decides what a grant covers. Imports no schema, as a web page uses it, too, and must offer what the registry allows.
 */

import type { Grant, Scope, ServicePattern } from './grant';
import { includesKeys, type KeyInterval, keysOfPattern } from './key-interval';
import { ALL_NAMESPACES, GROUP_SEPARATOR, REST, type ServiceNames } from './service-name';

/**
 * Target of a request in a namespace: a service, all services of a group, entries, or the whole namespace. A principal that
 * may access some services or keys may not access the whole: a request is refused, and its result never filtered.
 */
export interface Target {
  /** Id of the namespace, or `*` for all of them. */
  namespace: string;
  service?: ServiceNames | undefined;
  group?: string | undefined;
  /** Keys of entries. */
  keys?: KeyInterval | undefined;
}

/** Reports whether a grant covers a scope on a target. */
export function covers(grant: Grant, scope: Scope, { namespace, service, group, keys }: Target): boolean {
  if (grant.ns !== ALL_NAMESPACES && grant.ns !== namespace) return false;
  if (!includesScope(grant.scope, scope)) return false;
  if (grant.services === undefined && grant.keys === undefined) return true;
  if (keys !== undefined) return (grant.keys ?? []).some((pattern) => includesKeys(keysOfPattern(pattern), keys));
  if (grant.services === undefined) return false;
  if (service !== undefined) return grant.services.some((pattern) => matchesService(pattern, service));
  return group !== undefined && grant.services.some((pattern) => matchesGroup(pattern, group));
}

/** Reports whether a scope includes another: `admin` includes all, and `operate` includes `register`. */
export const includesScope = (held: Scope, scope: Scope): boolean =>
  held === scope || held === 'admin' || (held === 'operate' && scope === 'register');

/**
 * Reports whether a pattern matches a service. Group and service are compared separately, because a prefix of the joined
 * name could match a service of another group.
 */
export function matchesService(pattern: ServicePattern, { group, service }: ServiceNames): boolean {
  const at = pattern.indexOf(GROUP_SEPARATOR);
  if (at < 0) return matchesName(pattern, group) && pattern.endsWith(REST);
  return isGroup(pattern, at, group) && matchesName(pattern.slice(at + GROUP_SEPARATOR.length), service);
}

/** Reports whether a pattern matches every service that a group has or may get. */
export function matchesGroup(pattern: ServicePattern, group: string): boolean {
  const at = pattern.indexOf(GROUP_SEPARATOR);
  if (at < 0) return matchesName(pattern, group) && pattern.endsWith(REST);
  return isGroup(pattern, at, group) && pattern.slice(at + GROUP_SEPARATOR.length) === REST;
}

/** Reports whether the text before the separator is this group. */
function isGroup(pattern: ServicePattern, at: number, group: string): boolean {
  return at === group.length && pattern.startsWith(group);
}

/** Reports whether one part of a pattern matches the name of a group or a service. */
function matchesName(part: string, name: string): boolean {
  return part.endsWith(REST) ? name.startsWith(part.slice(0, -REST.length)) : part === name;
}
