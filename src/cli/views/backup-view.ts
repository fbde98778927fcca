import type { Manifest } from '../../backup/manifest';
import type { Table } from '../terminal/table';
import { fieldTable } from './views';

/** What is in a backup, for people. */
export function backupView({ version, startedAt, namespaces }: Manifest): Table {
  return fieldTable([
    ['made', `${startedAt} by Rollcall ${version}`],
    ['namespaces', namespaces.map(({ id }) => id).join(' ')],
  ]);
}
