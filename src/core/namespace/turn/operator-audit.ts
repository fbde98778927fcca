import type { Audit, AuditAction, AuditNote } from '../../../model/audit';
import type { InstanceKey, Operation } from '../../../model/batch';
import { hasCode, isRefusal, RegistryError } from '../../../model/errors';
import type { LogGate } from '../../../model/log';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import { joinedName } from '../../../model/service-name';
import type { Platform } from '../../platform/platform';
import type { CommitPipeline } from '../../storage/commit-pipeline';
import { operatesOn } from '../access/ownership';
import { shareOf } from '../access/token-limits';
import type { Catalog } from '../records/catalog';
import { isOwnedBy } from '../records/records';
import { type Change, change } from './turn';
import type { TurnState } from './turn-state';

/** An action that takes the power of an operator, and so is recorded in the audit trail. */
export interface AuditedAction {
  action: AuditAction;
  /** The service or instance it changes. */
  key: ServiceKey | InstanceKey;
  /** For people. Never a secret. */
  detail?: string | undefined;
}

/** One call that may need the power of an operator. */
export interface OperatorCall<Outcome> {
  /** Returns the action that takes an operator, as things stand; undefined where the caller needs no such power. */
  audited: () => AuditedAction | undefined;
  /** Acts in the name of the caller that it is given, and calls `changed` once it has changed something. */
  act: (by: Caller, changed?: () => void) => Promise<Outcome>;
}

/**
 * Runs one call that changes something, maybe with the power of an operator: then it is recorded in the audit trail
 * first. Without an entry there the call goes without that power. A caller that needs none waits for no audit trail.
 *
 * @throws {RegistryError} `UNAVAILABLE` where it can't be recorded; else what `act` throws.
 */
export function withOperatorAudit<Outcome>(
  state: AuditState,
  caller: Caller,
  { audited, act }: OperatorCall<Outcome>,
): Promise<Outcome> {
  if (caller.operates === undefined || caller.operates === false) return act(caller);
  const action = permittedAction(caller, audited);
  const record = (found: AuditedAction) =>
    withAuditEntry(state, noteOf(caller, found), (changed) => act(caller, changed));
  if (action !== undefined) return record(action);
  // It goes without its power, and keeps its share.
  return act({ ...caller, operates: false, share: shareOf(caller) }).catch((error: unknown) => {
    // An instance may have become another's while a long sweep went first: nothing has happened, and now it takes power.
    const late = hasCode(error, 'FORBIDDEN') ? permittedAction(caller, audited) : undefined;
    if (late === undefined) throw error;
    return record(late);
  });
}

/** A {@link Change} that may need the power of an operator. */
export interface OperatorChange<Outcome, Result> extends Change<Outcome, Result> {
  audited: OperatorCall<Result>['audited'];
}

/** Runs a {@link change}, maybe with the power of an operator: see {@link withOperatorAudit}. */
export function changeWithOperatorAudit<Outcome, Result>(
  state: TurnState,
  caller: Caller,
  call: OperatorChange<Outcome, Result>,
): Promise<Result> {
  const { audited } = call;
  return withOperatorAudit(state, caller, { audited, act: (by, changed) => change(state, by, call, changed) });
}

/** The parts of a namespace that record the actions of operators, and log those that are refused. */
export interface AuditState {
  platform: Pick<Platform, 'audit' | 'clock' | 'log'>;
  pipeline: Pick<CommitPipeline, 'assertStorable'>;
  /** Lets through so many lines about refusals a second. */
  refusals: LogGate;
}

/**
 * Does something that is recorded in the audit trail: an entry before it is done, and how it ended after. What can't be
 * recorded is not done. What changed nothing leaves no entry, or a token could push out the entries of others with it;
 * a refusal is in the log instead.
 *
 * @param act Is given what to call once it has changed something.
 * @throws {RegistryError} `UNAVAILABLE` if it can't be recorded or nothing can be stored; otherwise what `act` throws.
 */
