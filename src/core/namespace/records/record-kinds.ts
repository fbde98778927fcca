import type { Catalog } from './catalog';
import { instanceKind } from './instance-kind';
import { overrideKind } from './override-kind';
import type { RecordKind } from './record-kind';
import type { AnyRecord, RecordKey, RecordKindName, Records, RecordText } from './records';
import { serviceKind } from './service-kind';

/** All kinds of record, in the order of loading. */
export const RECORD_KINDS: Readonly<Record<RecordKindName, RecordKind<AnyRecord>>> = {
  service: serviceKind,
  override: overrideKind,
  instance: instanceKind,
} satisfies { [Name in RecordKindName]: RecordKind<Records[Name]> };

const BY_NUMBER = new Map(Object.values(RECORD_KINDS).map((kind) => [kind.number, kind]));

/** Returns the kind with a number of the column `kind`. */
export function recordKind(number: number): RecordKind<AnyRecord> {
  const kind = BY_NUMBER.get(number);
  if (kind !== undefined) return kind;
  throw new Error(`the storage holds a record of kind ${number}, which this version does not know`);
}

/** Returns the text and revision of a record of any kind; undefined if there is none. */
export function findRecord(catalog: Catalog, key: RecordKey): RecordText | undefined {
  const service = catalog.service(key);
  return service && RECORD_KINDS[key.kind].find(service, key.id);
}
