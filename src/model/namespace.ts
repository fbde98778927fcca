import * as z from 'zod';
import { type LayoutRule, LayoutRules } from './layout';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  GRANTED_LEASES_MAX_COUNT,
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

const Title = z.string().max(NAMESPACE_TITLE_MAX_CHARACTERS).meta({ description: 'Title for people' });

/** Jurisdictions that data never leaves. Source: Cloudflare's documentation of data location for Durable Objects. */
export const Jurisdiction = z.enum(['eu', 'fedramp']);
export type Jurisdiction = z.output<typeof Jurisdiction>;

/**
 * Location of a namespace's object, chosen at creation. Source: Cloudflare's documentation of data location for Durable
 * Objects. On one machine both members are stored and have no effect.
 */
export const Placement = z
  .union([
    z.strictObject({ hint: z.enum(['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me']) }),
    z.strictObject({ jurisdiction: Jurisdiction }),
  ])
  .meta({ id: 'Placement', description: 'A location hint, or a jurisdiction that data never leaves' });
export type Placement = z.output<typeof Placement>;

/** Amount of history that a namespace keeps. The bound that is reached first applies. */
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
const Bytes = z.int().min(1).max(RECORDS_PER_NAMESPACE_MAX_BYTES).meta({ description: 'Bytes of records, as text' });
const Entries = z.int().min(1).max(ENTRIES_PER_NAMESPACE_MAX_COUNT).meta({ description: 'Entries: keys with values' });
const EntryBytes = z
  .int()
  .min(1)
  .max(ENTRIES_PER_NAMESPACE_MAX_BYTES)
  .meta({ description: 'Bytes of keys and values' });
const GrantedLeases = z
  .int()
  .min(1)
  .max(GRANTED_LEASES_MAX_COUNT)
  .meta({ description: 'Leases that were granted by themselves' });

/** Limits of each token in a namespace. The root token is exempt. */
const TokenLimits = z.strictObject({
  instances: Instances.optional(),
  services: Services.optional(),
  bytes: Bytes.optional(),
  entries: Entries.optional(),
  entryBytes: EntryBytes.optional(),
  grantedLeases: GrantedLeases.optional(),
  sockets: z.int().min(1).max(SOCKETS_PER_NAMESPACE_MAX_COUNT).optional(),
  watches: z.int().min(1).max(WATCHES_PER_NAMESPACE_MAX_COUNT).optional(),
  requestsPerSecond: Rate.optional(),
});

/** Limits of a namespace that are lower than those of the registry. */
export const NamespaceLimits = z
  .strictObject({
    instances: Instances.optional(),
    services: Services.optional(),
    bytes: Bytes.optional(),
    entries: Entries.optional(),
    entryBytes: EntryBytes.optional(),
    grantedLeases: GrantedLeases.optional(),
    sockets: z.int().min(1).max(SOCKETS_PER_NAMESPACE_MAX_COUNT).optional(),
    watches: z.int().min(1).max(WATCHES_PER_NAMESPACE_MAX_COUNT).optional(),
    requestsPerSecond: Rate.optional().meta({
      description:
        "Calls and frames that reach the namespace; cached reads do not count. A burst may have one second's worth.",
    }),
    perToken: TokenLimits.optional().meta({
      description:
        'Limits of each token, which replace its default share: three quarters of instances, services, bytes, entries and ' +
        'granted leases for a token that does not operate the namespace, half if its grants name services or keys. Root is ' +
        'exempt',
    }),
  })
  .meta({ id: 'NamespaceLimits' });
export type NamespaceLimits = z.output<typeof NamespaceLimits>;

const SelfPreservation = z.boolean().meta({
  description:
    "Eureka's self-preservation: instances registered through the Eureka API are kept while 15 % or more of them fail " +
    'to renew',
});

/** Intervals that the namespace configures in its clients. */
export const NamespaceIntervals = z
  .strictObject({
    nacosPollMs: z
      .int()
      .min(NACOS_INTERVAL_MIN_MS)
      .max(NACOS_INTERVAL_MAX_MS)
      .optional()
      .meta({ description: "Nacos' `cacheMillis`: its clients poll each list this often; 3 s by default" }),
    nacosBeatMs: z
      .int()
      .min(NACOS_INTERVAL_MIN_MS)
      .max(NACOS_INTERVAL_MAX_MS)
      .optional()
      .meta({
        description:
          "Nacos' `clientBeatInterval`; 5 s by default. Instances whose metadata sets no times become unhealthy after three " +
          'intervals, at least 15 s, and are removed after six',
      }),
    sessionPingMs: z
      .int()
      .min(SESSION_PING_MIN_MS)
      .max(SESSION_PING_MAX_MS)
      .optional()
      .meta({
        description:
          'Ping interval of sessions; 15 s by default. A session that requests no time to live gets three intervals, at ' +
          'least 45 s',
      }),
  })
  .meta({ id: 'NamespaceIntervals' });
export type NamespaceIntervals = z.output<typeof NamespaceIntervals>;

/** Settings of a namespace. Absent members have the defaults of the registry. */
export interface NamespaceSettings {
  retention: RetentionSettings;
  limits: NamespaceLimits;
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
  layouts?: LayoutRule[] | undefined;
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
    layouts: LayoutRules.optional(),
  })
  .meta({ id: 'NamespaceDefinition' });
export type NamespaceDefinition = z.output<typeof NamespaceDefinition>;

/** Body of PATCH. Each given member is replaced as a whole; null removes it. */
export const NamespacePatch = z
  .strictObject({
    title: Title.nullable().optional(),
    retention: RetentionSettings.nullable().optional(),
    limits: NamespaceLimits.nullable().optional(),
    selfPreservation: SelfPreservation.nullable().optional(),
    intervals: NamespaceIntervals.nullable().optional(),
    layouts: LayoutRules.nullable().optional(),
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
    layouts: LayoutRules.optional(),
    createdAt: z.iso.datetime().optional().meta({ description: 'Absent for `public`, which always exists' }),
    createdBy: z.string().optional().meta({ description: 'Id of the token that created it' }),
    updatedAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'Namespace' });
export type NamespaceView = z.output<typeof NamespaceView>;

export const NamespaceList = z
  .object({ namespaces: z.array(NamespaceView), next: z.string().optional() })
  .meta({ id: 'NamespaceList' });
export type NamespaceList = z.output<typeof NamespaceList>;
