/** Namespace that always exists. */
export const DEFAULT_NAMESPACE = 'public';

/** In a grant, every namespace. */
export const ALL_NAMESPACES = '*';

/** Name of the only directory object. */
export const DIRECTORY_NAME = 'directory';

/** Group of services that are named without one. Source: Nacos, whose clients send it explicitly. */
export const DEFAULT_GROUP = 'DEFAULT_GROUP';

/** Cluster of instances that name none. Source: Nacos. */
export const DEFAULT_CLUSTER = 'DEFAULT';

/** Separates group and service in one string: `DEFAULT_GROUP@@orders`. */
export const GROUP_SEPARATOR = '@@';

/** Character that no group may end with, because the separator after it would seem to begin one character early. */
export const SEPARATOR_SIGN = '@';

/** Wildcard of a pattern of services, which matches any rest of a name. Allowed only at the end. */
export const REST = '*';

/** The two names of a service. */
export interface ServiceNames {
  group: string;
  service: string;
}

/**
 * Formats the names of a service as one string, `group@@service`. The first `@@` is the separator: a group contains none
 * and does not end in `@`. If a group of an earlier version does, the string gets a leading `@@`, which no other has.
 */
export function joinedName({ group, service }: ServiceNames): string {
  const joined = `${group}${GROUP_SEPARATOR}${service}`;
  return group.endsWith(SEPARATOR_SIGN) ? `${GROUP_SEPARATOR}${joined}` : joined;
}

/** Formats the short name of a service: `orders` in the default group, `group@@service` in another. */
export function shortName(key: ServiceNames): string {
  const isPlain = key.group === DEFAULT_GROUP && !key.service.includes(GROUP_SEPARATOR);
  return isPlain ? key.service : joinedName(key);
}

/**
 * Parses a string of {@link joinedName} or {@link shortName}. The names may be empty or otherwise invalid; their schemas
 * check that.
 */
export function splitName(text: string): ServiceNames {
  const at = text.indexOf(GROUP_SEPARATOR);
  if (at < 0) return { group: DEFAULT_GROUP, service: text };
  if (at === 0) return splitStoredName(text.slice(GROUP_SEPARATOR.length)) ?? cut(text, at);
  return cut(text, at);
}

/** Parses the name of a service whose group ends in `@`; undefined if its group does not. */
function splitStoredName(joined: string): ServiceNames | undefined {
  const groupEnd = joined.indexOf(GROUP_SEPARATOR) + SEPARATOR_SIGN.length;
  return groupEnd > 0 && joined.startsWith(GROUP_SEPARATOR, groupEnd) ? cut(joined, groupEnd) : undefined;
}

function cut(text: string, at: number): ServiceNames {
  return { group: text.slice(0, at), service: text.slice(at + GROUP_SEPARATOR.length) };
}
