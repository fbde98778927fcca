import * as z from 'zod';
import { WatchedService } from './frames';
import { InstanceView } from './instance';
import { InstanceId, StoredGroupName, StoredServiceName } from './names';
import { OverrideView } from './override';
import { PAGE_LIMIT, PageAfter, PageCount, PointInTime } from './query-values';
import { SubscriberView } from './subscriber';

/** Why something changed. */
export const Cause = z.enum([
  'registered',
  'updated',
  'deregistered',
  'expired',
  'unhealthy',
  'recovered',
  'overridden',
  'quarantined',
  'drained',
  'session-closed',
  'imported',
  'rolled-back',
  'restored',
]);
export type Cause = z.output<typeof Cause>;

/** An instance as it registered itself, with its health: what operators say about it is a record of its own. */
export const RegisteredInstance = InstanceView.omit({
  enabled: true,
  quarantined: true,
  available: true,
  flapping: true,
  overridden: true,
}).meta({ id: 'RegisteredInstance' });
export type RegisteredInstance = z.output<typeof RegisteredInstance>;

const named = { group: z.string(), service: z.string() };

/** How an instance kept its lease alive, as far as the registry heard. */
export const Renewals = z
  .object({
    lastAt: z.iso.datetime().meta({ description: 'When it was last renewed, or granted' }),
    longestGapMs: z.int().meta({ description: 'Longest time between two renewals since `gapsSince`' }),
    gapsSince: z.iso.datetime().meta({ description: 'When it was registered, or the registry last woke' }),
  })
  .meta({ id: 'Renewals' });
export type Renewals = z.output<typeof Renewals>;

const told = { watchers: z.int().meta({ description: 'How many watches it was told to' }) };

/** One record that changed, whole before and after; null where there was none. */
export const HistoryChange = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('instance'),
      ...named,
      id: z.string(),
      cause: Cause,
      before: RegisteredInstance.nullable(),
      after: RegisteredInstance.nullable(),
      renewals: Renewals.optional().meta({ description: 'Until it turned unhealthy, or went' }),
      ...told,
    }),
    z.object({
      kind: z.literal('override'),
      ...named,
      id: z.string(),
      cause: Cause,
      before: OverrideView.nullable(),
      after: OverrideView.nullable(),
      ...told,
    }),
    z.object({
      kind: z.literal('service'),
      ...named,
      cause: Cause,
      before: WatchedService.nullable(),
      after: WatchedService.nullable(),
      ...told,
    }),
  ])
  .meta({ id: 'HistoryChange' });
export type HistoryChange = z.output<typeof HistoryChange>;

/** A revision, with those of its changes that were asked for. */
export const HistoryEntry = z
  .object({
    revision: z.int(),
    cursor: z.string().meta({ description: 'The position right after it' }),
    at: z.iso.datetime(),
    cause: Cause.meta({ description: 'Of the whole revision; `updated` where its changes differ' }),
    actor: z.string().meta({ description: 'Id of the token, or `registry`' }),
    changes: z.array(HistoryChange),
    omitted: z.int().optional().meta({
      description:
        'Further changes of this revision, too large for one answer: ask for the history of a service or an instance',
    }),
  })
  .meta({ id: 'HistoryEntry' });
export type HistoryEntry = z.output<typeof HistoryEntry>;

/** A page of the past, newest first. */
export const HistoryPage = z
  .object({
    entries: z.array(HistoryEntry),
    next: z
      .string()
      .optional()
      .meta({ description: 'Go on with it as `after`, also where a page has no entries: a page reads only so much' }),
    compacted: z.boolean().meta({ description: 'true: this is the end, and what was before is no longer kept' }),
  })
  .meta({ id: 'HistoryPage' });
export type HistoryPage = z.output<typeof HistoryPage>;

/** Parameters of a read of the past. */
export const HistoryQuery = z
  .strictObject({
    group: StoredGroupName.optional().meta({
      description: 'Only this group; of a service, `DEFAULT_GROUP` without it',
    }),
    service: StoredServiceName.optional().meta({ description: 'Only this service' }),
    instance: InstanceId.optional().meta({ description: 'Only this instance of the service, and its override' }),
    cause: Cause.optional().meta({ description: 'Only changes of this cause' }),
    since: PointInTime.optional().meta({ description: 'Only what came after this cursor, or not before this time' }),
    until: PointInTime.optional().meta({ description: 'Only what came up to this cursor or time' }),
    after: z.string().optional().meta({ description: 'The `next` of the page before' }),
    limit: PageCount.optional().meta({ description: 'At most so many entries' }),
  })
  .refine(({ instance, service }) => instance === undefined || service !== undefined, {
    message: 'an instance is one of a service: give service, too',
    path: ['service'],
  });
