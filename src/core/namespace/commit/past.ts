import { findRecord } from '../records/record-kinds';
import { headRevision } from '../records/record-row';
import type { RecordKey, RecordText } from '../records/records';
import type { StoredState } from './commit-state';
import type { JournaledChange } from './journaled-change';

/**
 * A record as it was right after a revision; undefined where there was none. It walks back from today, from change to
 * change of this record, so it costs as many reads as the record has changed since.
 *
 * @param revision One that the journal still keeps.
 */
export function recordAt(
  { catalog, journal, platform }: Pick<StoredState, 'catalog' | 'journal' | 'platform'>,
  key: RecordKey,
  revision: number,
): RecordText | undefined {
  const today = findRecord(catalog, key);
  let text = today?.text ?? null;
  let changedAt = today?.revision ?? headRevision(platform.storage, key, catalog.service(key));
  while (changedAt > revision) {
    const change = journal.changesAt(changedAt).find((each) => isOf(each, key));
    if (change === undefined) break;
    text = change.before;
    changedAt = change.previous;
  }
  return text === null ? undefined : { text, revision: changedAt };
}

/** True if a change is one of this record. */
export function isOf(change: JournaledChange, key: RecordKey): boolean {
  return (
    change.kind === key.kind && change.id === key.id && change.service === key.service && change.group === key.group
  );
}
