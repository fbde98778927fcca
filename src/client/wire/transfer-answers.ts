/**
 * Responses to an export and an import. Written by `npm run client-types` out of the schemas of src/model: change
 * those.
 */

/** Number of records of each kind, as the last line of a file counts them. */
export interface FileCounts {
  services: number;
  overrides: number;
  instances: number;
}

/** Treatment of records that are not in the file: `merge` keeps them, `replace` removes them. */
export type ImportMode = 'merge' | 'replace';

/** A record that an import would add, change or remove. */
export interface ImportDifference {
  kind: 'difference';
  change: 'added' | 'changed' | 'removed';
  record: 'service' | 'override' | 'instance';
  group: string;
  service: string;
  /** Id of the instance; absent for a service. */
  id?: string | undefined;
}

/** Progress of an import, in records. */
export interface ImportProgress {
  kind: 'progress';
  done: number;
  of: number;
}

/** Result of an import, or of a dry run. */
export interface ImportDone {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  kind: 'done';
  mode: ImportMode;
  dryRun: boolean;
  cursor: string;
  revision: number;
}

/** A transfer that failed midway. An import that was already being applied continues in the background. */
export interface TransferFailed {
  kind: 'failed';
  code: string;
  detail: string;
}
