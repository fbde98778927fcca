import * as z from 'zod';
import type { ImportedRecord, RecordCounts } from './export-line';

/** How an import takes what is there already. */
export const ImportMode = z.enum(['merge', 'replace']).meta({
  description:
    '`merge`: what is in the file is put, and everything else stays. `replace`: the namespace becomes what the file says',
});
export type ImportMode = z.output<typeof ImportMode>;

/** A difference between a file and the namespace: what the import does to a record. */
export const ImportDifference = z
  .object({
    kind: z.literal('difference'),
    change: z.enum(['added', 'changed', 'removed']),
    record: z.enum(['service', 'override', 'instance']),
    group: z.string(),
    service: z.string(),
    id: z.string().optional().meta({ description: 'Of the instance; absent for a service' }),
  })
  .meta({ id: 'ImportDifference' });
export type ImportDifference = z.output<typeof ImportDifference>;

/** How many records an import adds, changes, removes and leaves. */
export const ImportCounts = z.object({
  added: z.int(),
  changed: z.int(),
  removed: z.int(),
  unchanged: z.int(),
});
export type ImportCounts = z.output<typeof ImportCounts>;

/** The last line of an answer to an import. */
export const ImportDone = ImportCounts.extend({
  kind: z.literal('done'),
  mode: ImportMode,
  dryRun: z.boolean(),
  cursor: z.string(),
  revision: z.int(),
}).meta({ id: 'ImportDone' });
export type ImportDone = z.output<typeof ImportDone>;

/** How far an import has come, in records: those of the file, and those that it removes. */
export const ImportProgress = z
  .object({ kind: z.literal('progress'), done: z.int(), of: z.int() })
  .meta({ id: 'ImportProgress' });
export type ImportProgress = z.output<typeof ImportProgress>;

/** What came in between. An import that had begun to be applied goes on by itself. */
export const TransferFailed = z
  .object({ kind: z.literal('failed'), code: z.string(), detail: z.string() })
  .meta({ id: 'TransferFailed' });
export type TransferFailed = z.output<typeof TransferFailed>;

/** A line of an answer to an import. */
export const ImportAnswerLine = z
  .discriminatedUnion('kind', [ImportDifference, ImportProgress, ImportDone, TransferFailed])
  .meta({ id: 'ImportAnswerLine' });
export type ImportAnswerLine = z.output<typeof ImportAnswerLine>;

/** Parameters of an import. */
export const ImportQuery = z.strictObject({
  mode: ImportMode,
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .meta({ description: 'true: only tell what would be different' }),
});

export interface ExportCommand {
  /** Id of the token that asks. */
  tokenId?: string | undefined;
  /** The `next` of the part before. */
  after?: string | undefined;
}

/** A part of an export: lines of records, each with its end. */
export interface ExportPart {
  lines: string;
  /** Records in the lines. */
  counts: RecordCounts;
  /** Where the next part goes on; absent at the end. */
  next?: string;
  /** Of the first part: the moment that all of it shows. */
  header?: { at: string; epoch: string; revision: number; counts: RecordCounts };
}

/** A record of a file with the number of its line. */
export type NumberedRecord = ImportedRecord & { line: number };

/** Takes in a piece of a file, of which nothing is in effect yet. */
export interface StageCommand {
  /** Of the import that goes on; undefined begins one, in the place of one that has not begun to be applied. */
  importId?: string | undefined;
  records: NumberedRecord[];
}

/** Asks for what an import would change. */
export interface PlanCommand {
  importId: string;
  mode: ImportMode;
  /** The `next` of the page before. */
  after?: string | undefined;
}

/** A page of what an import would change. */
export interface ImportPlan extends ImportCounts {
  differences: ImportDifference[];
  next?: string;
}

/** Applies a slice of an import; the first call makes it be applied whatever comes. */
export interface ApplyCommand {
  importId: string;
  mode: ImportMode;
}

/** How far it is. */
export interface ApplyReport {
  done: number;
  of: number;
  isDone: boolean;
  revision: number;
}
