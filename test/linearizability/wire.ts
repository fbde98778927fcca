import type { BatchReport } from '../../src/model/batch';
import { decodeCursor, type Position } from '../../src/model/cursor';
import type { EntryLock } from '../../src/model/entry';
import type { InstanceView } from '../../src/model/instance';
import type { TransactionReport, TransactionResult } from '../../src/model/transaction-report';
import {
  type Answer,
  type Call,
  type Content,
  type EntryResult,
  type EntryStep,
  idOf,
  keyOf,
  type Shown,
  type ShownLock,
  type Step,
  serviceOf,
} from './operation';
import { Unlawful } from './recorder';

/** Refusals that calls of a history may get; any other is a defect of the registry or of this recorder. */
const LAWFUL_REFUSALS = new Set([
  'INSTANCE_NOT_FOUND',
  'REVISION_MISMATCH',
  'CONFLICT',
  'LEASE_NOT_FOUND',
  'LOCK_HELD',
]);

export function refusal(code: string, text: string): Answer {
  if (!LAWFUL_REFUSALS.has(code)) throw new Unlawful(`refused with ${text}`);
  return { kind: 'refused', code };
}

/** Returns the body of a registration. */
export function registrationBody({ weight, metadata, lease }: Content): Record<string, unknown> {
  const held = lease === null ? { ephemeral: false } : { lease };
  return { address: '10.0.0.7', port: 8080, weight, metadata, ...held };
}

/** Returns the body of a single change, without the parts in its headers. */
export function stepBody(step: Step): Record<string, unknown> | undefined {
  if (step.op === 'register') return registrationBody(step.content);
  return step.op === 'update' ? { weight: step.weight, metadata: step.metadata } : undefined;
}

/** Returns a step as an operation of a batch. */
export function batchOperation(step: Step): Record<string, unknown> {
  const { op, key, condition } = step;
  const { revision: ifRevision, absent } = condition;
  const ifAbsent = absent === true ? { ifAbsent: true } : {};
  return { op, service: serviceOf(key), id: idOf(key), ifRevision, ...ifAbsent, ...stepBody(step) };
}

export function batchAnswer({ cursor, revision, results }: BatchReport): Answer {
  const at = positionOf(cursor);
  if (at.revision !== revision) throw new Unlawful(`the cursor ${cursor} is not of revision ${revision}`);
  return { kind: 'changed', at, results: results.map(({ outcome, revision }) => ({ outcome, revision })) };
}

export function positionOf(cursor: unknown): Position {
  const position = decodeCursor(String(cursor));
  if (position === undefined) throw new Unlawful(`"${cursor}" is not a cursor`);
  return position;
}

export function shownOf({ service, id, revision, weight, metadata, healthy, lease }: InstanceView): Shown {
  const terms = lease === null ? null : { ttlMs: lease.ttlMs, removeAfterMs: lease.removeAfterMs ?? Infinity };
  return { key: keyOf(service, id), revision, weight, metadata, healthy, lease: terms };
}

/** Returns the body of a transaction. */
export function transactionBody(call: Extract<Call, { kind: 'transact' }>): Record<string, unknown> {
  const compares = call.if.map(({ key, value }) => {
    return value === null ? { key, property: 'exists', operand: false } : { key, property: 'value', operand: value };
  });
  return { if: compares, do: call.do.map(entryOperation), else: call.else.map(entryOperation) };
}

function entryOperation(step: EntryStep): Record<string, unknown> {
  return step.op === 'range' ? { op: 'range', prefix: `${step.group}/` } : { ...step };
}

export function transactionAnswer({ cursor, revision, succeeded, results }: TransactionReport): Answer {
  const at = positionOf(cursor);
  if (at.revision !== revision) throw new Unlawful(`the cursor ${cursor} is not of revision ${revision}`);
  return { kind: 'transacted', at, succeeded, results: results.map(entryResult) };
}

function entryResult(result: TransactionResult): EntryResult {
  if (result.op === 'delete') return { op: 'delete', deleted: result.deleted };
  if (result.op === 'put') {
    const { key = '', createdRevision, revision, version, lock } = result.entry;
    return { op: 'put', entry: { key, createdRevision, revision, version, lock: shownLock(lock) } };
  }
  if (result.op !== 'range') throw new Unlawful(`no operation has the result ${JSON.stringify(result)}`);
  const entries = result.entries.map(({ key = '', value = '', createdRevision, revision, version, lock }) => {
    return { key, value, createdRevision, revision, version, lock: shownLock(lock) };
  });
  return { op: 'range', entries };
}

function shownLock(lock: EntryLock | undefined): ShownLock | undefined {
  return lock && { ...lock, lease: lock.lease ?? null };
}
