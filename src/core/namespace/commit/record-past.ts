import type { Platform } from '../../platform/platform';
import type { Catalog } from '../records/catalog';
import { findRecord } from '../records/record-kinds';
import { headRevision } from '../records/record-row';
import type { RecordKey, RecordText } from '../records/records';
import type { Journal } from './journal';
import { isOf } from './journal-format';

/**
 * Returns a record as it was right after a revision; undefined if there was none. It walks back from the current record,
 * change by change, so it costs as many reads as the record has changed since.
 *
 * @param revision A retained revision.
 */
export function recordAt(
  { catalog, journal, platform }: { catalog: Catalog; journal: Journal; platform: Pick<Platform, 'storage'> },
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
