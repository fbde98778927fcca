import type { Manifest } from '../backup/manifest';
import type { Table } from './table';
import { fieldTable } from './views';

/** What is in a backup, for people. */
export function backupView({ version, startedAt, directory, namespaces }: Manifest): Table {
  const bytes = [directory, ...namespaces].reduce((sum, object) => sum + object.bytes, 0);
  return fieldTable([
    ['made', `${startedAt} by Rollcall ${version}`],
    ['size', `${(bytes / 1_000_000).toFixed(1)} MB`],
    ['namespaces', namespaces.map(({ id }) => id).join(' ')],
  ]);
}
