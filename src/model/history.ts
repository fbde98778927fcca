import * as z from 'zod';
import { EntryContent, keyed } from './entry';
import { WatchedService } from './frames';
import { InstanceView } from './instance';
import type { KeyInterval } from './key-interval';
import { keysInQuery } from './key-scope';
import { InstanceId, StoredGroupName, StoredServiceName } from './names';
import { OverrideView } from './override';
import { FlagParameter, PAGE_LIMIT, PageAfter, PageCount, PointInTime } from './query-values';
import { SubscriberView } from './subscriber';

/** Cause of a change. */
export const Cause = z.enum([
  'registered',
  'updated',
  'deregistered',
  'expired',
  'revoked',
  'unhealthy',
  'recovered',
  'overridden',
  'quarantined',
  'drained',
  'drain-cancelled',
  'session-closed',
  'put',
  'deleted',
  'imported',
  'rolled-back',
  'restored',
]);
export type Cause = z.output<typeof Cause>;

/** An instance as it registered itself, with its health but without its override, which is a separate record. */
export const RegisteredInstance = InstanceView.omit({
  enabled: true,
  quarantined: true,
  available: true,
  flapping: true,
  overridden: true,
}).meta({ id: 'RegisteredInstance' });
export type RegisteredInstance = z.output<typeof RegisteredInstance>;

const named = { group: z.string(), service: z.string() };

/** Renewals of an instance's lease, as the registry received them. */
export const Renewals = z
  .object({
    lastAt: z.iso.datetime().meta({ description: 'Time of the last renewal, or of the grant' }),
    longestGapMs: z.int().meta({
      description: 'Longest time without a renewal since `gapsSince`: between two, or since the last one',
    }),
    longestIntervalMs: z.int().meta({
      description: 'Longest time between two renewals; without pings of a session, of which only the last is recorded',
    }),
    gapsSince: z.iso.datetime().meta({ description: 'Time of the registration, or of the last wake of the registry' }),
  })
  .meta({ id: 'Renewals' });
export type Renewals = z.output<typeof Renewals>;

const audience = { watchers: z.int().meta({ description: 'Number of watches that were notified of it' }) };

/** One record or entry that changed, complete before and after the change; null if it did not exist. */
export const HistoryChange = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('instance'),
      ...named,
      id: z.string(),
      cause: Cause,
      before: RegisteredInstance.nullable(),
      after: RegisteredInstance.nullable(),
      renewals: Renewals.optional().meta({ description: 'Renewals until it became unhealthy or was removed' }),
      ...audience,
    }),
    z.object({
      kind: z.literal('override'),
      ...named,
      id: z.string(),
      cause: Cause,
      before: OverrideView.nullable(),
      after: OverrideView.nullable(),
      ...audience,
    }),
    z.object({
      kind: z.literal('service'),
      ...named,
      cause: Cause,
      before: WatchedService.nullable(),
      after: WatchedService.nullable(),
      ...audience,
    }),
    z.object({
      kind: z.literal('entry'),
      ...keyed,
      cause: Cause,
      before: EntryContent.nullable(),
      after: EntryContent.nullable(),
    }),
  ])
  .meta({ id: 'HistoryChange' });
export type HistoryChange = z.output<typeof HistoryChange>;

/** A revision, with those of its changes that match the query. */
export const HistoryEntry = z
  .object({
    revision: z.int(),
    cursor: z.string().meta({ description: 'Position right after this revision' }),
    at: z.iso.datetime(),
    cause: Cause.meta({ description: 'Cause of the whole revision; `updated` if its changes have different causes' }),
    actor: z.string().meta({ description: 'Id of the token, or `registry`' }),
    changes: z.array(HistoryChange),
    omitted: z.int().optional().meta({
      description:
        'Number of changes left out because the response would be too large: query the history of a service or an instance',
    }),
  })
  .meta({ id: 'HistoryEntry' });
