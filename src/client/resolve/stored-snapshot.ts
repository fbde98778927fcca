import type { Instance } from '../wire/instance';

/** Where the last list survives the process, so that the next one starts with it while the registry can't be reached. */
export interface SnapshotStore {
  /** What `save` was given last; undefined where there is nothing. What it throws counts as nothing. */
  load(): string | undefined | Promise<string | undefined>;
  /** Keeps a text in place of the one before. Called at most once a second; what it throws is dropped. */
  save(text: string): void | Promise<void>;
}

/** A list as it was. */
export interface StoredSnapshot {
  service: string;
  protectThreshold: number;
  instances: Instance[];
  /** When it was known to be right, in milliseconds since the epoch. */
  at: number;
}

/** Counts up when what is written changes; what another version wrote is not read. */
const VERSION = 1;

/** A snapshot as text; {@link readSnapshot} reads it. */
export function writeSnapshot(snapshot: StoredSnapshot): string {
  return JSON.stringify({ rollcall: VERSION, ...snapshot });
}

/** Reads what was written for the same service; undefined where it is anything else. */
export function readSnapshot(text: string | undefined, service: string): StoredSnapshot | undefined {
  if (text === undefined) return undefined;
  try {
    // `as`: it is our own writing, told by its version, in a place that the caller chose
    const read = JSON.parse(text) as Partial<StoredSnapshot & { rollcall: number }> | null;
    if (read?.rollcall !== VERSION || read.service !== service) return undefined;
    return read as StoredSnapshot; // `as`: see above
  } catch {
    return undefined;
  }
}
