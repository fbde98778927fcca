import * as z from 'zod';
import { InstanceStatus, InstanceView } from './instance';
import { isPlainKey } from './json';
import {
  AUDIT_PAGE_MAX_COUNT,
  CACHED_MAX_AGE_DEFAULT_MS,
  CACHED_MAX_AGE_MAX_MS,
  DRAIN_GRACE_MAX_MS,
  DRAIN_WAIT_DEFAULT_MS,
  READ_WAIT_DEFAULT_MS,
  WAIT_MAX_MS,
} from './limits';
import { refusesPrototypeKey } from './metadata';
import { ClusterName, NamespaceId, ShortName, StoredGroupName } from './names';
import { duration, FlagParameter, PAGE_LIMIT, PageAfter, PageCount, PointInTime } from './query-values';
import { BlindReaders } from './subscriber';

const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');
/** Parameters for how fresh a response must be. */
export const Freshness = {
  consistency: z
    .enum(['strong', 'cached'])
    .default('strong')
    .meta({ description: 'cached: accept a response up to `maxAge` old' }),
  maxAge: duration(0, CACHED_MAX_AGE_MAX_MS)
    .prefault(`${CACHED_MAX_AGE_DEFAULT_MS / 1_000}s`)
    .meta({ description: 'Maximum age of a cached response, such as 5s' }),
  wait: z
    .string()
    .transform((text) => (text === '' ? `${READ_WAIT_DEFAULT_MS / 1_000}s` : text))
    .pipe(duration(0, WAIT_MAX_MS))
    .optional()
    .meta({ description: 'With `If-None-Match`: wait for a change, such as 30s, up to 5m' }),
};

/** A metadata key that a record can have. */
const PlainKey = z.string().refine(isPlainKey, 'a metadata key has no quote, backslash or control character');

/** Filter of a list of instances. `metadata.<key>=<value>` parameters arrive as `metadata`. */
export const InstanceFilter = z.strictObject({
  cluster: ClusterName.optional().meta({ description: 'Only this cluster' }),
  tag: ShortName.optional().meta({ description: 'Only instances with this tag' }),
  status: InstanceStatus.optional().meta({ description: 'Only instances with this status' }),
  available: Flag.optional().meta({
    description: 'true: only instances that resolving returns; false: only the others',
  }),
  metadata: refusesPrototypeKey(z.record(PlainKey, z.string())).optional(),
});
export type InstanceFilter = z.output<typeof InstanceFilter>;

/** Parameters of a list of instances. */
export const InstanceListQuery = InstanceFilter.extend({
  limit: PageCount.optional().meta({ description: PAGE_LIMIT }),
  after: PageAfter,
  at: PointInTime.optional().meta({
    description:
      'List the service as it was then: a cursor, a time such as 2027-01-31T12:00:00Z, or a revision such as r42',
  }),
  ...Freshness,
}).refine(({ at, wait }) => at === undefined || wait === undefined, {
  message: 'cannot be combined with at: the past does not change',
  path: ['wait'],
});
export type InstanceListQuery = z.output<typeof InstanceListQuery>;

/** Location of the caller, or the zone that it prefers. */
export type Near =
  | { kind: 'auto' }
  | { kind: 'point'; latitude: number; longitude: number }
  | { kind: 'zone'; zone: string };

const NEAR_PROBLEM = 'must be auto, a latitude and a longitude such as 52.5,13.4, or zone:<name>';

function parseNear(text: string): Near | undefined {
  if (text === 'auto') return { kind: 'auto' };
  if (text.startsWith('zone:') && text.length > 5) return { kind: 'zone', zone: text.slice(5) };
  const point = /^(-?\d{1,2}(?:\.\d{1,9})?),(-?\d{1,3}(?:\.\d{1,9})?)$/.exec(text);
  if (point === null) return undefined;
  const latitude = Number(point[1]);
  const longitude = Number(point[2]);
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { kind: 'point', latitude, longitude } : undefined;
}

const NearParameter = z.string().transform((text, context): Near => {
  const near = parseNear(text);
  if (near !== undefined) return near;
  context.addIssue({ code: 'custom', message: NEAR_PROBLEM });
  return z.NEVER;
});