export type HistoryEntry = z.output<typeof HistoryEntry>;

/** A page of the history, newest entry first. */
export const HistoryPage = z
  .object({
    entries: z.array(HistoryEntry),
    next: z.string().optional().meta({
      description: 'Pass it as `after` to continue, even if this page has no entries: a page scans a limited amount',
    }),
    compacted: z.boolean().meta({ description: 'true: this is the end; older entries are no longer kept' }),
  })
  .meta({ id: 'HistoryPage' });
export type HistoryPage = z.output<typeof HistoryPage>;

/** Parameters of a history query. */
export const HistoryQuery = z
  .strictObject({
    group: StoredGroupName.optional().meta({
      description: 'Only this group; with `service`, the default is `DEFAULT_GROUP`',
    }),
    service: StoredServiceName.optional().meta({ description: 'Only this service' }),
    instance: InstanceId.optional().meta({ description: 'Only this instance of the service, and its override' }),
    key: z.string().optional().meta({ description: 'Only the entry of this key' }),
    prefix: z.string().optional().meta({ description: 'Only entries whose keys begin with this; empty: all entries' }),
    base64: FlagParameter.meta({ description: '`key` or `prefix` is base64url of its bytes' }),
    cause: Cause.optional().meta({ description: 'Only changes with this cause' }),
    since: PointInTime.optional().meta({
      description: 'Only entries after this cursor or revision, or at this time and later',
    }),
    until: PointInTime.optional().meta({ description: 'Only entries up to this cursor, time or revision' }),
    after: z.string().optional().meta({ description: 'The `next` of the previous page' }),
    limit: PageCount.optional().meta({ description: 'Maximum number of entries' }),
  })
  .refine(({ instance, service }) => instance === undefined || service !== undefined, {
    message: 'is required with instance',
    path: ['service'],
  })
  .check(({ value, issues }) => {
    const { key, prefix, base64, group, service } = value;
    if (key === undefined && prefix === undefined) {
      if (base64) issues.push({ code: 'custom', message: 'needs key or prefix', path: ['base64'], input: value });
      return;
    }
    if (group !== undefined || service !== undefined) {
      const message = 'is for services and instances; leave it out with key or prefix';
      issues.push({ code: 'custom', message, path: [group === undefined ? 'service' : 'group'], input: value });
    }
    for (const each of keysInQuery({ key, prefix, base64 }).issues)
      issues.push({ ...each, code: 'custom', input: value });
  });
export type HistoryQuery = z.output<typeof HistoryQuery>;

/** Returns the keys that a query is about; undefined for one about services and instances, or about everything. */
export function keysOfQuery({ key, prefix, base64 }: HistoryQuery): KeyInterval | undefined {
  return key === undefined && prefix === undefined ? undefined : keysInQuery({ key, prefix, base64 }).keys;
}

/** A point in the history, as responses show it. */
export const MomentView = z
  .object({
    revision: z.int().meta({ description: 'Newest revision at that time; 0: none yet' }),
    cursor: z.string(),
    at: z.iso.datetime().meta({ description: 'The requested time, or that of the revision' }),
  })
  .meta({ id: 'Moment' });
export type MomentView = z.output<typeof MomentView>;

/** Parameters of a comparison. */
export const DiffQuery = z.strictObject({
  from: PointInTime,
  to: PointInTime.optional().meta({ description: 'A cursor, a time or a revision; by default, now' }),
  limit: PageCount.optional().meta({ description: PAGE_LIMIT }),
  after: PageAfter,
});
export type DiffQuery = z.output<typeof DiffQuery>;

