import type { Operation, OperationResult } from '../../../model/batch';
import type { Caller } from '../../../model/namespace-api';
import type { Draft } from '../commit/draft';
import { deregister } from './deregister';
import { putOverride } from './override';
import { patch } from './patch';
import { register } from './register';

/**
 * Does one operation of a batch, as a call of its own would.
 *
 * @throws {RegistryError} What that call throws; the batch as a whole is then refused.
 */
export function applyOperation(draft: Draft, caller: Caller, operation: Operation): OperationResult['outcome'] {
  const { key, precondition } = operation;
  if (operation.op === 'register') {
    return register(draft, caller, key, operation.definition, precondition, operation.document);
  }
  if (operation.op === 'update') return patch(draft, caller, key, operation.patch, precondition);
  if (operation.op === 'deregister') return deregister(draft, caller, key, precondition);
  return putOverride(draft, caller, key, operation.override, precondition);
}
