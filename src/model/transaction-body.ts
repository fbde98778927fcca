import * as z from 'zod';
import { INSTANCE_OPERATIONS } from './batch';
import { utf8ByteString } from './bytes';
import { bytesOfBase64, EntryContentType } from './entry';
import { intervalOf, intervalOfPrefix, type KeyInterval } from './key-interval';
import { LeaseId } from './lease';
import { ENTRY_KEY_MAX_BYTES } from './limits';
import type { Compare, DeleteOperation, PutOperation, RangeOperation, TransactionOperation } from './transaction';
import { transactionProblem } from './transaction-rules';

const text = (description: string) => z.string().optional().meta({ description });

/** Members of a single key. */
const keyMembers = { key: text('Key'), keyBase64: text('Key as base64, if it is not valid UTF-8') };

/** Members of a key or an interval of keys. Each may be base64 instead. */
const intervalMembers = {
  ...keyMembers,
  prefix: text('All keys that begin with this; every key if it is empty'),
  prefixBase64: text('Prefix as base64'),
  from: text('First key of an interval; absent: from the first key of all'),
  fromBase64: text('First key as base64'),
  to: text('End of the interval, itself not included; absent: no end'),
  toBase64: text('End as base64'),
};

type Texts<Name extends string> = { [Member in Name | `${Name}Base64`]?: string | undefined };

/** Context of a transform: collects what is wrong. */
interface Issues {
  addIssue(issue: { code: 'custom'; message: string; path: string[] }): void;
}

/** Reads bytes that are given as text or as base64; undefined if they are absent, or not valid. */
function bytesGiven<Name extends string>(members: Texts<Name>, name: Name, issues: Issues): string | undefined {
  const base64Name = `${name}Base64` as const;
  const [plain, encoded]: (string | undefined)[] = [members[name], members[base64Name]];
  const report = (message: string, path: string) => issues.addIssue({ code: 'custom', message, path: [path] });
  if (plain !== undefined && encoded !== undefined) report(`give ${name} or ${base64Name}, not both`, base64Name);
  if (plain?.isWellFormed() === false) report('must be well-formed Unicode; send other bytes as base64', name);
  if (encoded === undefined) return plain === undefined ? undefined : utf8ByteString(plain);
  const bytes = bytesOfBase64(encoded);
  if (bytes === undefined) report('must be base64', base64Name);
  return bytes;
}

/** Reads a key or the end of an interval. */
function keyGiven<Name extends string>(members: Texts<Name>, name: Name, issues: Issues): string | undefined {
  const key = bytesGiven(members, name, issues);
  if (key === undefined || key.length <= ENTRY_KEY_MAX_BYTES) return key;
  issues.addIssue({ code: 'custom', message: `a key has at most ${ENTRY_KEY_MAX_BYTES} bytes`, path: [name] });
  return key;
}

function singleKey(members: Texts<'key'>, issues: Issues): string {
  const key = keyGiven(members, 'key', issues);
  if (!key) issues.addIssue({ code: 'custom', message: 'must be a key of at least one byte', path: ['key'] });
  return key ?? '';
}

function intervalGiven(members: Texts<'key' | 'prefix' | 'from' | 'to'>, issues: Issues): KeyInterval {
  const prefix = keyGiven(members, 'prefix', issues);
  const from = keyGiven(members, 'from', issues);
  const to = keyGiven(members, 'to', issues);
  const isSingle = members.key !== undefined || members.keyBase64 !== undefined;
  if ([isSingle || undefined, prefix, from ?? to].filter((each) => each !== undefined).length !== 1) {
    issues.addIssue({ code: 'custom', message: 'give one of key, prefix, or from and to', path: [] });
  }
  if (isSingle) return intervalOf(singleKey(members, issues));
  return prefix === undefined ? { from: from ?? '', to } : intervalOfPrefix(prefix);
}

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
    operand: text('Value, compared by its bytes. A key without an entry never matches'),
    operandBase64: text('Value as base64'),
  })
  .transform(({ property, is, operand, operandBase64, ...members }, context): Compare => {
    const bytes = bytesGiven({ operand, operandBase64 }, 'operand', context);
    if (bytes === undefined) context.addIssue({ code: 'custom', message: 'must be a value', path: ['operand'] });
    return { property, is, operand: bytes ?? '', interval: intervalGiven(members, context) };
  });

const LeaseCompare = z
  .strictObject({
    property: z.literal('lease'),
    ...intervalMembers,
    is: Relations.extract(['=', '!=']).default('='),
    operand: LeaseId.nullable().meta({ description: 'Id or alias of a lease; null for none' }),
  })
  .transform(({ property, is, operand, ...members }, context): Compare => {
    return { property, is, operand, interval: intervalGiven(members, context) };
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
    LeaseCompare,
    ExistsCompare,
  ])
  .meta({ id: 'Compare', description: 'Condition on an entry, or on each entry of an interval' });

const previous = z.literal(true).optional().meta({ description: 'Return the entries as they were before' });

const PutBody = z
  .strictObject({
    op: z.literal('put'),
    ...keyMembers,
    value: text('Value as text'),
    valueBase64: text('Value as base64'),
    keepValue: z.literal(true).optional().meta({ description: 'Keep the value of the entry, which must exist' }),
    contentType: EntryContentType.optional(),
    lease: LeaseId.optional().meta({
      description:
        'Id or alias of a granted lease: the entry is deleted when it ends. Without it, no lease holds the entry',
    }),
    keepLease: z.literal(true).optional().meta({ description: 'Keep the lease that holds the entry, if one does' }),
    previous,
  })
  .transform(({ op, value, valueBase64, keepValue, contentType, previous, ...members }, context): PutOperation => {
    const { lease, keepLease, ...keys } = members;
    if (lease !== undefined && keepLease !== undefined) {
      context.addIssue({ code: 'custom', message: 'give lease or keepLease, not both', path: ['keepLease'] });
    }
    const bytes = bytesGiven({ value, valueBase64 }, 'value', context);
    if ((bytes === undefined) !== (keepValue === true)) {
      context.addIssue({ code: 'custom', message: 'give a value, or keepValue', path: ['value'] });
    }
    return { op, key: singleKey(keys, context), value: bytes, contentType, lease, keepLease, previous };
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
    orderBy: z.enum(['key', 'createdRevision', 'revision', 'version']).optional(),
    descending: z.literal(true).optional(),
    keys: z.literal(true).optional().meta({ description: 'Omit values' }),
    count: z.literal(true).optional().meta({ description: 'Return only the number of entries' }),
  })
  .transform(({ op, limit, orderBy, descending, keys, count, ...members }, context): RangeOperation => {
    const interval = intervalGiven(members, context);
    return { op, interval, limit, orderBy, descending, keysOnly: keys, countOnly: count };
  });

/** Schema of a list of operations. A new one for each use: the generator of the API reference names only those that have an id. */
const operations = () =>
  z
    .array(z.lazy(() => OperationBody))
    .default(() => [])
    .meta({ description: 'Operations, in the order in which they are carried out' });

const transactionMembers = () => ({
  compares: z
    .array(CompareBody)
    .default(() => [])
    .meta({ description: 'Conditions on the state before the transaction' }),
  then: operations(),
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