export type HistoryQuery = z.output<typeof HistoryQuery>;

/** A moment of the past, as answers name it. */
export const MomentView = z
  .object({
    revision: z.int().meta({ description: 'Newest revision by then; 0: nothing had happened yet' }),
    cursor: z.string(),
    at: z.iso.datetime().meta({ description: 'The time that was asked for, or that of the revision' }),
  })
  .meta({ id: 'Moment' });
export type MomentView = z.output<typeof MomentView>;

/** Parameters of a comparison. */
export const DiffQuery = z.strictObject({
  from: PointInTime,
  to: PointInTime.optional().meta({ description: 'A cursor or a time; now, without it' }),
  limit: PageCount.optional().meta({ description: PAGE_LIMIT }),
  after: PageAfter,
});
export type DiffQuery = z.output<typeof DiffQuery>;

/** Differences of a service between two moments. Applied to the first they make the second. */
export const ServiceDiff = z
  .object({
    from: MomentView,
    to: MomentView,
    service: z
      .object({ before: WatchedService, after: WatchedService })
      .optional()
      .meta({ description: 'What it has of its own, where that is different' }),
    instances: z
      .array(z.object({ id: z.string(), before: InstanceView.nullable(), after: InstanceView.nullable() }))
      .meta({ description: 'Those that are different, in the order of their ids; null: not there' }),
    next: z.string().optional().meta({
      description:
        'Go on with it as `after`, and with `to` as the cursor in `to`: then all pages compare the same moments',
    }),
  })
  .meta({ id: 'ServiceDiff' });
export type ServiceDiff = z.output<typeof ServiceDiff>;

/** Parameters of a question why. */
export const WhyQuery = z.strictObject({
  limit: PageCount.optional().meta({ description: 'At most so many entries of its past' }),
});

/** Body of a rollback. */
export const RollbackRequest = z.strictObject({ to: PointInTime }).meta({ id: 'Rollback' });
export type RollbackRequest = z.output<typeof RollbackRequest>;

/** Result of a rollback. */
export const RollbackReport = z
  .object({
    to: MomentView,
    cursor: z.string(),
    revision: z.int().nullable().meta({ description: 'The revision it made; null where all was as it had been' }),
    service: z.enum(['restored', 'removed']).optional().meta({ description: 'What the service has of its own' }),
    restored: z.array(z.string()).meta({ description: 'Ids of instances whose override is again what it was' }),
    removed: z.array(z.string()).meta({ description: 'Ids of instances that had no override then' }),
    gone: z
      .array(z.string())
      .meta({ description: 'Ids of instances that had an override then, and are gone: they stay gone' }),
  })
  .meta({ id: 'RollbackReport' });
export type RollbackReport = z.output<typeof RollbackReport>;

const Deadline = z.iso.datetime().nullable();

/** History and state of an instance, with the reasons. */
export const WhyReport = HistoryPage.extend({
  group: z.string(),
  service: z.string(),
  id: z.string(),
  present: z.boolean(),
  summary: z.string().meta({ description: 'The answer in a sentence, for people' }),
  instance: InstanceView.optional().meta({ description: 'As it is, where it is there' }),
  override: OverrideView.optional().meta({ description: 'What operators say about it; it may outlive the instance' }),
  renewals: Renewals.nullable().meta({ description: 'Of its lease, now or until it went; null without a lease' }),
  deadlines: z
    .object({
      unhealthyAt: Deadline.meta({ description: 'When its time to live ends, unless it renews' }),
      removedAt: Deadline.meta({ description: 'When it is removed, unless it renews; null: never' }),
      drainEndsAt: Deadline,
      quarantineEndsAt: Deadline,
    })
    .meta({ description: 'What will happen to it by itself' }),
  subscribers: z.array(SubscriberView).meta({
    description: 'Who is told of the service now. Whoever acknowledged the revision of an entry acts by it',
  }),
}).meta({ id: 'WhyReport' });
export type WhyReport = z.output<typeof WhyReport>;
