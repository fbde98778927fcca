import { z } from 'zod';
import { HistoryPage, Renewals } from './history';
import { InstanceView } from './instance';
import { OverrideView } from './override';
import { SubscriberView } from './subscriber';

const Deadline = z.iso.datetime().nullable();

/** What became of an instance, and why. */
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