/** Differences of a service between two points in time. Applied to the first, they give the second. */
export const ServiceDiff = z
  .object({
    from: MomentView,
    to: MomentView,
    service: z
      .object({ before: WatchedService, after: WatchedService })
      .optional()
      .meta({ description: 'Definition of the service, if it differs' }),
    instances: z
      .array(z.object({ id: z.string(), before: InstanceView.nullable(), after: InstanceView.nullable() }))
      .meta({ description: 'Instances that differ, sorted by id; null: the instance did not exist' }),
    next: z.string().optional().meta({
      description:
        'Pass it as `after`, and the cursor in `to` as `to`, so that all pages compare the same two points in time',
    }),
  })
  .meta({ id: 'ServiceDiff' });
export type ServiceDiff = z.output<typeof ServiceDiff>;

/** Parameters of a `why` query. */
export const WhyQuery = z.strictObject({
  limit: PageCount.optional().meta({ description: 'Maximum number of history entries' }),
});

/** Body of a rollback. */
export const RollbackRequest = z.strictObject({ to: PointInTime }).meta({ id: 'Rollback' });
export type RollbackRequest = z.output<typeof RollbackRequest>;

/** Result of a rollback. */
export const RollbackReport = z
  .object({
    to: MomentView,
    cursor: z.string(),
    revision: z.int().nullable().meta({ description: 'Revision that the rollback created; null if nothing changed' }),
    service: z.enum(['restored', 'removed']).optional().meta({ description: "Change of the service's definition" }),
    restored: z.array(z.string()).meta({ description: 'Ids of instances whose override was restored' }),
    removed: z
      .array(z.string())
      .meta({ description: 'Ids of instances whose override was removed because they had none then' }),
    gone: z
      .array(z.string())
      .meta({ description: 'Ids of instances that had an override then and no longer exist; they are not restored' }),
  })
  .meta({ id: 'RollbackReport' });
export type RollbackReport = z.output<typeof RollbackReport>;

const Deadline = z.iso.datetime().nullable();

/** History and current state of an instance, with an explanation. */
export const WhyReport = HistoryPage.extend({
  group: z.string(),
  service: z.string(),
  id: z.string(),
  present: z.boolean(),
  summary: z.string().meta({ description: 'Explanation in one sentence, for people' }),
  instance: InstanceView.optional().meta({ description: 'The instance now, if it exists' }),
  override: OverrideView.optional().meta({ description: 'Its override, which may outlive the instance' }),
  renewals: Renewals.nullable().meta({
    description: 'Renewals of its lease until now, or until it was removed; null without a lease',
  }),
  deadlines: z
    .object({
      unhealthyAt: Deadline.meta({ description: 'Time at which it becomes unhealthy unless it renews' }),
      removedAt: Deadline.meta({ description: 'Time at which it is removed unless it renews; null: never' }),
      drainEndsAt: Deadline,
      quarantineEndsAt: Deadline,
    })
    .meta({ description: 'Changes that will happen without a further request' }),
  subscribers: z.array(SubscriberView).meta({
    description:
      'Current subscribers of the service. One that has acknowledged the revision of an entry has applied its changes',
  }),
}).meta({ id: 'WhyReport' });
export type WhyReport = z.output<typeof WhyReport>;

/** One change of an entry, complete before and after it; null if there was none. */
export const EntryChange = z
  .object({
    revision: z.int(),
    cursor: z.string().meta({ description: 'Position right after this revision' }),
    at: z.iso.datetime(),
    cause: Cause,
    actor: z.string().meta({ description: 'Id of the token, or `registry`' }),
    before: EntryContent.nullable(),
    after: EntryContent.nullable(),
  })
  .meta({ id: 'EntryChange' });
export type EntryChange = z.output<typeof EntryChange>;

/** A page of the history of a key, newest change first. */
export const EntryHistory = z
  .object({
    changes: z.array(EntryChange),
    next: z.string().optional().meta({ description: 'Pass it as `after` to continue' }),
    compacted: z.boolean().meta({ description: 'true: this is the end; older changes are no longer kept' }),
  })
  .meta({ id: 'EntryHistory' });
export type EntryHistory = z.output<typeof EntryHistory>;
