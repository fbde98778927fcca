import * as z from 'zod';
import { OperationResult } from './batch';
import { EntryView } from './entry';

/** Result of a put. */
const PutResult = z.object({
  op: z.literal('put'),
  outcome: z.enum(['created', 'changed']),
  entry: EntryView.meta({ description: 'The entry, without its value' }),
  previous: EntryView.optional().meta({ description: 'The entry before, if it was requested and there was one' }),
});

/** Result of a delete. */
const DeleteResult = z.object({
  op: z.literal('delete'),
  deleted: z.int().meta({ description: 'Number of deleted entries' }),
  previous: z.array(EntryView).optional().meta({ description: 'The deleted entries, if they were requested' }),
});

/** Result of a range. */
const RangeResult = z.object({
  op: z.literal('range'),
  entries: z.array(EntryView),
  count: z.int(),
  more: z.boolean(),
});

/** Result of an operation on an instance. */
const InstanceResult = OperationResult.extend({ op: z.enum(['register', 'update', 'deregister', 'override']) });

/** Result of a nested transaction. */
export interface NestedResult {
  op: 'transaction';
  succeeded: boolean;
  results: TransactionResult[];
}

/** Result of an operation, which `op` names. */
export type TransactionResult =
  | z.output<typeof PutResult>
  | z.output<typeof DeleteResult>
  | z.output<typeof RangeResult>
  | z.output<typeof InstanceResult>
  | NestedResult;

/** Members of the result of a transaction. */
const reportMembers = () => ({
  succeeded: z.boolean().meta({ description: 'true: the compares held, and `do` was carried out; false: `else` was' }),
  results: z
    .array(z.lazy(() => AnyResult))
    .meta({ description: 'Results of the operations that were carried out, in their order' }),
});

const NestedResult = z.object({ op: z.literal('transaction'), ...reportMembers() });

const AnyResult: z.ZodType<TransactionResult> = z
  .discriminatedUnion('op', [PutResult, DeleteResult, RangeResult, InstanceResult, NestedResult])
  .meta({ id: 'TransactionResult' });

/** Response to a transaction. `revision` is that of the namespace: a new one if anything changed. */
export const TransactionReport = z
  .object({ cursor: z.string(), revision: z.int(), ...reportMembers() })
  .meta({ id: 'TransactionReport' });
export type TransactionReport = z.output<typeof TransactionReport>;
