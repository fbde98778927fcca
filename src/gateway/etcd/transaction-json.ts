import { base64, bytesOf } from '../../model/bytes';
import { intervalOf, type KeyInterval } from '../../model/key-interval';
import type { Compare, Transaction, TransactionOperation } from '../../model/transaction';

/** Encodes a string of one character a byte. */
const encoded = (bytes: string): string => base64(bytesOf(bytes));

/** Returns a transaction in the form that requests and frames carry. Operations on instances are not among those of etcd. */
export function transactionJson({ if: compares, do: operations, else: others }: Transaction): object {
  return { if: compares.map(compareJson), do: operations.map(operationJson), else: others.map(operationJson) };
}

/** Returns keys in that form. A single key is named as such: the end of its interval may be longer than a key. */
export function keysJson({ from, to }: KeyInterval): object {
  if (to === intervalOf(from).to) return { keyBase64: encoded(from) };
  return { fromBase64: encoded(from), ...(to !== undefined && { toBase64: encoded(to) }) };
}

function compareJson(compare: Compare): object {
  const { interval, ...members } = compare;
  if (members.property !== 'value') return { ...members, ...keysJson(interval) };
  const { operand, ...others } = members;
  return { ...others, operandBase64: encoded(operand), ...keysJson(interval) };
}

function operationJson(operation: TransactionOperation): object {
  switch (operation.op) {
    case 'put': {
      const { key, value, ...members } = operation;
      const content = value === undefined ? { keepValue: true } : { valueBase64: encoded(value) };
      return { ...members, keyBase64: encoded(key), ...content };
    }
    case 'delete':
    case 'range': {
      const { interval, ...members } = operation;
      return { ...withoutFalse(members), ...keysJson(interval) };
    }
    case 'transaction':
      return { op: 'transaction', ...transactionJson(operation) };
    default:
      return operation;
  }
}

/** Returns members without those that are false: such flags are either true or absent. */
function withoutFalse(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== false));
}

/** Returns keys as the query of a range names them: as base64url, since queries have no bytes. */
export function keysQuery({ from, to }: KeyInterval): Record<string, string | boolean> {
  const safe = (bytes: string): string => encoded(bytes).replaceAll('+', '-').replaceAll('/', '_');
  return { base64: true, ...(from !== '' && { from: safe(from) }), ...(to !== undefined && { to: safe(to) }) };
}
