import type { SqlStorage } from '../../storage/sql-storage';
import type { ServiceEntry } from './catalog';
import { readHeadRevision } from './record-row';
import type { RecordKey } from './records';

/** Name of a record's head among those of its service. */
export function headName({ kind, id }: Pick<RecordKey, 'kind' | 'id'>): string {
  return `${kind}\u0000${id}`;
}

/** Revision at which a record that is not there now was removed; 0 as far as the journal knows of none. */
export function headRevision(storage: SqlStorage, key: RecordKey, service: ServiceEntry | undefined): number {
  if (service === undefined) return 0;
  const unwritten = service.unwrittenHeads.get(headName(key));
  if (unwritten !== undefined) return unwritten;
  return service.hasHeads ? readHeadRevision(storage, key) : 0;
}
