/**
 * What the API answers to an export and an import. Written by `npm run client-types` out of the schemas of
 * src/model: change those.
 */

/** How many records a file has, as its last line counts them. */
export interface FileCounts {
  services: number;
  overrides: number;
  instances: number;
}

/** How an import takes what is there: `merge` leaves what is not in the file, `replace` removes it. */
export type ImportMode = 'merge' | 'replace';

/** A record that an import would add, change or remove. */
export interface ImportDifference {
  kind: 'difference';
  change: 'added' | 'changed' | 'removed';
  record: 'service' | 'override' | 'instance';
  group: string;
  service: string;
  /** Of the instance; absent for a service. */
  id?: string | undefined;
}

/** How far an import has come, in records. */
export interface ImportProgress {
  kind: 'progress';
  done: number;
  of: number;
}

/** What an import has done, or would do. */
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

/** What came in between. An import that had begun to be applied goes on by itself. */
export interface TransferFailed {
  kind: 'failed';
  code: string;
  detail: string;
}
