import * as z from 'zod';
import { GRANT_SERVICES_MAX_COUNT, NAME_MAX_BYTES } from './limits';
import { GroupName, NamespaceId, ServiceName } from './names';
import { GROUP_SEPARATOR, type ServiceNames } from './service-name';

/** Stands for everything that may follow, at the end of a pattern and nowhere else. */
const REST = '*';

/**
 * Names services, as `group@@service`: one of them, or with a `*` at the end all that begin so. `DEFAULT_GROUP@@*` is a
 * whole group, `*` is every service there is.
 */
export const ServicePattern = z
  .string()
  .max(2 * NAME_MAX_BYTES + GROUP_SEPARATOR.length)
  .refine(isPattern, 'a pattern is group@@service, exact or with one * at its end; * alone is every service')
  .meta({
    description: 'Services, as `group@@service`, exact or with a trailing `*`',
    example: 'DEFAULT_GROUP@@orders*',
  });
export type ServicePattern = z.output<typeof ServicePattern>;

function isPattern(text: string): boolean {
  const isOpen = text.endsWith(REST);
  const stem = isOpen ? text.slice(0, -REST.length) : text;
  if (stem.includes(REST)) return false;
  const at = stem.indexOf(GROUP_SEPARATOR);
  // An open pattern may end anywhere in the name of a group, but not in the middle of a separator.
  if (at < 0) return isOpen && (stem === '' || GroupName.safeParse(stem).success);
  const service = stem.slice(at + GROUP_SEPARATOR.length);
  const isNamed = ServiceName.safeParse(service).success || (isOpen && service === '');
  return isNamed && GroupName.safeParse(stem.slice(0, at)).success;
}

/**
 * Tells whether a pattern names a service. Group and service are compared apart: joined, the names of two services may begin
 * alike.
 */
export function matchesService(pattern: ServicePattern, { group, service }: ServiceNames): boolean {
  const at = pattern.indexOf(GROUP_SEPARATOR);
  if (at < 0) return matchesName(pattern, group) && pattern.endsWith(REST);
  return isGroup(pattern, at, group) && matchesName(pattern.slice(at + GROUP_SEPARATOR.length), service);
}

/** Tells whether a pattern names every service that a group has or may get. */
export function matchesGroup(pattern: ServicePattern, group: string): boolean {
  const at = pattern.indexOf(GROUP_SEPARATOR);
  if (at < 0) return matchesName(pattern, group) && pattern.endsWith(REST);
  return isGroup(pattern, at, group) && pattern.slice(at + GROUP_SEPARATOR.length) === REST;
}

/** Tells whether the text in front of the separator is a group. */
function isGroup(pattern: ServicePattern, at: number, group: string): boolean {
  return at === group.length && pattern.startsWith(group);
}

/** Tells whether one part of a pattern names a group or a service. */
function matchesName(part: string, name: string): boolean {
  return part.endsWith(REST) ? name.startsWith(part.slice(0, -REST.length)) : part === name;
}

/**
 * A kind of permission that a token may have. `admin` is good for everything; `operate`, for people who run services, is good for
 * instances of any owner; `register` for those that the token registers itself; `read` is for callers,
 * `metrics` for scrapers.
 */
export const Scope = z.enum(['admin', 'operate', 'register', 'read', 'metrics']);
export type Scope = z.output<typeof Scope>;

/** Every namespace there is. */
export const ALL_NAMESPACES = '*';

/** One thing that a token is good for, and where. */
export const Grant = z
  .strictObject({
    scope: Scope,
    ns: z.union([z.literal(ALL_NAMESPACES), NamespaceId]).meta({ description: 'Namespace id, or `*` for all' }),
    services: z
      .array(ServicePattern)
      .min(1)
      .max(GRANT_SERVICES_MAX_COUNT)
      .optional()
      .meta({ description: 'Only these services; without it, the whole namespace' }),
  })
  .refine(({ scope, services }) => services === undefined || (scope !== 'admin' && scope !== 'metrics'), {
    message: 'admin and metrics are for a whole namespace: leave services out',
    path: ['services'],
  })
  .meta({ id: 'Grant' });
export type Grant = z.output<typeof Grant>;

/** The token behind a credential, and its grants. */
export interface Principal {
  /** Id of the token, as the journal and the audit trail show it. */
  tokenId: string;
  grants: readonly Grant[];
  /** When the token ends, in milliseconds since the epoch; absent: never. */
  expiresAt?: number | undefined;
}
