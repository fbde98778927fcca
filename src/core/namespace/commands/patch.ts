import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import type { InstanceDefinition, InstancePatch } from '../../../model/instance';
import { Metadata, mergeMetadata } from '../../../model/metadata';
import type { Caller, PatchCommand } from '../../../model/namespace-api';
import { assertMayChange, assertRegistered } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { missingInstance } from '../records/catalog';
import { definitionText } from '../records/records';

/**
 * Changes members of a registration. It does not renew the lease, as the caller need not be the instance itself.
 *
 * @throws {RegistryError} `FORBIDDEN`, `INSTANCE_NOT_FOUND`, `CONFLICT` if an entry describes it, `REVISION_MISMATCH`,
 *   `INVALID_REQUEST` if the result exceeds a limit.
 */
export function patch(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  changes: InstancePatch & Pick<PatchCommand, 'lease'>,
  precondition: Precondition,
): OperationResult['outcome'] {
  const current = draft.instance(key);
  if (current !== undefined) assertMayChange(caller, key, current.record.owner);
  draft.require({ kind: 'instance', ...key }, current, precondition);
  if (current === undefined) throw missingInstance(key);
  const { record } = current;
  assertRegistered(key, record);
  const lease = changes.lease ?? record.definition.lease;
  const definition: InstanceDefinition = {
    ...record.definition,
    weight: changes.weight ?? record.definition.weight,
    status: changes.status ?? record.definition.status,
    tags: changes.tags ?? record.definition.tags,
    lease,
    ephemeral: lease !== null,
    metadata:
      changes.metadata === undefined
        ? record.definition.metadata
        : merged(record.definition.metadata, changes.metadata),
  };
  if (definitionText(definition) === definitionText(record.definition)) return 'unchanged';
  const updated = { ...record, definition, changes: record.changes + 1, updatedAt: draft.stamp };
  draft.putInstance(key, updated, 'updated', changes.lease !== undefined);
  return 'changed';
}

/**
 * Applies a merge patch to metadata.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if the result exceeds a limit.
 */
export function merged(metadata: Metadata, changes: Record<string, string | null>): Metadata {
  const checked = Metadata.safeParse(mergeMetadata(metadata, changes));
  if (checked.success) return checked.data;
  const message = checked.error.issues[0]?.message ?? 'metadata is over a limit';
  throw new RegistryError('INVALID_REQUEST', `after this patch, ${message}`, {
    errors: [{ path: 'metadata', message }],
  });
}
