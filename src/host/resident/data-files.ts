import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { flushFolderSync } from './storage/disk';
import { DurabilityMarker } from './storage/durability-marker';

/** Extension of database files. */
const SUFFIX = '.sqlite';

/** Name of the folder of namespaces, inside the folder of databases. */
const NAMESPACES = 'namespaces';

/** Path of the directory's file, relative to the folder of databases. */
export const DIRECTORY_FILE = `directory${SUFFIX}`;

/** Returns the path of a namespace's file, relative to the folder of databases. */
export function namespaceFile(id: string): string {
  return join(NAMESPACES, `${fileNameOf(id)}${SUFFIX}`);
}

/** Database files of a registry, in the folder `storage` of its data folder. */
export class DataFiles {
  readonly #folder: string;

  /** @param folder Absolute path; created if missing. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(join(folder, NAMESPACES), { recursive: true, mode: 0o700 });
    // Opening a database flushes the folder it is in; the folders above must survive a power loss too.
    for (const parent of [folder, dirname(folder)]) flushFolderSync(parent);
  }

  /** Path of the directory's database, which holds namespaces, tokens and the audit trail. */
  get directory(): string {
    return join(this.#folder, DIRECTORY_FILE);
  }

  /** Path of the list of sleeping namespaces. */
  get sleepers(): string {
    return join(this.#folder, `sleepers${SUFFIX}`);
  }

  /** Returns the path of a namespace's database. */
  namespace(id: string): string {
    return join(this.#folder, namespaceFile(id));
  }

  /** Returns whether a namespace was ever stored. If its database is missing but its marker is there, it counts as damaged. */
  hasNamespace(id: string): boolean {
    const path = this.namespace(id);
    return existsSync(path) || existsSync(DurabilityMarker.pathOf(path));
  }

  /** Returns the ids of all namespaces that were stored. */
  namespaces(): string[] {
    const found = readdirSync(join(this.#folder, NAMESPACES));
    const markers = DurabilityMarker.pathOf(SUFFIX);
    const names = [SUFFIX, markers].flatMap((end) =>
      found.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length)),
    );
    return [...new Set(names)].map(idOf);
  }
}

/** Writes a capital letter as `+` and its lower case, since a file system may ignore case. Ids contain no `+`. */
function fileNameOf(id: string): string {
  return id.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`);
}

/** Inverts {@link fileNameOf}. */
function idOf(name: string): string {
  return name.replace(/\+([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
