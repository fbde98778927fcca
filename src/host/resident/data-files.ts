import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { flushFolder } from './storage/disk';
import { DurabilityMarker } from './storage/durability-marker';

/** Ends the name of a database's file. */
const SUFFIX = '.sqlite';

/** Folder of namespaces, in the folder of all databases. */
const NAMESPACES = 'namespaces';

/** The file of the directory, from the folder of all databases. */
export const DIRECTORY_FILE = `directory${SUFFIX}`;

/** Returns the file of a namespace, from the same folder. */
export function namespaceFile(id: string): string {
  return join(NAMESPACES, `${fileNameOf(id)}${SUFFIX}`);
}

/** The files of a registry, in the folder `storage` of its data folder. */
export class DataFiles {
  readonly #folder: string;

  /** @param folder Absolute path; made where it is absent. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(join(folder, NAMESPACES), { recursive: true, mode: 0o700 });
    // A database is flushed with its own folder; a power loss must not take that one.
    for (const parent of [folder, dirname(folder)]) flushFolder(parent);
  }

  /** The directory: namespaces, tokens and the audit trail. */
  get directory(): string {
    return join(this.#folder, DIRECTORY_FILE);
  }

  /** Which namespaces sleep, and until when. */
  get sleepers(): string {
    return join(this.#folder, `sleepers${SUFFIX}`);
  }

  namespace(id: string): string {
    return join(this.#folder, namespaceFile(id));
  }

  /** Tells whether a namespace was ever stored: one whose database is gone, and whose marker is left, is damaged and not absent. */
  hasNamespace(id: string): boolean {
    const path = this.namespace(id);
    return existsSync(path) || existsSync(DurabilityMarker.pathOf(path));
  }

  /** Ids of all namespaces that were stored. */
  namespaces(): string[] {
    const found = readdirSync(join(this.#folder, NAMESPACES));
    const markers = DurabilityMarker.pathOf(SUFFIX);
    const names = [SUFFIX, markers].flatMap((end) =>
      found.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length)),
    );
    return [...new Set(names)].map(idOf);
  }
}

/** Writes a capital letter as `+` and a small one: file systems may take the two for the same, and ids have no `+`. */
function fileNameOf(id: string): string {
  return id.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`);
}

/** Reads what {@link fileNameOf} wrote. */
function idOf(name: string): string {
  return name.replace(/\+([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
