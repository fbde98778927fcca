import { z } from 'zod';
import { WatchedService } from './frames';
import { InstanceView } from './instance';
import { PAGE_LIMIT, PageAfter, PageCount } from './page-count';
import { PointInTime } from './point-in-time';

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

/** What is different of a service between two moments. Applied to the first it makes the second. */
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

/** What a rollback has done. */
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
