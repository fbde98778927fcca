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

/** Kinds of readers that the registry can't count right after it wakes. */
const UnknownReaders = z.enum(['cached', 'plain', 'poll']);
export type UnknownReaders = z.output<typeof UnknownReaders>;

/** The readers of a service that did not subscribe: they can't acknowledge, and may use an old response for a while. */
export const BlindReaders = z.object({
  blind: z
    .record(z.string(), z.int())
    .meta({ description: 'Number of clients that read without subscribing, by kind' }),
  unknown: z
    .array(UnknownReaders)
    .optional()
    .meta({
      description:
        'Kinds of readers that may exist uncounted, because the registry woke less than two minutes ago: `cached` and ' +
        '`plain` readers, and subscribers that `poll`. Absent if all are known',
    }),
  safeAfterMs: z.int().meta({
    description: 'Longest time that a reader in `blind` or `unknown` may use an old response, in milliseconds',
  }),
});
export type BlindReaders = z.output<typeof BlindReaders>;

/** Parameters of the list of subscribers. */
export const SubscriberListQuery = z.strictObject({ after: PageAfter });

export const SubscriberList = z
  .object({ subscribers: z.array(SubscriberView), next: z.string().optional(), ...BlindReaders.shape })
  .meta({ id: 'SubscriberList' });
export type SubscriberList = z.output<typeof SubscriberList>;

/** Acknowledgement of a cursor by a subscriber. */
export interface AcknowledgeCommand {
  subscriber: string;
  cursor: string;
  /** Id of the acknowledging token. */
  tokenId: string;
}
