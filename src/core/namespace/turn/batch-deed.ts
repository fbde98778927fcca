import type { AuditAction } from '../../../model/audit';
import type { Operation } from '../../../model/batch';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import { operatesOn } from '../access/ownership';
import type { Catalog } from '../records/catalog';
import { type Deed, isForeign } from './operator-power';

/** What a batch can do with the power of an operator, the gravest first: what outlasts the instance, what ends it, and so on. */
const BY_GRAVITY = ['quarantined', 'deregistered', 'overridden', 'changed'] as const satisfies AuditAction[];

/**
 * A batch is one deed: the gravest of its operations that take an operator, to the first instance that it is done to. The
 * detail counts them all: `batch of 12: 1 quarantined, 3 changed`.
 */
export function batchDeed(catalog: Catalog, caller: Caller, operations: readonly Operation[]): Deed | undefined {
  const { operates } = caller;
  if (operates === undefined || operates === false) return undefined;
  const counts = new Map<AuditAction, number>();
  const firsts = new Map<AuditAction, Operation>();
  for (const operation of operations) {
    if (!takesPower(catalog, caller, operation) || !operatesOn(caller, operation.key)) continue;
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

function takesPower(catalog: Catalog, caller: Caller, { op, key }: Operation): boolean {
  return op === 'override' || isForeign(catalog, caller, key);
}

/** What an override is written down as: a quarantine by its own name. */
export function overrideAction({ quarantine }: { quarantine?: unknown }): 'quarantined' | 'overridden' {
  return quarantine === undefined ? 'overridden' : 'quarantined';
}

function actionOf(operation: Operation): (typeof BY_GRAVITY)[number] {
  if (operation.op === 'override') return overrideAction(operation.override);
  return operation.op === 'deregister' ? 'deregistered' : 'changed';
}

/** What services have of their own is an operator's, whoever's the instances are. */
export function serviceDeed(action: AuditAction, { group, service }: ServiceKey, detail?: string): Deed {
  return { action, key: { group, service }, detail };
}
