import type { SharedDocument } from '../../../model/dialect-reads';
import type { ServiceKey } from '../../../model/namespace-api';
import type { SqlStorage } from '../../storage/sql-storage';

/** Writes a document; one with its id is the same. Runs inside a commit. */
export function writeDocumentRow(storage: SqlStorage, { group, service }: ServiceKey, document: SharedDocument): void {
  const put = 'INSERT OR IGNORE INTO document (group_name, service, id, value) VALUES (?, ?, ?, ?)';
  storage.run(put, group, service, document.id, document.text);
}

/** Runs inside a commit. */
export function removeDocumentRow(storage: SqlStorage, { group, service }: ServiceKey, id: string): void {
  storage.run('DELETE FROM document WHERE group_name = ? AND service = ? AND id = ?', group, service, id);
}

/** All documents of a namespace. */
export function* readDocumentRows(storage: SqlStorage): Generator<ServiceKey & SharedDocument> {
  for (const [group, service, id, text] of storage.read('SELECT group_name, service, id, value FROM document')) {
    yield { group: String(group), service: String(service), id: String(id), text: String(text) };
  }
}
