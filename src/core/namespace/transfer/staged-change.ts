import type { Draft } from '../commit/draft';
import type { Catalog } from '../records/catalog';
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

/** What a record of a file would change. */
export type StagedChange = 'added' | 'changed' | 'unchanged';

/**
 * What a record of a file does to what is there. An instance is the same where it says the same and is the same
 * token's: where it came from and how it is are not the file's to say.
 *
 * @param present Text of the record that is there.
 */
export function changeBy({ kind, value }: StagedRecord, present: string | undefined): StagedChange {
  if (present === undefined) return 'added';
  if (kind === 'instance') return sameRegistration(value, present) ? 'unchanged' : 'changed';
  if (kind === 'override') return value === present ? 'unchanged' : 'changed';
  return definitionText(value) === definitionText(present) ? 'unchanged' : 'changed';
}

const definitionText = (service: string): string => JSON.stringify(decodeService(service).definition);

/** Puts a record of a file: the lease of an instance counts from now. */
export function putStaged(draft: Draft, { kind, value, ...key }: StagedRecord): void {
  if (kind === 'service') {
    const createdRevision = draft.service(key)?.record.createdRevision ?? draft.revision;
    draft.putService(key, { definition: decodeService(value).definition, createdRevision }, 'imported');
  } else if (kind === 'override') {
    draft.putOverride(key, decodeOverride(value), 'imported');
  } else {
    draft.putInstance(key, registered(draft, decodeInstance(value), draft.instance(key)?.record), 'imported', true);
  }
}

/** What a registration would make of it; a session that holds it goes on to, as does a drain. */
function registered(draft: Draft, file: InstanceRecord, present: InstanceRecord | undefined): InstanceRecord {
  const { definition, owner } = file;
  const place = definition.location === undefined ? (file.place ?? present?.place) : undefined;
  const { stamp } = draft;
  if (present === undefined) {
    return { ...file, place, createdRevision: draft.revision, registeredAt: stamp, updatedAt: stamp };
  }
  return {
    ...(present.healthy ? present : withHealth(present, true, stamp)),
    definition,
    owner,
    place,
    changes: present.changes + 1,
    updatedAt: stamp,
    session: definition.lease === null ? undefined : present.session,
  };
}

/** Removes a record that is not in the file. */
export function removeUnstaged(draft: Draft, key: RecordKey): void {
  if (key.kind === 'service') draft.putService(key, null, 'imported');
  else if (key.kind === 'override') draft.putOverride(key, null, 'imported');
  else draft.removeInstance(key, 'imported');
}

/**
 * Everything that is there, in the order of services and ids: first what a service has of its own, then each instance
 * after what operators say about it. What goes meanwhile is left out; what comes may be.
 *
 * @param last Only what comes after this one; never what is said about an instance that is yet to come.
 */
export function* presentRecords(catalog: Catalog, last?: RecordKey): Generator<RecordKey> {
  const place = last === undefined ? START : { name: last.service, group: last.group, id: last.id };
  for (const service of servicesFrom(catalog, place)) {
    const key = { group: service.group, service: service.name };
    const isContinued = last !== undefined && last.service === service.name && last.group === service.group;
    if (!isContinued && service.own !== undefined) yield { kind: 'service', ...key, id: '' };
    for (const id of idsAfter(service, isContinued ? last.id : '')) {
      if (service.overrides.has(id)) yield { kind: 'override', ...key, id };
      if (service.instances.has(id)) yield { kind: 'instance', ...key, id };
    }
  }
}
