import type { Grant } from '../../client/wire/access-answers';
import { matchesService } from '../../model/coverage';
import { ALL_NAMESPACES, DEFAULT_GROUP, GROUP_SEPARATOR, REST, type ServiceNames } from '../../model/service-name';

/** Time before its expiry in which a token is marked. */
const SOON_MS = 7 * 24 * 60 * 60_000;

/** A grant as it is entered: services and keys as one pattern a line. */
export interface GrantDraft {
  scope: Grant['scope'];
  ns: string;
  services: string;
  keys: string;
}

/** Separator and wildcard after a group: all its services. */
const WHOLE_GROUP = GROUP_SEPARATOR + REST;
const IN_DEFAULT_GROUP = DEFAULT_GROUP + GROUP_SEPARATOR;

/**
 * Returns the pattern for an entered one. A name without a group is in the default group, as everywhere; groups that begin
 * alike are entered as `eu*@@*`.
 */
export function patternOf(entered: string): string {
  if (entered === REST) return REST;
  if (!entered.includes(GROUP_SEPARATOR)) return IN_DEFAULT_GROUP + entered;
  return entered.endsWith(REST + WHOLE_GROUP) ? entered.slice(0, -WHOLE_GROUP.length) : entered;
}

/** Formats a pattern as it is entered. */
export function patternTitle(pattern: string): string {
  if (!pattern.includes(GROUP_SEPARATOR)) return pattern === REST ? REST : pattern + WHOLE_GROUP;
  const name = pattern.startsWith(IN_DEFAULT_GROUP) ? pattern.slice(IN_DEFAULT_GROUP.length) : REST;
  return name === REST || name.includes(GROUP_SEPARATOR) ? pattern : name;
}

/** Reports whether a scope can be limited to services and keys. */
export const hasServices = (scope: Grant['scope']): boolean => scope !== 'admin' && scope !== 'metrics';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Returns the grant for an entered one. */
export function grantOf({ scope, ns, services, keys }: GrantDraft): Grant {
  const patterns = linesOf(services).map(patternOf);
  const keyPatterns = linesOf(keys);
  return {
    scope,
    ns: ns.trim(),
    ...(hasServices(scope) && patterns.length > 0 && { services: patterns }),
    ...(hasServices(scope) && keyPatterns.length > 0 && { keys: keyPatterns }),
  };
}

/** Returns the services that a grant covers, among those of its namespace. */
export const matchedServices = ({ services, keys }: Grant, all: readonly ServiceNames[]): readonly ServiceNames[] =>
  services === undefined && keys === undefined
    ? all
    : all.filter((names) => services?.some((pattern) => matchesService(pattern, names)));

/**
 * Returns why a grant deserves a second look: it allows everything, applies to every namespace, or changes all services
 * of one. Undefined if it does not.
 */
export function breadthOf({ scope, ns, services, keys }: Grant): 'admin' | 'everywhere' | 'all-services' | undefined {
  if (scope === 'admin') return 'admin';
  if (ns === ALL_NAMESPACES) return 'everywhere';
  const isAll = (services === undefined && keys === undefined) || services?.includes(REST);
  return isAll && (scope === 'operate' || scope === 'register') ? 'all-services' : undefined;
}

/** Reports whether a token with these grants may be accepted in a path although it can write. */
export const allowsPathWrite = (grants: readonly Grant[]): boolean =>
  grants.every(({ scope, ns }) => scope === 'register' && ns !== ALL_NAMESPACES && ns === grants[0]?.ns);

/** Returns how an expiry is marked. @param now Milliseconds since the epoch. */
export function expiryOf(expiresAt: string | undefined, now: number): 'never' | 'later' | 'soon' | 'expired' {
  if (expiresAt === undefined) return 'never';
  const left = Date.parse(expiresAt) - now;
  return left <= 0 ? 'expired' : left <= SOON_MS ? 'soon' : 'later';
}
