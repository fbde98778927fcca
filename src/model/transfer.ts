import * as z from 'zod';
import { keyed } from './entry';
import type { ImportedRecord, RecordCounts } from './export-line';

/** Treatment of existing records by an import. */
export const ImportMode = z.enum(['merge', 'replace']).meta({
  description:
    '`merge`: records of the file are added or changed, and all others stay. `replace`: records that are not in the file ' +
    'are removed too',
});
export type ImportMode = z.output<typeof ImportMode>;

/** A difference between a file and the namespace: a record, and how the import changes it. */
export const ImportDifference = z
  .object({
    kind: z.literal('difference'),
    change: z.enum(['added', 'changed', 'removed']),
    record: z.enum(['service', 'override', 'instance', 'entry']),
    group: z.string().optional().meta({ description: 'Group of the service; absent for an entry' }),
    service: z.string().optional().meta({ description: 'Absent for an entry' }),
    id: z.string().optional().meta({ description: 'Id of the instance; absent for a service and an entry' }),
    ...keyed,
  })
  .meta({ id: 'ImportDifference' });
export type ImportDifference = z.output<typeof ImportDifference>;

/** Number of records that an import adds, changes, removes and leaves unchanged. */
export const ImportCounts = z.object({
  added: z.int(),
  changed: z.int(),
  removed: z.int(),
  unchanged: z.int(),
});
export type ImportCounts = z.output<typeof ImportCounts>;

/** Last line of the response to a successful import. */
export const ImportDone = ImportCounts.extend({
  kind: z.literal('done'),
  mode: ImportMode,
  dryRun: z.boolean(),
  cursor: z.string(),
  revision: z.int(),
}).meta({ id: 'ImportDone' });
export type ImportDone = z.output<typeof ImportDone>;

/** Progress of an import, in records: those of the file, and those that it removes. */
export const ImportProgress = z
  .object({ kind: z.literal('progress'), done: z.int(), of: z.int() })
  .meta({ id: 'ImportProgress' });
export type ImportProgress = z.output<typeof ImportProgress>;

/** Last line of a response that failed midway. An import that was already being applied continues in the background. */
export const TransferFailed = z
  .object({ kind: z.literal('failed'), code: z.string(), detail: z.string() })
  .meta({ id: 'TransferFailed' });
export type TransferFailed = z.output<typeof TransferFailed>;

/** A line of the response to an import. */
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
    .meta({ description: 'true: only report what would change' }),
});

export interface ExportCommand {
  /** Id of the caller's token. */
  tokenId?: string | undefined;
  /** The `next` of the previous part. */
  after?: string | undefined;
}

/** A part of an export: lines of records, each with its line break. */
export interface ExportPart {
  lines: string;
  /** Number of records in the lines. */
  counts: RecordCounts;
  /** Pass it as `after` to get the next part; absent at the end. */
  next?: string;
  /** Only in the first part: the point in time of the whole export. */
  header?: { at: string; epoch: string; revision: number; counts: RecordCounts };
}

/** A record of a file with its line number. */
export type NumberedRecord = ImportedRecord & { line: number };

/** Stages a piece of a file without applying it. */
export interface StageCommand {
  /** Id of the import to continue; undefined starts one, which replaces an import that is not being applied yet. */
  importId?: string | undefined;
  records: NumberedRecord[];
}

/** Requests a page of the changes that an import would make. */
export interface PlanCommand {
  importId: string;
  mode: ImportMode;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** A page of the changes that an import would make. */
export interface ImportPlan extends ImportCounts {
  differences: ImportDifference[];
  next?: string | undefined;
}

/** Applies a slice of an import. After the first call, the import runs to completion. */
export interface ApplyCommand {
  importId: string;
  mode: ImportMode;
}

/** Progress of an import, in records. */
export interface ApplyReport {
  done: number;
  of: number;
  isDone: boolean;
  revision: number;
}
