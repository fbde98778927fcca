import * as z from 'zod';
import { keyIn, keyProblem } from './entry';
import { LeaseDoor } from './granted-lease';
import { intervalOfPrefix, type KeyInterval } from './key-interval';
import { LeaseId } from './lease';
import { Freshness } from './queries';
import { FlagParameter, PageCount, PointInTime } from './query-values';

const Base64 = FlagParameter.meta({
  description: 'Keys in this request are base64url of their bytes, which any key can be sent as',
});

const PAST = {
  message: 'cannot be combined with at: the past does not change',
  path: ['wait'],
};

/** Parameters of a request for one key. */
export const EntryKeyQuery = z.strictObject({ base64: Base64 });

/** Parameters of a change of an entry. */
export const EntryChangeQuery = EntryKeyQuery.extend({
  ifRevision: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .optional()
    .meta({ description: '412 unless this is the `revision` of the entry' }),
});

/** Parameters of a put of an entry. */
export const EntryPutQuery = EntryChangeQuery.extend({
  lease: LeaseId.optional().meta({
    description:
      'Id or alias of a granted lease: the entry is deleted when it ends. Without this parameter, no lease holds the entry, even if one did before',
  }),
  acquire: LeaseId.optional().meta({
    description:
      'Granted lease that acquires the lock of the entry. 409 `LOCK_HELD` if another one holds it. The entry stays when the ' +
      'lease ends, and the lock is released. A put without `acquire` and `release` leaves the lock as it is',
  }),
  release: LeaseId.optional().meta({
    description: 'Granted lease that releases the lock. 409 `LOCK_HELD` or `CONFLICT` if it does not hold it',
  }),
  door: LeaseDoor.optional(),
}).refine(({ acquire, release }) => acquire === undefined || release === undefined, {
  message: 'cannot be combined with acquire',
  path: ['release'],
});

/** Parameters of a read of an entry. */
export const EntryQuery = EntryKeyQuery.extend({
  as: z.enum(['value', 'entry']).default('value').meta({
    description: 'value: the bytes, with their media type; entry: JSON with the value, its revisions and its version',
  }),
  at: PointInTime.optional().meta({ description: 'Read the entry as it was then: a cursor, a time or a revision' }),
  ...Freshness,
}).refine(({ at, wait }) => at === undefined || wait === undefined, PAST);

/** Parameters of a page of the history of a key. */
export const EntryHistoryQuery = EntryKeyQuery.extend({
  limit: PageCount.optional().meta({ description: 'Maximum number of changes' }),
  after: z.string().optional().meta({ description: 'The `next` of the previous page' }),
});

/** Parameters of a range of entries. */
export const EntryRangeQuery = EntryKeyQuery.extend({
  prefix: z.string().optional().meta({ description: 'Only keys that begin with this' }),
  from: z.string().optional().meta({ description: 'Only this key and those after it, in the order of bytes' }),
  to: z.string().optional().meta({ description: 'Only keys before this one; empty: no end' }),
  limit: PageCount.optional().meta({ description: 'Maximum number of entries; by default as many as fit into 8 MiB' }),
  order: z
    .enum(['key', 'createdRevision', 'revision', 'version'])
    .default('key')
    .meta({ description: 'Member to sort by; equal ones are in the order of their keys' }),
  descending: FlagParameter.meta({ description: 'Reverse the order' }),
  keysOnly: FlagParameter.meta({ description: 'Omit values' }),
  countOnly: FlagParameter.meta({ description: 'Return only the number of entries' }),
  after: z.string().optional().meta({ description: 'The `next` of the previous page, in the order of keys' }),
  at: PointInTime.optional().meta({ description: 'Read the range as it was then: a cursor, a time or a revision' }),
  ...Freshness,
})
  .refine(({ at, wait }) => at === undefined || wait === undefined, PAST)
  .refine(({ after, order }) => after === undefined || order === 'key', {
    message: 'needs order=key: pages in another order may overlap',
    path: ['after'],
  })
  .refine(({ prefix, from, to }) => prefix === undefined || (from ?? to) === undefined, {
    message: 'cannot be combined with from or to',
    path: ['prefix'],
  })
  .check(({ value, issues }) => {
    for (const name of ['prefix', 'from', 'to', 'after'] as const) {
      const text = value[name];
      const isBase64 = value.base64 || name === 'after';
      if (text === undefined || keyIn(text, isBase64) !== undefined) continue;
      issues.push({ code: 'custom', message: keyProblem(isBase64), path: [name], input: text });
    }
  });
export type EntryRangeQuery = z.output<typeof EntryRangeQuery>;

/** Returns the keys that a query requests. */
export function keysOf({ prefix, from, to, base64 }: EntryRangeQuery): KeyInterval {
  // The schema has checked that each is valid.
  const key = (text = '') => keyIn(text, base64) ?? '';
  return prefix === undefined ? { from: key(from), to: key(to) || undefined } : intervalOfPrefix(key(prefix));
}

/** Returns the keys of a page: those that a query requests, without those of the previous pages. */
export function keysOfPage(query: EntryRangeQuery): KeyInterval {
  const { from, to } = keysOf(query);
  const { after, descending } = query;
  const last = after === undefined ? undefined : keyIn(after, true);
  if (last === undefined) return { from, to };
  if (descending) return { from, to: to === undefined || last < to ? last : to };
  return { from: last < from ? from : `${last}\u0000`, to };
}