export async function withAuditEntry<Outcome>(
  { platform, pipeline, refusals }: AuditState,
  note: AuditNote,
  act: (changed: () => void) => Promise<Outcome>,
): Promise<Outcome> {
  const { audit, clock, log } = platform;
  pipeline.assertStorable();
  const id = await begin(audit, note);
  let isUnchanged = true;
  const changed = () => {
    isUnchanged = false;
  };
  try {
    const outcome = await act(changed);
    audit.end(id, isUnchanged ? { isUnchanged } : {});
    return outcome;
  } catch (error) {
    // Where the outcome is unknown the entry stays begun, and the journal knows.
    if (!isRefusal(error)) throw error;
    // A later step of the same act may have been refused: the first one stands.
    audit.end(id, isUnchanged ? { code: error.code } : {});
    const leftOut = refusals.admit(clock.now());
    if (leftOut !== undefined) {
      log('warn', 'an act of an operator was refused', { ...note, code: error.code, leftOut: leftOut || undefined });
    }
    throw error;
  }
}

async function begin(audit: Audit, note: AuditNote): Promise<number> {
  try {
    return await audit.begin(note);
  } catch (cause) {
    throw new RegistryError(
      'UNAVAILABLE',
      'this could not be written down in the audit trail, so it was not done; try again',
      { retryAfterSeconds: 1 },
      { cause },
    );
  }
}

/** Returns the entry of an audited action. */
export function noteOf({ tokenId, address }: Caller, { action, key, detail }: AuditedAction): AuditNote {
  return { action, actor: tokenId, address, target: targetOf(key), detail };
}

function targetOf(key: ServiceKey | InstanceKey): string {
  const service = joinedName(key);
  return 'id' in key ? `${service}/${key.id}` : service;
}

/** Returns the action that takes an operator, unless the call will be refused anyway. */
function permittedAction(caller: Caller, audited: OperatorCall<unknown>['audited']): AuditedAction | undefined {
  const action = audited();
  return action !== undefined && operatesOn(caller, action.key) ? action : undefined;
}

/** Returns a change of an instance as an audited action where the instance is another's; its owner needs no operator. */
export function foreignAction(
  catalog: Catalog,
  caller: Caller,
  action: AuditAction,
  key: InstanceKey,
): AuditedAction | undefined {
  return isForeign(catalog, caller, key) ? { action, key } : undefined;
}

function isForeign(catalog: Catalog, { tokenId }: Caller, key: InstanceKey): boolean {
  const entry = catalog.instance(key);
  return entry !== undefined && !isOwnedBy(entry.text, tokenId);
}

/** Returns the action that sets an override: a quarantine has a name of its own. */
export function overrideAction({ quarantine }: { quarantine?: unknown }): 'quarantined' | 'overridden' {
  return quarantine === undefined ? 'overridden' : 'quarantined';
}

/** Actions of a batch, the gravest first: those that outlast the instance, those that end it, and so on. */
const BY_GRAVITY = ['quarantined', 'deregistered', 'overridden', 'changed'] as const satisfies AuditAction[];

/**
 * Returns a batch as one audited action: the gravest of its operations that take an operator, with the first instance that
 * it changes. The detail counts them all: `batch of 12: 1 quarantined, 3 changed`.
 */
export function batchAction(
  catalog: Catalog,
  caller: Caller,
  operations: readonly Operation[],
): AuditedAction | undefined {
  const { operates } = caller;
  if (operates === undefined || operates === false) return undefined;
  const counts = new Map<AuditAction, number>();
  const firsts = new Map<AuditAction, Operation>();
  for (const operation of operations) {
    if (!takesOperator(catalog, caller, operation) || !operatesOn(caller, operation.key)) continue;
    const action = actionOf(operation);
    counts.set(action, (counts.get(action) ?? 0) + 1);
    if (!firsts.has(action)) firsts.set(action, operation);
  }
  for (const action of BY_GRAVITY) {
    const first = firsts.get(action);
    if (first === undefined) continue;
    const counted = BY_GRAVITY.filter((each) => counts.has(each)).map((each) => `${counts.get(each)} ${each}`);
    return { action, key: first.key, detail: `batch of ${operations.length}: ${counted.join(', ')}` };
  }
  return undefined;
}

function takesOperator(catalog: Catalog, caller: Caller, { op, key }: Operation): boolean {
  return op === 'override' || isForeign(catalog, caller, key);
}

function actionOf(operation: Operation): (typeof BY_GRAVITY)[number] {
  if (operation.op === 'override') return overrideAction(operation.override);
  return operation.op === 'deregister' ? 'deregistered' : 'changed';
}
