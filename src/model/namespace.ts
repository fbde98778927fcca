import * as z from 'zod';
import {
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  JOURNAL_MAX_AGE_MS,
  JOURNAL_MAX_BYTES,
  JOURNAL_MAX_COUNT,
  NACOS_INTERVAL_MAX_MS,
  NACOS_INTERVAL_MIN_MS,
  NAMESPACE_TITLE_MAX_CHARACTERS,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  REQUESTS_PER_SECOND_MAX_COUNT,
  RETENTION_MIN_MS,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
  SESSION_PING_MAX_MS,
  SESSION_PING_MIN_MS,
  SOCKETS_PER_NAMESPACE_MAX_COUNT,
  WATCHES_PER_NAMESPACE_MAX_COUNT,
} from './limits';
import { NamespaceId } from './names';

const Title = z.string().max(NAMESPACE_TITLE_MAX_CHARACTERS).meta({ description: 'For people' });

/** Where data never leaves. Source: Cloudflare's documentation of data location for Durable Objects. */
export const Jurisdiction = z.enum(['eu', 'fedramp']);
export type Jurisdiction = z.output<typeof Jurisdiction>;

/**
 * Where the object of a namespace lives, decided once. Source: Cloudflare's documentation of data location for Durable
 * Objects. On one machine there is one place, and both are kept without effect.
 */
export const Placement = z
  .union([
    z.strictObject({ hint: z.enum(['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me']) }),
    z.strictObject({ jurisdiction: Jurisdiction }),
  ])
  .meta({ id: 'Placement', description: 'A hint where to live, or a jurisdiction that is never left' });
export type Placement = z.output<typeof Placement>;

/** How much of its past a namespace keeps: whichever bound is met first. */
export const RetentionSettings = z
  .strictObject({
    maxAgeMs: z.int().min(RETENTION_MIN_MS).max(JOURNAL_MAX_AGE_MS).optional(),
    maxCount: z.int().min(1).max(JOURNAL_MAX_COUNT).optional().meta({ description: 'Revisions' }),
    maxBytes: z.int().min(1).max(JOURNAL_MAX_BYTES).optional(),
  })
  .meta({ id: 'Retention' });
export type RetentionSettings = z.output<typeof RetentionSettings>;

const Rate = z.number().positive().max(REQUESTS_PER_SECOND_MAX_COUNT);

const Instances = z.int().min(1).max(INSTANCES_PER_NAMESPACE_MAX_COUNT);
const Services = z.int().min(1).max(SERVICES_PER_NAMESPACE_MAX_COUNT);
const Bytes = z.int().min(1).max(RECORDS_PER_NAMESPACE_MAX_BYTES).meta({ description: 'Of records, as text' });

/** What each token may take of a namespace; the root token is not counted. */
const TokenLimits = z.strictObject({
  instances: Instances.optional(),
  services: Services.optional(),
  bytes: Bytes.optional(),
  sockets: z.int().min(1).max(SOCKETS_PER_NAMESPACE_MAX_COUNT).optional(),
  watches: z.int().min(1).max(WATCHES_PER_NAMESPACE_MAX_COUNT).optional(),
  requestsPerSecond: Rate.optional(),
});

/** What a namespace takes, where that is less than the registry does. */
export const NamespaceLimits = z
  .strictObject({
    instances: Instances.optional(),
    services: Services.optional(),
    bytes: Bytes.optional(),
    sockets: z.int().min(1).max(SOCKETS_PER_NAMESPACE_MAX_COUNT).optional(),
    watches: z.int().min(1).max(WATCHES_PER_NAMESPACE_MAX_COUNT).optional(),
    requestsPerSecond: Rate.optional().meta({
      description: 'Calls and frames that reach the namespace; cached reads do not. A second’s worth may come at once.',
    }),
    perToken: TokenLimits.optional().meta({
      description:
        'The same for each token, in place of a share: three quarters of instances, services and bytes for one that does not operate the namespace, half where its grants name services. Root is not counted',
    }),
  })
  .meta({ id: 'NamespaceLimits' });
export type NamespaceLimits = z.output<typeof NamespaceLimits>;

const SelfPreservation = z.boolean().meta({
  description:
    'Eureka’s self-preservation: what was registered through that door stays while 15 % or more of it does not renew',
});

/** How often clients come, where they do what they are told. */
export const NamespaceIntervals = z
  .strictObject({
    nacosPollMs: z
      .int()
      .min(NACOS_INTERVAL_MIN_MS)
      .max(NACOS_INTERVAL_MAX_MS)
      .optional()
      .meta({ description: 'Nacos’ `cacheMillis`: its clients poll each list this often; 3 s when left out' }),
    nacosBeatMs: z.int().min(NACOS_INTERVAL_MIN_MS).max(NACOS_INTERVAL_MAX_MS).optional().meta({
      description:
        'Nacos’ `clientBeatInterval`; 5 s when left out. Instances that set no times by their metadata are unhealthy after three of it, 15 s at least, and gone after six',
    }),
    sessionPingMs: z.int().min(SESSION_PING_MIN_MS).max(SESSION_PING_MAX_MS).optional().meta({
      description:
        'How often sessions ping; 15 s when left out. A session that asks for no time to live gets three of it, 45 s at least',
    }),
  })
  .meta({ id: 'NamespaceIntervals' });
export type NamespaceIntervals = z.output<typeof NamespaceIntervals>;

/** What a namespace is told of itself. What is left out is as it is for all. */
export interface NamespaceSettings {
  retention: RetentionSettings;
  limits: NamespaceLimits;
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
}

export const NamespaceDefinition = z
  .strictObject({
    id: NamespaceId,
    title: Title.optional(),
    placement: Placement.optional(),
    retention: RetentionSettings.optional(),
    limits: NamespaceLimits.optional(),
    selfPreservation: SelfPreservation.optional(),
    intervals: NamespaceIntervals.optional(),
  })
  .meta({ id: 'NamespaceDefinition' });
export type NamespaceDefinition = z.output<typeof NamespaceDefinition>;

/** What can be changed later; each member is replaced as a whole, and null takes it away. */
export const NamespacePatch = z
  .strictObject({
    title: Title.nullable().optional(),
    retention: RetentionSettings.nullable().optional(),
    limits: NamespaceLimits.nullable().optional(),
    selfPreservation: SelfPreservation.nullable().optional(),
    intervals: NamespaceIntervals.nullable().optional(),
  })
  .meta({ id: 'NamespacePatch' });
export type NamespacePatch = z.output<typeof NamespacePatch>;

export const NamespaceView = z
  .object({
    id: z.string(),
    title: z.string().optional(),
    placement: Placement.optional(),
    retention: RetentionSettings,
    limits: NamespaceLimits,
    selfPreservation: SelfPreservation.optional(),
    intervals: NamespaceIntervals.optional(),
    createdAt: z.iso.datetime().optional().meta({ description: 'Absent for `public`, which is always there' }),
    createdBy: z.string().optional().meta({ description: 'Id of the token that made it' }),
    updatedAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'Namespace' });
export type NamespaceView = z.output<typeof NamespaceView>;

export const NamespaceList = z
  .object({ namespaces: z.array(NamespaceView), next: z.string().optional() })
  .meta({ id: 'NamespaceList' });
export type NamespaceList = z.output<typeof NamespaceList>;
