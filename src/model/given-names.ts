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
