import { authorizeTransaction } from '../../auth/authorize';
import { TRANSACTION_MAX_BYTES } from '../../model/limits';
import { TransactionBody } from '../../model/transaction-body';
import { TransactionReport } from '../../model/transaction-report';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered } from '../response/answers';
import { NAMESPACE_PATH } from './paths';

/** Takes a job from a queue, unless another client has taken it. */
const EXAMPLE = {
  if: [{ key: 'queue/job-7', property: 'revision', is: '=', operand: 42 }],
  do: [
    { op: 'delete', key: 'queue/job-7' },
    { op: 'put', key: 'running/job-7', value: 'worker-1' },
  ],
  else: [{ op: 'range', prefix: 'queue/', limit: 1 }],
};

/** Adds the route of transactions. */
export function addTransactionRoute(surface: Surface): void {
  route(surface, {
    operation: 'runTransaction',
    method: 'post',
    path: `${NAMESPACE_PATH}/transaction`,
    scope: 'any',
    authorize: (principal, namespace, { body }) => authorizeTransaction(principal, namespace, body, surface.claimsOf),
    chapter: 'Entries',
    summary: 'Compare entries, then carry out one of two lists of operations in one revision',
    description:
      'If all compares hold, `do` is carried out, otherwise `else`: all of its operations, or none. ' +
      'A compare of a range holds if it holds for every entry in it. For a key without an entry, numbers are 0 and no compare of a value holds. ' +
      'All compares, including those of nested transactions, see the state before the transaction; an operation sees the changes of those before it. ' +
      'Each side may change a key only once. ' +
      'The token needs `read` on all keys that are compared or read, `register` on all keys that are changed, and for ' +
      'instances the scope of the single call, on both sides, whichever is carried out. ' +
      'At most 128 compares and 128 operations on a side, with those of nested transactions.',
    input: { body: TransactionBody },
    bodyMaxBytes: TRANSACTION_MAX_BYTES,
    answers: {
      200: {
        description: 'The side that was carried out, and the result of each operation',
        schema: TransactionReport,
      },
    },
    example: EXAMPLE,
    call: (namespace, { body }, call) => namespace.transaction(call.callerWithOrigin, body),
    map: answered,
  });
}
