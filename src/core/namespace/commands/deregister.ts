import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import { DRAIN_QUARANTINE_MS } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import { timestamp } from '../../../model/timestamp';
import { assertMayChange, assertRegistered, operatesOn } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { missingInstance } from '../records/catalog';
import type { OverrideRecord } from '../records/records';

/**
 * Removes an instance. It is not an error if the instance is already gone, unless a precondition says so.
 *
 * @throws {RegistryError} `FORBIDDEN`, `REVISION_MISMATCH`, `CONFLICT` if an entry describes it.
 */
export function deregister(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  precondition: Precondition,
): OperationResult['outcome'] {
  const current = draft.instance(key);
  if (current !== undefined) assertMayChange(caller, key, current.record.owner);
  draft.require({ kind: 'instance', ...key }, current, precondition);
  if (current === undefined) return 'absent';
  assertRegistered(key, current.record);
  draft.removeInstance(key, 'deregistered');
  return 'removed';
}

/**
 * Takes an instance out of traffic, and removes it after the grace period. If the caller is not the owner but an operator,
 * it also leaves a quarantine of ten minutes, as a live client would register again at its next heartbeat.
 *
 * @returns Time at which the instance is removed, on the namespace's axis.
 * @throws {RegistryError} `FORBIDDEN`, `INSTANCE_NOT_FOUND`, `CONFLICT` if an entry describes it.
 */
export function drain(draft: Draft, caller: Caller, key: InstanceKey, graceMs: number): number {
  const current = draft.instance(key);
  if (current === undefined) throw missingInstance(key);
  const { record } = current;
  assertMayChange(caller, key, record.owner);
  assertRegistered(key, record);
  const drainEndsAt = Math.min(record.drainEndsAt ?? Number.POSITIVE_INFINITY, draft.now + graceMs);
  if (drainEndsAt !== record.drainEndsAt) {
    const updated = { ...record, drainEndsAt, changes: record.changes + 1, updatedAt: draft.stamp };
    draft.putInstance(key, updated, 'drained', false);
  }
  if (caller.tokenId !== record.owner) quarantine(draft, caller, key, graceMs);
  return drainEndsAt;
}

function quarantine(draft: Draft, caller: Caller, key: InstanceKey, graceMs: number): void {
  const override = draft.override(key)?.record.override;
  // A quarantine that was set on purpose is not shortened.
  if (override?.quarantine !== undefined) return;
  const until = timestamp(draft.stamp + graceMs + DRAIN_QUARANTINE_MS);
  const quarantined = { ...override, quarantine: { until, reason: 'drained by an operator' } };
  const record = { override: quarantined, actor: caller.tokenId, updatedAt: draft.stamp, isDrain: true as const };
  draft.putOverride(key, record, 'drained');
}

/**
 * Ends a drain before its removal, and lifts the quarantine that the drain set. A quarantine that an operator has set since
 * stays, like the rest of the override.
 *
 * @returns False if the instance is not draining; nothing changes then.
 * @throws {RegistryError} `INSTANCE_NOT_FOUND` once it is removed; `FORBIDDEN`, also to its owner after an operator's drain.
 */
export function cancelDrain(draft: Draft, caller: Caller, key: InstanceKey): boolean {
  const current = draft.instance(key);
  if (current === undefined) throw missingInstance(key);
  const { record } = current;
  assertMayChange(caller, key, record.owner);
  if (record.drainEndsAt === undefined) return false;
  const override = draft.override(key)?.record;
  if (override !== undefined && hasDrainQuarantine(override)) {
    assertMayLift(caller, key, override.actor);
    const { quarantine: _lifted, ...rest } = override.override;
    const kept = { override: rest, actor: caller.tokenId, updatedAt: draft.stamp };
    draft.putOverride(key, Object.keys(rest).length > 0 ? kept : null, 'drain-cancelled');
  }
  const updated = { ...record, drainEndsAt: undefined, changes: record.changes + 1, updatedAt: draft.stamp };
  draft.putInstance(key, updated, 'drain-cancelled', false);
  return true;
}

/** Returns whether a drain set the quarantine of an override. */
export function hasDrainQuarantine({ override, isDrain }: OverrideRecord): boolean {
  return isDrain === true && override.quarantine !== undefined;
}

function assertMayLift(caller: Caller, key: InstanceKey, operator: string): void {
  if (operatesOn(caller, key)) return;
  throw new RegistryError(
    'FORBIDDEN',
    `the instance ${quote(key.id)} of service ${quote(key.service)} in group ${quote(key.group)} was drained by the operator ${quote(operator)}, and ${quote(caller.tokenId)} may not cancel that; use a token with the scope "operate" there`,
  );
}
