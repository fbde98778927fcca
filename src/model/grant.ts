import * as z from 'zod';
import { ENTRY_KEY_MAX_BYTES, GRANT_SERVICES_MAX_COUNT, NAME_MAX_BYTES } from './limits';
import { GroupName, NamespaceId, ServiceName } from './names';
import { ALL_NAMESPACES, GROUP_SEPARATOR, REST } from './service-name';

/**
 * Pattern of services, as `group@@service`: one service, or with a trailing `*` all that begin with it.
 * `DEFAULT_GROUP@@*` matches a whole group, `*` matches every service.
 */
export const ServicePattern = z
  .string()
  .max(2 * NAME_MAX_BYTES + GROUP_SEPARATOR.length)
  .refine(isPattern, 'a pattern is group@@service, exact or with one trailing *; * alone matches every service')
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

/** Pattern of keys of entries: one key, or with a trailing `*` all that begin with it. `*` alone matches every key. */
export const KeyPattern = z
  .string()
  .min(1)
  .max(ENTRY_KEY_MAX_BYTES)
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
  .refine((text) => !text.slice(0, -1).includes(REST), 'a pattern is a key, exact or with one trailing *')
  .meta({ description: 'Keys of entries, exact or with a trailing `*`', example: 'config/*' });
export type KeyPattern = z.output<typeof KeyPattern>;

/**
 * Kind of permission of a token. `admin` allows everything. `operate`, for people who run services, allows changes to
 * instances of any owner; `register` to those that the token itself registered. `read` is for clients that look services
 * up, `metrics` for scrapers.
 */
export const Scope = z.enum(['admin', 'operate', 'register', 'read', 'metrics']);
export type Scope = z.output<typeof Scope>;

/** A permission of a token, and the namespace and services it applies to. */
export const Grant = z
  .strictObject({
    scope: Scope,
    ns: z.union([z.literal(ALL_NAMESPACES), NamespaceId]).meta({ description: 'Namespace id, or `*` for all' }),
    services: z
      .array(ServicePattern)
      .max(GRANT_SERVICES_MAX_COUNT)
      .optional()
      .meta({ description: 'Only these services; absent: the whole namespace, or only `keys`' }),
    keys: z
      .array(KeyPattern)
      .min(1)
      .max(GRANT_SERVICES_MAX_COUNT)
      .optional()
      .meta({ description: 'Only these keys of entries; absent: the whole namespace, or only `services`' }),
  })
  .refine(({ scope, services, keys }) => !(services ?? keys) || (scope !== 'admin' && scope !== 'metrics'), {
    message: 'admin and metrics apply to a whole namespace: omit services and keys',
    path: ['services'],
  })
  .refine(({ services, keys }) => services?.length !== 0 || keys !== undefined, {
    message: 'must name a service; omit it for the whole namespace',
    path: ['services'],
  })
  // An earlier version, which ignores keys, would take a grant without services for one on the whole namespace.
  .overwrite((grant) => (grant.keys === undefined || grant.services ? grant : { ...grant, services: [] }))
  .meta({ id: 'Grant' });
export type Grant = z.output<typeof Grant>;

/** The token behind a credential, and its grants. */
export interface Principal {
  /** Id of the token, as the journal and the audit trail show it. */
  tokenId: string;
  grants: readonly Grant[];
  /** Time at which the token expires, in milliseconds since the epoch; absent: never. */
  expiresAt?: number | undefined;
  /** Id of the redeemed token, if a ticket was redeemed for the credential. It acts as the token that requested the ticket. */
  redeemedId?: string | undefined;
}
