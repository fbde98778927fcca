import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import { Extensions, type InstanceDefinition, type InstancePatch } from '../../../model/instance';
import { Metadata, mergeMetadata } from '../../../model/metadata';
import type { Caller, PatchCommand } from '../../../model/namespace-api';
import { assertMayChange, assertRegistered } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { missingInstance } from '../records/catalog';
import { definitionText, withHealth } from '../records/records';
import { repeat } from './register';

/** Changes of a registration; the last three are those of dialects. */
type Changes = InstancePatch & Pick<PatchCommand, 'lease' | 'extension' | 'renew'>;

/**
 * Changes members of a registration. By default it renews the lease only if it replaces it or an extension, as the caller
 * need not be the instance itself.
 *
 * @throws {RegistryError} `FORBIDDEN`, `INSTANCE_NOT_FOUND`, `CONFLICT` if an entry describes it, `REVISION_MISMATCH`,
 *   `INVALID_REQUEST` if the result exceeds a limit.
 */
export function patch(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  changes: Changes,
  precondition: Precondition,
): OperationResult['outcome'] {
  const current = draft.instance(key);
  if (current !== undefined) assertMayChange(caller, key, current.record.owner);
  draft.require({ kind: 'instance', ...key }, current, precondition);
  if (current === undefined) throw missingInstance(key);
  const { record } = current;
  assertRegistered(key, record);
  const lease = changes.lease === undefined ? record.definition.lease : changes.lease;
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
    extensions:
      changes.extension === undefined
        ? record.definition.extensions
        : extended(record.definition.extensions, changes.extension),
  };
  const renewed = changes.renew ?? changes.extension !== undefined;
  if (definitionText(definition) === definitionText(record.definition)) {
    const entry = renewed ? draft.untouched(key) : undefined;
    return entry === undefined ? 'unchanged' : repeat(draft, key, entry);
  }
  const healed = renewed && !record.healthy ? withHealth(record, true, draft.stamp) : record;
  const updated = { ...healed, definition, changes: record.changes + 1, updatedAt: draft.stamp };
  draft.putInstance(key, updated, 'updated', renewed || changes.lease !== undefined);
  return 'changed';
}

/**
 * Replaces one member of extensions.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if the result exceeds a limit.
 */
function extended(extensions: Extensions, { name, value }: { name: string; value: unknown }): Extensions {
  const { [name]: _replaced, ...others } = extensions;
  const checked = Extensions.safeParse(value === undefined ? others : { ...others, [name]: value });
  if (checked.success) return checked.data;
  const message = checked.error.issues[0]?.message ?? 'extensions are over a limit';
  throw new RegistryError('INVALID_REQUEST', `after this patch, ${message}`, {
    errors: [{ path: 'extensions', message }],
  });
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
