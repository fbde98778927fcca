import { z } from 'zod';
import {
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  JOURNAL_MAX_AGE_MS,
  JOURNAL_MAX_BYTES,
  JOURNAL_MAX_COUNT,
  NAMESPACE_TITLE_MAX_CHARACTERS,
  REQUESTS_PER_SECOND_MAX_COUNT,
  RETENTION_MIN_MS,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
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

/** What each token may take of a namespace; the root token is not counted. */
const TokenLimits = z.strictObject({
  instances: z.int().min(1).max(INSTANCES_PER_NAMESPACE_MAX_COUNT).optional(),
  sockets: z.int().min(1).max(SOCKETS_PER_NAMESPACE_MAX_COUNT).optional(),
  watches: z.int().min(1).max(WATCHES_PER_NAMESPACE_MAX_COUNT).optional(),
  requestsPerSecond: Rate.optional(),
});

/** What a namespace takes, where that is less than the registry does. */
export const NamespaceLimits = z
  .strictObject({
    instances: z.int().min(1).max(INSTANCES_PER_NAMESPACE_MAX_COUNT).optional(),
    services: z.int().min(1).max(SERVICES_PER_NAMESPACE_MAX_COUNT).optional(),
    sockets: z.int().min(1).max(SOCKETS_PER_NAMESPACE_MAX_COUNT).optional(),
    watches: z.int().min(1).max(WATCHES_PER_NAMESPACE_MAX_COUNT).optional(),
    requestsPerSecond: Rate.optional().meta({
      description: 'Calls and frames that reach the namespace; cached reads do not. A second’s worth may come at once.',
    }),
    perToken: TokenLimits.optional().meta({ description: 'The same for each token; root is not counted' }),
  })
  .meta({ id: 'NamespaceLimits' });
export type NamespaceLimits = z.output<typeof NamespaceLimits>;

const SelfPreservation = z.boolean().meta({
  description:
    'Eureka’s self-preservation: what was registered through that door stays while 15 % or more of it does not renew',
});

/** What a namespace is told of itself. What is left out is as it is for all. */
export interface NamespaceSettings {
  retention: RetentionSettings;
  limits: NamespaceLimits;
  selfPreservation?: boolean | undefined;
}

export const NamespaceDefinition = z
  .strictObject({
    id: NamespaceId,
    title: Title.optional(),
    placement: Placement.optional(),
    retention: RetentionSettings.optional(),
    limits: NamespaceLimits.optional(),
    selfPreservation: SelfPreservation.optional(),
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
