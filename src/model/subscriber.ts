import * as z from 'zod';
import { ShortName } from './names';
import { PageAfter } from './query-values';

/** Name that a subscriber gives itself, in the header `Rollcall-Subscriber`. */
export const SubscriberId = ShortName.meta({ description: 'Subscriber id', example: 'checkout-7f9c' });

/** Body of an acknowledgement. */
export const Acknowledgement = z.strictObject({ cursor: z.string().max(128) });

/** Who watches a service, or polls it by name. */
export const SubscriberView = z
  .object({
    id: z.string(),
    kind: z.enum(['socket', 'stream', 'poll']),
    address: z.string().optional(),
    sentRevision: z.int().meta({ description: 'Newest revision that it was sent' }),
    acknowledgedRevision: z.int().meta({ description: 'Newest revision that it has acknowledged; 0: none yet' }),
    lag: z.int().meta({ description: 'Revisions of this service that it was not sent yet' }),
  })
  .meta({ id: 'Subscriber' });
export type SubscriberView = z.output<typeof SubscriberView>;

/** Parameters of the list of subscribers. */
export const SubscriberListQuery = z.strictObject({ after: PageAfter });

export const SubscriberList = z
  .object({ subscribers: z.array(SubscriberView), next: z.string().optional() })
  .meta({ id: 'SubscriberList' });
export type SubscriberList = z.output<typeof SubscriberList>;
