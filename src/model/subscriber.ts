import * as z from 'zod';
import { ShortName } from './names';
import { PageAfter } from './query-values';

/** Name that a subscriber chooses for itself, in the header `Rollcall-Subscriber`. */
export const SubscriberId = ShortName.meta({ description: 'Subscriber id', example: 'checkout-7f9c' });

/** Body of an acknowledgement. */
export const Acknowledgement = z.strictObject({ cursor: z.string().max(128) });

/** A client that watches a service, or polls it with a subscriber name. */
export const SubscriberView = z
  .object({
    id: z.string(),
    kind: z.enum(['socket', 'stream', 'poll']),
    address: z.string().optional(),
    sentRevision: z.int().meta({ description: 'Newest revision that was sent to it' }),
    acknowledgedRevision: z.int().meta({ description: 'Newest revision that it has acknowledged; 0: none' }),
    lag: z.int().meta({ description: 'Number of revisions of this service not sent to it yet' }),
    observer: z.literal(true).optional().meta({ description: 'Present if no drain waits for it' }),
  })
  .meta({ id: 'Subscriber' });
export type SubscriberView = z.output<typeof SubscriberView>;

/** Parameters of the list of subscribers. */
export const SubscriberListQuery = z.strictObject({ after: PageAfter });

export const SubscriberList = z
  .object({ subscribers: z.array(SubscriberView), next: z.string().optional() })
  .meta({ id: 'SubscriberList' });
export type SubscriberList = z.output<typeof SubscriberList>;
