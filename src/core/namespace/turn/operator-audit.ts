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

/** An action that needs the power of an operator, and is therefore recorded in the audit trail. */
export interface AuditedAction {
  action: AuditAction;
  /** The service or instance it changes. */
  key: ServiceKey | InstanceKey;
  /** Details for people. It must never contain a secret. */
  detail?: string | undefined;
}

/** One call that may need the power of an operator. */
export interface OperatorCall<Outcome> {
  /** Returns the action that needs an operator, in the current state; undefined if the caller needs no such power. */
  audited: () => AuditedAction | undefined;
  /** Acts on behalf of `by`, and calls `changed` once it has changed something. */
  act: (by: Caller, changed?: () => void) => Promise<Outcome>;
}

/**
 * Runs one call that changes something. If it needs the power of an operator, it is first recorded in the audit trail;
 * a call without an entry there runs without that power. A caller that needs no such power does not wait for the trail.
 *
 * @throws {RegistryError} `UNAVAILABLE` if it can't be recorded; otherwise whatever `act` throws.
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
  // It runs without its power, but keeps its share.
  return act({ ...caller, operates: false, share: shareOf(caller) }).catch((error: unknown) => {
    // The instance may have got another owner during a long sweep before the call. Nothing has changed yet: retry as
    // operator.
    const late = hasCode(error, 'FORBIDDEN') ? permittedAction(caller, audited) : undefined;
    if (late === undefined) throw error;
    return record(late);
  });
}

/** A {@link Change} that may need the power of an operator. */
export interface OperatorChange<Outcome, Result> extends Change<Outcome, Result> {
  audited: OperatorCall<Result>['audited'];
}

/** Runs a {@link change} that may need the power of an operator: see {@link withOperatorAudit}. */
export function changeWithOperatorAudit<Outcome, Result>(
  state: TurnState,
  caller: Caller,
  call: OperatorChange<Outcome, Result>,
): Promise<Result> {
  const { audited } = call;
  return withOperatorAudit(state, caller, { audited, act: (by, changed) => change(state, by, call, changed) });
}

/** The parts of a namespace that record operator actions, and log refused ones. */
export interface AuditState {
  platform: Pick<Platform, 'audit' | 'clock' | 'log'>;
  pipeline: Pick<CommitPipeline, 'assertStorable'>;
  /** Limits log lines about refusals per second. */
  refusals: LogGate;
}

/**
 * Runs an action that is recorded in the audit trail: it adds an entry before, and the outcome after. An action that can't
 * be recorded is not run. One that changed nothing leaves no entry, as a token could otherwise push out the entries of
 * others; a refusal is logged instead.
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
    // If the outcome is unknown, the entry stays open, and the journal has the answer.
    if (!isRefusal(error)) throw error;
    // If a later step was refused, the first one still counts.
    audit.end(id, isUnchanged ? { code: error.code } : {});
    const leftOut = refusals.admit(clock.now());
    if (leftOut !== undefined) {
      log('warn', 'an operator action was refused', { ...note, code: error.code, leftOut: leftOut || undefined });
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
      'the action could not be recorded in the audit trail, so it was not carried out; retry',
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

/** Returns the action that needs an operator, unless the call will be refused anyway. */
function permittedAction(caller: Caller, audited: OperatorCall<unknown>['audited']): AuditedAction | undefined {
  const action = audited();
  return action !== undefined && operatesOn(caller, action.key) ? action : undefined;
}

/** Returns a change of an instance as an audited action if another token owns the instance; its owner needs no operator. */
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

/** Returns the action that sets an override: a quarantine has its own name. */
export function overrideAction({ quarantine }: { quarantine?: unknown }): 'quarantined' | 'overridden' {
  return quarantine === undefined ? 'overridden' : 'quarantined';
}

/** Actions of a batch, most severe first: those that outlast the instance, those that end it, and so on. */
const BY_GRAVITY = ['quarantined', 'deregistered', 'overridden', 'changed'] as const satisfies AuditAction[];

/**
 * Returns a batch as one audited action: the most severe of its operations that need an operator, with the first instance
 * that it changes. The detail counts them all: `batch of 12: 1 quarantined, 3 changed`.
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
