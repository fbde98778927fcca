import * as z from 'zod';

/** Body of a compaction of entries. */
export const EntryCompaction = z
  .strictObject({
    revision: z.int().min(0).meta({
      description:
        'Oldest revision to keep: its entries, its changes and all later ones can be read, and no earlier ones',
    }),
  })
  .meta({ id: 'EntryCompaction' });
export type EntryCompaction = z.output<typeof EntryCompaction>;

/** Result of a compaction of entries. */
export const EntryCompactionReport = z
  .object({
    compactedRevision: z.int().meta({ description: 'Revision from which on the history of entries is complete' }),
  })
  .meta({ id: 'EntryCompactionReport' });
export type EntryCompactionReport = z.output<typeof EntryCompactionReport>;
