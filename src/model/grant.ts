import { z } from 'zod';
import { GRANT_SERVICES_MAX_COUNT } from './limits';
import { NamespaceId } from './names';
import { ServicePattern } from './service-pattern';

/**
 * What a token may be good for. `admin` is good for everything; `operate`, for people who run services, is good for
 * instances whoever registered them; `register` for those that the token registers itself; `read` is for callers,
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

/** Who is behind a credential, and what they may do. */
export interface Principal {
  /** Id of the token, as the journal and the audit trail show it. */
  tokenId: string;
  grants: readonly Grant[];
  /** When the token ends, in milliseconds since the epoch; absent: never. */
  expiresAt?: number | undefined;
}
