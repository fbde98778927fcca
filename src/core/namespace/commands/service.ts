import type { OperationResult, Precondition } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import type { ServiceDefinition, ServicePatch } from '../../../model/service';
import { assertOperates, assertRegistered } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { missingService } from '../records/catalog';
import type { ServiceRecord } from '../records/records';
import { merged } from './patch';

/**
 * Sets the record of a service.
 *
 * @throws {RegistryError} `FORBIDDEN`, `REVISION_MISMATCH`, `LIMIT_EXCEEDED`.
 */
export function putService(
  draft: Draft,
  caller: Caller,
  key: ServiceKey,
  definition: ServiceDefinition,
  precondition: Precondition,
): OperationResult['outcome'] {
  assertOperates(caller, key);
  const current = draft.service(key);
  draft.require({ kind: 'service', ...key, id: '' }, current, precondition);
  return replace(draft, caller, key, current?.record, definition);
}

/**
 * Changes the record of a service. A service that exists only through its instances gets a record.
 *
 * @param exists True if the service exists, with or without a record.
 * @throws {RegistryError} `FORBIDDEN`, `SERVICE_NOT_FOUND`, `REVISION_MISMATCH`, `INVALID_REQUEST`, `LIMIT_EXCEEDED`.
 */
export function patchService(
  draft: Draft,
  caller: Caller,
  key: ServiceKey,
  exists: boolean,
  changes: ServicePatch,
  precondition: Precondition,
): OperationResult['outcome'] {
  assertOperates(caller, key);
  const current = draft.service(key);
  draft.require({ kind: 'service', ...key, id: '' }, current, precondition);
  if (!exists) throw missingService(key);
  const definition = current?.record.definition ?? { metadata: {}, protectThreshold: 0 };
  return replace(draft, caller, key, current?.record, {
    metadata: changes.metadata === undefined ? definition.metadata : merged(definition.metadata, changes.metadata),
    protectThreshold: changes.protectThreshold ?? definition.protectThreshold,
    selector: changes.selector === null ? undefined : (changes.selector ?? definition.selector),
  });
}

function replace(
  draft: Draft,
  { tokenId: actor }: Caller,
  key: ServiceKey,
  record: ServiceRecord | undefined,
  { metadata, protectThreshold, selector }: ServiceDefinition,
): OperationResult['outcome'] {
  const definition: ServiceDefinition = { metadata, protectThreshold, selector };
  if (record !== undefined && JSON.stringify(record.definition) === JSON.stringify(definition)) return 'unchanged';
  draft.putService(
    key,
    { definition, createdRevision: record?.createdRevision ?? draft.revision, actor },
    record === undefined ? 'registered' : 'updated',
  );
  return record === undefined ? 'created' : 'changed';
}

/**
 * Removes a service. It is not an error if there is none.
 *
 * @param instanceIds Ids of its instances.
 * @throws {RegistryError} `FORBIDDEN`, `REVISION_MISMATCH`, `CONFLICT` while it has instances and `force` is not set, or
 *   instances that entries describe.
 */
export function removeService(
  draft: Draft,
  caller: Caller,
  key: ServiceKey,
  instanceIds: string[],
  force: boolean,
  precondition: Precondition,
): void {
  assertOperates(caller, key);
  const current = draft.service(key);
  draft.require({ kind: 'service', ...key, id: '' }, current, precondition);
  if (instanceIds.length > 0 && !force) {
    throw new RegistryError(
      'CONFLICT',
      `the service ${quote(key.service)} still has instances (${instanceIds.length}); deregister them first, or add ?force to remove them with it`,
    );
  }
  for (const id of instanceIds) {
    const instance = draft.instance({ ...key, id });
    if (instance !== undefined) assertRegistered({ ...key, id }, instance.record);
    draft.removeInstance({ ...key, id }, 'deregistered');
  }
  if (current !== undefined) draft.putService(key, null, 'deregistered');
}
