/** The namespace that is always there. */
export const DEFAULT_NAMESPACE = 'public';

/** Name of the one directory object there is. */
export const DIRECTORY_NAME = 'directory';

/** The group of services that are named without one. Source: Nacos, whose clients write it out. */
export const DEFAULT_GROUP = 'DEFAULT_GROUP';

/** The cluster of instances that name none. Source: Nacos. */
export const DEFAULT_CLUSTER = 'DEFAULT';

/** Between a group and a service where both stand in one string: `DEFAULT_GROUP@@orders`. */
export const GROUP_SEPARATOR = '@@';

/** Ends no group: behind it, the separator would seem to begin one character early. */
export const SEPARATOR_SIGN = '@';

/** A service by its two names. */
export interface ServiceNames {
  group: string;
  service: string;
}

/**
 * Writes a service in one string, `group@@service`. The first `@@` is the separator: a group holds none, and does not end
 * in `@`. A group of an earlier version that does is written with `@@` in front, which begins no other name.
 */
export function joinedName({ group, service }: ServiceNames): string {
  const joined = `${group}${GROUP_SEPARATOR}${service}`;
  return group.endsWith(SEPARATOR_SIGN) ? `${GROUP_SEPARATOR}${joined}` : joined;
}

/** Writes a service as people and clients do: `orders` in the default group, `group@@service` in another. */
export function shortName(key: ServiceNames): string {
  const isPlain = key.group === DEFAULT_GROUP && !key.service.includes(GROUP_SEPARATOR);
  return isPlain ? key.service : joinedName(key);
}

/**
 * Reads what {@link joinedName} or {@link shortName} wrote. The names may be empty or otherwise not acceptable: that is
 * for their schemas to say.
 */
export function splitName(text: string): ServiceNames {
  const at = text.indexOf(GROUP_SEPARATOR);
  if (at < 0) return { group: DEFAULT_GROUP, service: text };
  if (at === 0) return splitStoredName(text.slice(GROUP_SEPARATOR.length)) ?? cut(text, at);
  return cut(text, at);
}

/** Reads a service of a group that ends in `@`; undefined where the group does not. */
function splitStoredName(joined: string): ServiceNames | undefined {
  const groupEnd = joined.indexOf(GROUP_SEPARATOR) + SEPARATOR_SIGN.length;
  return groupEnd > 0 && joined.startsWith(GROUP_SEPARATOR, groupEnd) ? cut(joined, groupEnd) : undefined;
}

function cut(text: string, at: number): ServiceNames {
  return { group: text.slice(0, at), service: text.slice(at + GROUP_SEPARATOR.length) };
}
