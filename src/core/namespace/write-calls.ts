import type { InstanceKey, OperationResult } from '../../model/batch';
import { bytesOf } from '../../model/bytes';
import { assertEntrySizes } from '../../model/entry';
import { jsonText } from '../../model/json';
import type { Answer, Caller, NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { ServiceView } from '../../model/service';
import { assertTransaction, instanceOperations } from '../../model/transaction-rules';
import { deregister, hasDrainQuarantine } from './commands/deregister';
import { clearOverride, putOverride } from './commands/override';
import { patch } from './commands/patch';
import { register } from './commands/register';
import { patchService, putService, removeService } from './commands/service';
import type { StoredState } from './commit/commit-state';
import type { Draft } from './commit/draft';
import { entryView, factFlags } from './entries/entry';
import { requireGranted } from './leases/granting';
import { lockAfterPut } from './leases/locking';
import { renewMany, renewOne } from './leases/renewing';
import { requireSession } from './leases/sessions';
import { batchReport, instanceAnswer, overrideText, registration, serviceText } from './queries/answers';
import { requireEntry } from './queries/entries';
import { applyToInstance, TransactionRun, transactionReport } from './transactions/carry-out';
import { chooseSides } from './transactions/choose-sides';
import { TransactionMeter } from './transactions/transaction-meter';
import {
  batchAction,
  changeWithOperatorAudit,
  foreignAction,
  overrideAction,
  withOperatorAudit,
} from './turn/operator-audit';
import { change, lacksRoom, type OnDecided, turn } from './turn/turn';
import type { TurnState } from './turn/turn-state';
import { cancelDrains, drainAndWait } from './watch/draining';
import type { Watches, WatchState } from './watch/watch-state';

/** The calls of {@link NamespaceApi} that change something: the audited action, the decision and the answer of each. */

/** Argument of a method of the interface, after the caller. */
export type Command<Method extends keyof NamespaceApi> = Parameters<NamespaceApi[Method]>[1];

/** Return type of a method of the interface. */
export type Reply<Method extends keyof NamespaceApi> = ReturnType<NamespaceApi[Method]>;

export function callRegister(
  state: TurnState,
  caller: Caller,
  { key, definition, precondition }: Command<'register'>,
): Reply<'register'> {
  return changeWithOperatorAudit(state, caller, {
    scope: key,
    audited: () => foreignAction(state.catalog, caller, 'changed', key),
    decide: (draft, by) => register(draft, by, key, definition, precondition),
    answer: (outcome, draft) => ({
      cursor: state.journal.cursor,
      created: outcome === 'created',
      body: registration(state, caller, key, definition, draft.instance(key)?.record),
    }),
  });
}

export function callPatch(state: TurnState, caller: Caller, command: Command<'patch'>): Reply<'patch'> {
  const { key } = command;
  return changeWithOperatorAudit(state, caller, {
    scope: key,
    audited: () => foreignAction(state.catalog, caller, 'changed', key),
    decide: (draft, by) => patch(draft, by, key, { ...command, ...command.patch }, command.precondition),
    answer: () => instanceAnswer(state, key),
  });
}

export function callDeregister(
  state: TurnState,
  caller: Caller,
  { key, precondition }: Command<'deregister'>,
): Reply<'deregister'> {
  return changeWithOperatorAudit(state, caller, {
    scope: key,
    audited: () => foreignAction(state.catalog, caller, 'deregistered', key),
    decide: (draft, by) => deregister(draft, by, key, precondition),
    answer: () => position(state),
  });
}

export function callRenew(state: TurnState, caller: Caller, key: InstanceKey): Reply<'renew'> {
  return turn(state, key, (now) => renewOne(state, caller, key, now), caller.tokenId);
}

export function callRenewMany(state: TurnState, caller: Caller, keys: InstanceKey[]): Reply<'renewMany'> {
  return turn(state, undefined, (now) => renewMany(state, caller, keys, now), caller.tokenId);
}

export function callDrain(
  state: WatchState,
  watches: Watches,
  caller: Caller,
  command: Command<'drain'>,
): Reply<'drain'> {
  return withOperatorAudit(state, caller, {
    audited: () => foreignAction(state.catalog, caller, 'drained', command.key),
    act: (...by) => drainAndWait(state, watches, command, ...by),
  });
}

export function callCancelDrain(
  state: WatchState,
  caller: Caller,
  { key }: Command<'cancelDrain'>,
): Reply<'cancelDrain'> {
  const audited = () => {
    const override = state.catalog.override(key)?.record;
    // The owner, too, needs an operator's power to lift what an operator's drain left.
    if (override !== undefined && hasDrainQuarantine(override)) return { action: 'drain-cancelled' as const, key };
    return foreignAction(state.catalog, caller, 'drain-cancelled', key);
  };
  return withOperatorAudit(state, caller, { audited, act: (...by) => cancelDrains(state, key, ...by) });
}

export function callBatch(
  state: TurnState,
  caller: Caller,
  operations: Command<'batch'>,
  decided?: OnDecided,
): Reply<'batch'> {
  return changeWithOperatorAudit(state, caller, {
    scope: undefined,
    audited: () => batchAction(state.catalog, caller, operations),
    decide: (draft, by) => {
      requireSession(state, by);
      return operations.map((operation) => applyToInstance(draft, by, operation));
    },
    answer: (outcomes) => decidedBy(decided, { ...position(state), body: batchReport(state, operations, outcomes) }),
  });
}

export function callPutOverride(
  state: TurnState,
  caller: Caller,
  { key, override, precondition }: Command<'putOverride'>,
): Reply<'putOverride'> {
  return changeWithOperatorAudit(state, caller, {
    scope: key,
    audited: () => ({ action: overrideAction(override), key, detail: override.quarantine?.reason }),
    decide: (draft, by) => putOverride(draft, by, key, override, precondition),
    answer: (outcome) => ({
      ...position(state),
      created: outcome === 'created',
      body: overrideText(state.catalog, key),
    }),
  });
}

export function callClearOverride(
  state: TurnState,
  caller: Caller,
  { key, precondition }: Command<'clearOverride'>,
): Reply<'clearOverride'> {
  return changeWithOperatorAudit(state, caller, {
    scope: key,
    audited: () => ({ action: 'override-cleared', key }),
    decide: (draft, by) => clearOverride(draft, by, key, precondition),
    answer: () => position(state),
  });
}

export function callPutService(state: TurnState, caller: Caller, command: Command<'putService'>): Reply<'putService'> {
  return changeWithOperatorAudit(state, caller, {
    scope: command,
    audited: () => ({ action: 'service-changed', key: command }),
    decide: (draft, by) => putService(draft, by, command, command.definition, command.precondition),
    answer: (outcome) => ({ ...serviceAnswer(state, command), created: outcome === 'created' }),
  });
}

export function callPatchService(
  state: TurnState,
  caller: Caller,
  command: Command<'patchService'>,
): Reply<'patchService'> {
  const exists = () => state.catalog.service(command)?.exists ?? false;
  return changeWithOperatorAudit(state, caller, {
    scope: command,
    audited: () => ({ action: 'service-changed', key: command }),
    decide: (draft, by) => patchService(draft, by, command, exists(), command.patch, command.precondition),
    answer: () => serviceAnswer(state, command),
  });
}

export function callRemoveService(
  state: TurnState,
  caller: Caller,
  command: Command<'removeService'>,
): Reply<'removeService'> {
  const instanceIds = () => [...(state.catalog.service(command)?.instances.keys() ?? [])];
  return changeWithOperatorAudit(state, caller, {
    scope: command,
    audited: () => ({ action: 'service-deleted', key: command, detail: command.force ? 'force' : undefined }),
    decide: (draft, by) => removeService(draft, by, command, instanceIds(), command.force, command.precondition),
    answer: () => position(state),
  });
}

export async function callTransaction(
  state: TurnState,
  caller: Caller,
  transaction: Command<'transaction'>,
  decided?: OnDecided,
): Reply<'transaction'> {
  assertTransaction(transaction);
  const onInstances = instanceOperations(transaction);
  while (lacksRoom(state)) await state.pipeline.settled();
  return changeWithOperatorAudit(state, caller, {
    scope: undefined,
    // Both sides: which one is carried out may change until the action is recorded.
    audited: () => batchAction(state.catalog, caller, onInstances),
    decide: (draft, by) => {
      if (onInstances.length > 0) requireSession(state, by);
      const meter = new TransactionMeter();
      return new TransactionRun(draft, by, caller, meter).carryOut(chooseSides(state, transaction, meter));
    },
    answer: (outcome) => decidedBy(decided, { ...position(state), body: transactionReport(state, outcome) }),
  });
}

export async function callPutEntry(state: TurnState, caller: Caller, command: Command<'putEntry'>): Reply<'putEntry'> {
  while (lacksRoom(state)) await state.pipeline.settled();
  return change(state, caller, {
    scope: undefined,
    decide: (draft, by) => putEntry(draft, by, command),
    // The caller knows the value.
    answer: (outcome) => ({
      ...position(state),
      created: outcome === 'created',
      body: jsonText(entryView(requireEntry(state.entries, command.key), undefined)),
    }),
  });
}

/**
 * Puts an entry. It always makes a change, as its version counts every put.
 *
 * @throws {RegistryError} `REVISION_MISMATCH`, `INVALID_REQUEST`, `PAYLOAD_TOO_LARGE`, `LEASE_NOT_FOUND`, `FORBIDDEN`,
 *   `LOCK_HELD`, and others of {@link lockAfterPut}.
 */
function putEntry(
  draft: Draft,
  caller: Caller,
  { key, value, contentType, flags, lease: name, door, precondition, ...locking }: Command<'putEntry'>,
): OperationResult['outcome'] {
  const { entries, granted } = draft;
  assertEntrySizes(key, value);
  const lease = name === undefined ? null : requireGranted(granted, caller, { lease: name, door }).id;
  entries.require(key, precondition);
  const isNew = entries.real(key) === undefined;
  const lock = lockAfterPut(draft, caller, key, { ...locking, door });
  const facts = { actor: caller.tokenId, contentType, flags: factFlags(flags), lock };
  entries.put(key, { value: bytesOf(value), lease, facts }, 'put');
  return isNew ? 'created' : 'changed';
}

export function callDeleteEntry(
  state: TurnState,
  caller: Caller,
  { key, precondition }: Command<'deleteEntry'>,
): Reply<'deleteEntry'> {
  return change(state, caller, {
    scope: undefined,
    decide: ({ entries }) => {
      entries.require(key, precondition);
      entries.delete(key, 'deleted');
    },
    answer: () => position(state),
  });
}

/** Reports that a call is decided, with its answer. */
function decidedBy<T>(decided: OnDecided | undefined, answer: Answer<T>): Answer<T> {
  decided?.(answer.body.length);
  return answer;
}

function position({ journal }: Pick<StoredState, 'journal'>): { cursor: string } {
  return { cursor: journal.cursor };
}

function serviceAnswer(state: Pick<StoredState, 'journal' | 'catalog'>, key: ServiceKey): Answer<ServiceView> {
  return { ...position(state), body: serviceText(state.catalog, key) };
}
