import type { InstanceDefinition } from '../../../model/instance';
import type { Draft } from '../commit/draft';
import type { Catalog } from '../records/catalog';
import { isDescribed } from '../records/catalog-entries';
import { idsAfter, START, servicesFrom } from '../records/catalog-place';
import {
  decodeInstance,
  decodeOverride,
  decodeService,
  type InstanceRecord,
  type RecordKey,
  sameRegistration,
  withHealth,
} from '../records/records';
import type { StagedRecord } from './staged-records';

/** Effect of a record of a file. */
export type StagedChange = 'added' | 'changed' | 'unchanged';

/**
 * Returns the effect of a record of a file on the existing record. An instance is unchanged if it has the same definition
 * and owner: the file does not decide its origin or its health.
 *
 * @param present Text of the existing record.
 */
export function changeBy({ kind, value }: StagedRecord, present: string | undefined): StagedChange {
  if (present === undefined) return 'added';
  if (kind === 'instance') return sameRegistration(value, present) ? 'unchanged' : 'changed';
  if (kind === 'override') return value === present ? 'unchanged' : 'changed';
  return definitionText(value) === definitionText(present) ? 'unchanged' : 'changed';
}

const definitionText = (service: string): string => JSON.stringify(decodeService(service).definition);

/** Puts a record of a file. The lease of an instance starts now. An instance that an entry describes stays as it is. */
export function putStaged(draft: Draft, { kind, value, ...key }: StagedRecord): void {
  if (kind === 'service') {
    const createdRevision = draft.service(key)?.record.createdRevision ?? draft.revision;
    draft.putService(key, { definition: decodeService(value).definition, createdRevision }, 'imported');
  } else if (kind === 'override') {
    draft.putOverride(key, decodeOverride(value), 'imported');
  } else if (draft.instance(key)?.record.entry === undefined) {
    draft.putInstance(key, registered(draft, decodeInstance(value), draft.instance(key)?.record), 'imported', true);
  }
}

/** Returns the record that a registration would make of it. A session still holds it, and a drain continues. */
function registered(draft: Draft, file: InstanceRecord, present: InstanceRecord | undefined): InstanceRecord {
  const definition = withOwnLease(file.definition, present);
  const { owner } = file;
  const place = definition.location === undefined ? (file.place ?? present?.place) : undefined;
  const { stamp } = draft;
  if (present === undefined) {
    return { ...file, definition, place, createdRevision: draft.revision, registeredAt: stamp, updatedAt: stamp };
  }
  return {
    ...(present.healthy ? present : withHealth(present, true, stamp)),
    definition,
    owner,
    place,
    changes: present.changes + 1,
    updatedAt: stamp,
    session: definition.lease === null || definition.lease.id !== undefined ? undefined : present.session,
  };
}

/** Gives an instance a lease of its own, unless the granted lease that the file names holds it now. */
function withOwnLease(definition: InstanceDefinition, present: InstanceRecord | undefined): InstanceDefinition {
  const { lease } = definition;
  if (lease?.id === undefined) return definition;
  const held = present?.definition.lease;
  if (held?.id === lease.id) return { ...definition, lease: held };
  const { id: _left, ...own } = lease;
  return { ...definition, lease: own };
}

/** Removes a record that is not in the file. */
export function removeUnstaged(draft: Draft, key: RecordKey): void {
  if (key.kind === 'service') draft.putService(key, null, 'imported');
  else if (key.kind === 'override') draft.putOverride(key, null, 'imported');
  else draft.removeInstance(key, 'imported');
}

/**
 * Yields the keys of all existing records, ordered by service and id: first a service's own record, then each override
 * followed by its instance, unless an entry describes that. Records removed meanwhile are left out; records added meanwhile may be.
 *
 * @param last Only records after this one. It is never an override whose instance has not been yielded.
 */
export function* presentRecords(catalog: Catalog, last?: RecordKey): Generator<RecordKey> {
  const place = last === undefined ? START : { name: last.service, group: last.group, id: last.id };
  for (const service of servicesFrom(catalog, place)) {
    const key = { group: service.group, service: service.name };
    const isContinued = last !== undefined && last.service === service.name && last.group === service.group;
    if (!isContinued && service.own !== undefined) yield { kind: 'service', ...key, id: '' };
    for (const id of idsAfter(service, isContinued ? last.id : '')) {
      if (service.overrides.has(id)) yield { kind: 'override', ...key, id };
      const instance = service.instances.get(id);
      if (instance !== undefined && !isDescribed(instance)) yield { kind: 'instance', ...key, id };
    }
  }
}