/** Parameters of resolve. With `limit` and without `near`, instances are chosen at random by weight. */
export const ResolveQuery = z.strictObject({
  cluster: ClusterName.optional().meta({ description: 'Only this cluster' }),
  tag: ShortName.optional().meta({ description: 'Only instances with this tag' }),
  near: NearParameter.optional().meta({ description: '`auto`, `lat,lon` or `zone:<name>`: sorts the nearest first' }),
  limit: PageCount.optional().meta({ description: 'Maximum number of instances; by default all' }),
  ...Freshness,
});
export type ResolveQuery = z.output<typeof ResolveQuery>;

export const ServiceListQuery = z.strictObject({
  group: StoredGroupName.optional().meta({ description: 'Only this group' }),
  prefix: z.string().max(255).optional().meta({ description: 'Only services whose name begins with this' }),
  limit: PageCount.optional().meta({ description: PAGE_LIMIT }),
  after: PageAfter,
  ...Freshness,
});
export type ServiceListQuery = z.output<typeof ServiceListQuery>;

/** Parameters of a read of one record. */
export const RecordQuery = z.strictObject({ ...Freshness });

export const DrainQuery = z.strictObject({
  wait: duration(0, WAIT_MAX_MS)
    .prefault(`${DRAIN_WAIT_DEFAULT_MS / 1_000}s`)
    .meta({ description: 'Longest wait for subscribers, such as 30s' }),
  grace: duration(0, DRAIN_GRACE_MAX_MS).prefault('0s').meta({ description: 'Time between the response and removal' }),
});
export type DrainQuery = z.output<typeof DrainQuery>;

export const ServiceRemovalQuery = z.strictObject({
  force: FlagParameter.meta({ description: 'Remove its instances too' }),
});

export const NamespaceRemovalQuery = z.strictObject({
  force: FlagParameter.meta({ description: 'Erase its content too' }),
});

/** Parameters of the lists of the directory. */
export const DirectoryPageQuery = z.strictObject({
  limit: PageCount.optional().meta({ description: PAGE_LIMIT }),
  after: PageAfter,
});

export const AuditQuery = z.strictObject({
  ns: NamespaceId.optional().meta({ description: 'Only entries about this namespace' }),
  limit: PageCount.pipe(z.int().max(AUDIT_PAGE_MAX_COUNT))
    .optional()
    .meta({ description: `Maximum number of entries; ${AUDIT_PAGE_MAX_COUNT} by default` }),
  after: z.string().optional().meta({ description: 'The `next` of the previous page' }),
});

/** Endpoint of an available instance. */
export const Endpoint = z
  .object({
    id: z.string(),
    address: z.string().optional(),
    port: z.int().optional(),
    url: z.string().optional(),
    ports: z.record(z.string(), z.object({ port: z.int(), secure: z.boolean() })),
    weight: z.number(),
    metadata: z.record(z.string(), z.string()),
    cluster: z.string(),
    zone: z.string().optional(),
    distanceKm: z.number().optional(),
  })
  .meta({ id: 'Endpoint' });
export type Endpoint = z.output<typeof Endpoint>;

export const Resolution = z
  .object({
    service: z.string(),
    protected: z
      .boolean()
      .meta({ description: 'true: too few instances are healthy, so unhealthy ones are returned too' }),
    truncated: z
      .literal(true)
      .optional()
      .meta({
        description:
          'true: not all fit into one response; these are the nearest, or were chosen at random by weight. Set `limit` to ' +
          'as many as are needed, or list the instances page by page',
      }),
    instances: z.array(Endpoint),
  })
  .meta({ id: 'Resolution' });
export type Resolution = z.output<typeof Resolution>;

export const InstanceList = z
  .object({
    instances: z.array(InstanceView),
    next: z.string().optional(),
    protectThreshold: z
      .number()
      .optional()
      .meta({
        description:
          'Threshold of the service, if above 0: below this share of healthy instances, resolving ignores health. Absent in ' +
          'a list of the past',
      }),
  })
  .meta({ id: 'InstanceList' });
export type InstanceList = z.output<typeof InstanceList>;

/** Response to a drain. */
export const DrainReport = z
  .object({
    drained: z.boolean(),
    acknowledged: z.int(),
    subscribers: z.int(),
    laggards: z.array(z.string()),
    ...BlindReaders.shape,
    removedAt: z.iso.datetime().meta({ description: 'Time at which the instance is removed' }),
  })
  .meta({ id: 'DrainReport' });
export type DrainReport = z.output<typeof DrainReport>;
