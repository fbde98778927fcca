import * as z from 'zod';
import { INSTANCE_OPERATIONS } from './batch';
import { EntryContentType } from './entry';
import { LeaseDoor } from './granted-lease';
import { bytesGiven, intervalGiven, intervalMembers, keyMembers, singleKey, textMember } from './key-scope';
import { LeaseId } from './lease';
import type { Compare, DeleteOperation, PutOperation, RangeOperation, TransactionOperation } from './transaction';
import { transactionProblem } from './transaction-rules';

const Relations = z.enum(['=', '!=', '<', '>']);

const relation = Relations.default('=').meta({ description: 'Relation of the property to the operand' });

const numberCompare = <Property extends 'createdRevision' | 'revision' | 'version'>(property: Property) =>
  z
    .strictObject({
      property: z.literal(property),
      ...intervalMembers,
      is: relation,
      operand: z.int().min(0).meta({ description: '0 is the number of a key without an entry' }),
    })
    .transform(({ is, operand, ...members }, context): Compare => {
      return { property, is, operand, interval: intervalGiven(members, context) };
    });

const ValueCompare = z
  .strictObject({
    property: z.literal('value'),
    ...intervalMembers,
    is: relation,
    operand: textMember('Value, compared by its bytes. A key without an entry never matches'),
    operandBase64: textMember('Value as base64'),
  })
  .transform(({ property, is, operand, operandBase64, ...members }, context): Compare => {
    const bytes = bytesGiven({ operand, operandBase64 }, 'operand', context);
    if (bytes === undefined) context.addIssue({ code: 'custom', message: 'must be a value', path: ['operand'] });
    return { property, is, operand: bytes ?? '', interval: intervalGiven(members, context) };
  });

const holderCompare = (property: 'lease' | 'lock') =>
  z
    .strictObject({
      property: z.literal(property),
      ...intervalMembers,
      is: relation,
      operand: LeaseId.nullable().meta({ description: 'Id or alias of a lease; null for none' }),
      door: LeaseDoor.optional(),
    })
    .transform(({ is, operand, door, ...members }, context): Compare => {
      return { property, is, operand, door, interval: intervalGiven(members, context) };
    });

const ExistsCompare = z
  .strictObject({
    property: z.literal('exists'),
    ...intervalMembers,
    operand: z.boolean().meta({ description: 'true: there is an entry; false: there is none' }),
  })
  .transform(({ property, operand, ...members }, context): Compare => {
    return { property, operand, interval: intervalGiven(members, context) };
  });

const CompareBody = z
  .discriminatedUnion('property', [
    numberCompare('createdRevision'),
    numberCompare('revision'),
    numberCompare('version'),
    ValueCompare,
    holderCompare('lease'),
    holderCompare('lock'),
    ExistsCompare,
  ])
  .meta({ id: 'Compare', description: 'Condition on an entry, or on each entry of an interval' });

const previous = z.literal(true).optional().meta({ description: 'Return the entries as they were before' });

const PutBody = z
  .strictObject({
    op: z.literal('put'),
    ...keyMembers,
    value: textMember('Value as text'),
    valueBase64: textMember('Value as base64'),
    keepValue: z.literal(true).optional().meta({ description: 'Keep the value of the entry, which must exist' }),
    contentType: EntryContentType.optional(),
    lease: LeaseId.optional().meta({
      description:
        'Id or alias of a granted lease: the entry is deleted when it ends. Without it, no lease holds the entry',
    }),
    keepLease: z.literal(true).optional().meta({ description: 'Keep the lease that holds the entry, if one does' }),
    acquire: LeaseId.optional().meta({
      description:
        'Id or alias of a granted lease that acquires the lock of the entry. 409 `LOCK_HELD` if it is not free',
    }),
    release: LeaseId.optional().meta({ description: 'Id or alias of the granted lease that releases the lock' }),
    door: LeaseDoor.optional(),
    previous,
  })
  .transform(({ op, value, valueBase64, keepValue, contentType, previous, ...members }, context): PutOperation => {
    const { lease, keepLease, acquire, release, door, ...keys } = members;
    if (lease !== undefined && keepLease !== undefined) {
      context.addIssue({ code: 'custom', message: 'give lease or keepLease, not both', path: ['keepLease'] });
    }
    if (acquire !== undefined && release !== undefined) {
      context.addIssue({ code: 'custom', message: 'give acquire or release, not both', path: ['release'] });
    }
    const bytes = bytesGiven({ value, valueBase64 }, 'value', context);
    if ((bytes === undefined) !== (keepValue === true)) {
      context.addIssue({ code: 'custom', message: 'give a value, or keepValue', path: ['value'] });
    }
    const holder = { lease, keepLease, acquire, release, door };
    return { op, key: singleKey(keys, context), value: bytes, contentType, ...holder, previous };
  });

const DeleteBody = z
  .strictObject({ op: z.literal('delete'), ...intervalMembers, previous })
  .transform(({ op, previous, ...members }, context): DeleteOperation => {
    return { op, interval: intervalGiven(members, context), previous };
  });

const RangeBody = z
  .strictObject({
    op: z.literal('range'),
    ...intervalMembers,
    limit: z.int().min(1).optional(),
    order: z.enum(['key', 'createdRevision', 'revision', 'version']).optional(),
    descending: z.literal(true).optional(),
    keysOnly: z.literal(true).optional().meta({ description: 'Omit values' }),
    countOnly: z.literal(true).optional().meta({ description: 'Return only the number of entries' }),
    complete: z.literal(true).optional().meta({
      description:
        'Refuse the transaction with 413 `PAYLOAD_TOO_LARGE` if the size of the response would omit entries that `limit` allows',
    }),
  })
  .transform(({ op, limit, order, descending, keysOnly, countOnly, complete, ...members }, context): RangeOperation => {
    const interval = intervalGiven(members, context);
    return { op, interval, limit, order, descending, keysOnly, countOnly, complete };
  });

/** Schema of a list of operations. A new one for each use: the generator of the API reference names only those that have an id. */
const operations = () =>
  z
    .array(z.lazy(() => OperationBody))
    .default(() => [])
    .meta({ description: 'Operations, in the order in which they are carried out' });

const transactionMembers = () => ({
  if: z
    .array(CompareBody)
    .default(() => [])
    .meta({ description: 'Conditions on the state before the transaction' }),
  do: operations(),
  else: operations(),
});

const NestedBody = z.strictObject({ op: z.literal('transaction'), ...transactionMembers() });

const OperationBody: z.ZodType<TransactionOperation> = z
  .discriminatedUnion('op', [PutBody, DeleteBody, RangeBody, NestedBody, ...INSTANCE_OPERATIONS])
  .meta({ id: 'TransactionOperation' });

/**
 * Body of a transaction. Its size is checked first: a schema calls itself for each nested transaction, and the sender
 * chooses how deep they are.
 */
export const TransactionBody = z
  .preprocess((body, context) => {
    const problem = transactionProblem(body);
    if (problem === undefined) return body;
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  }, z.strictObject(transactionMembers()))
  .meta({ id: 'Transaction' });
