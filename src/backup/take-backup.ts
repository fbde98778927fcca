import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { STORAGE_NAME } from '../launcher/data-folder';
import { LaunchError, systemErrorCode } from '../launcher/launch-error';
import { BackupError } from './backup-error';
import { makeFolder, secureFolder, toDisk } from './durable-files';
import {
  BACKUP_FORMAT,
  CHECKSUMS_FILE,
  checksumOf,
  checksumsText,
  MANIFEST_FILE,
  type Manifest,
  storedObjects,
} from './manifest';
import { copyDatabase, loadSqlite, type Sqlite } from './sqlite';
import { DIRECTORY_FILE, factsOf, listedNamespaces, NOTHING_STORED, namespaceFile } from './stored-object';

/** How often the directory is copied anew while namespaces are made, changed and removed. */
const ROUNDS_MAX_COUNT = 10;

/** What to back up, and where to. */
export interface BackupOptions {
  /** The data folder of a registry, running or stopped. */
  data: string;
  /** The folder to make. */
  target: string;
  /** Version of Rollcall that makes it. */
  version: string;
  /** Told how many databases have been copied, of how many that are known of. */
  progress?: ((copied: number, known: number) => void) | undefined;
}

/**
 * Backs a registry up, running or stopped, into a new folder.
 *
 * Each database is copied as it was in one moment. The directory is the last: what the others name, it knows. A
 * namespace of which it then says something else than before that namespace was copied is copied again, and after it
 * the directory. The folder gets its name when all of it is on the disk, so an interrupted backup leaves none.
 *
 * @throws {BackupError} Where there is no registry, the folder is there already, or something can't be read or written.
 */
export async function takeBackup({ data, target, version, progress }: BackupOptions): Promise<Manifest> {
  const storage = join(resolve(data), STORAGE_NAME);
  const folder = resolve(target);
  const sqlite = await loadSqlite();
  if (!existsSync(join(storage, dirname(namespaceFile(''))))) {
    throw new BackupError(`There is no registry in ${resolve(data)}. Name its data folder with --data.`);
  }
  if (existsSync(folder)) {
    throw new BackupError(`${folder} is there already. Name a folder that is not: a backup never replaces another.`);
  }
  let partial: string | undefined;
  try {
    await makeFolder(dirname(folder));
    partial = await mkdtemp(join(dirname(folder), `${basename(folder)}.partial-`));
    const copy = new StorageCopy(sqlite, storage, join(partial, STORAGE_NAME), progress);
    const manifest = await copy.make(version);
    await writeDescription(partial, manifest);
    await secureFolder(partial);
    await rename(partial, folder);
    await toDisk(dirname(folder));
    return manifest;
  } catch (error) {
    if (partial !== undefined) await rm(partial, { recursive: true, force: true });
    throw backupFailure(folder, error);
  }
}

/** Turns a system's or SQLite's error into one for people; anything else comes back as it was. */
function backupFailure(folder: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === undefined || error instanceof BackupError || error instanceof LaunchError) return error;
  const reason = error instanceof Error ? error.message : code;
  return new BackupError(`The backup ${folder} can't be made: ${reason}.`, { cause: error });
}

async function writeDescription(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  const files = [MANIFEST_FILE, ...storedObjects(manifest).map(({ file }) => file)];
  const checksums = new Map<string, string>();
  for (const file of files) checksums.set(file, await checksumOf(join(folder, file)));
  await writeFile(join(folder, CHECKSUMS_FILE), checksumsText(checksums));
}

/** A copy of a folder of databases, in the making. */
class StorageCopy {
  readonly #sqlite: Sqlite;
  readonly #from: string;
  readonly #to: string;
  readonly #progress: (copied: number, known: number) => void;
  /** What the directory said of each namespace before it was copied. */
  readonly #copied = new Map<string, string>();

  constructor(sqlite: Sqlite, from: string, to: string, progress: BackupOptions['progress'] = () => {}) {
    this.#sqlite = sqlite;
    this.#from = from;
    this.#to = to;
    this.#progress = progress;
  }

  async make(version: string): Promise<Manifest> {
    for (const file of [DIRECTORY_FILE, namespaceFile('')]) await makeFolder(join(this.#to, dirname(file)));
    const startedAt = new Date().toISOString();
    const listed = await this.#copyAll();
    const endedAt = new Date().toISOString();
    const directory = existsSync(join(this.#to, DIRECTORY_FILE)) ? await this.#describe(DIRECTORY_FILE) : null;
    const namespaces: Manifest['namespaces'] = [];
    for (const id of this.#copied.keys()) {
      const file = namespaceFile(id);
      // One that was removed meanwhile is not to come back when somebody makes another of its name.
      if (!listed.has(id)) await rm(join(this.#to, file), { force: true });
      const { epoch, revision } = this.#factsOf(file);
      if (epoch !== undefined) namespaces.push({ id, epoch, revision, ...(await this.#describe(file)) });
    }
    return { format: BACKUP_FORMAT, version, startedAt, endedAt, directory, namespaces };
  }

  /** @returns What the directory's copy lists. */
  async #copyAll(): Promise<Map<string, string>> {
    let listed = listedNamespaces(this.#sqlite, join(this.#from, DIRECTORY_FILE));
    for (let round = 0; round < ROUNDS_MAX_COUNT; round++) {
      for (const [id, row] of listed) {
        if (this.#copied.get(id) !== row) await this.#copy(namespaceFile(id));
        this.#copied.set(id, row);
        this.#progress(this.#copied.size, listed.size + 1);
      }
      await this.#copy(DIRECTORY_FILE);
      listed = listedNamespaces(this.#sqlite, join(this.#to, DIRECTORY_FILE));
      if ([...listed].every(([id, row]) => this.#copied.get(id) === row)) return listed;
    }
    const advice = 'Try again when they are left alone for a moment.';
    throw new BackupError(`Namespaces are made and changed faster than they can be copied. ${advice}`);
  }

  /** Copies a database anew; where nothing was ever stored, or no longer is, there is nothing to copy. */
  async #copy(file: string): Promise<void> {
    const [from, to] = [join(this.#from, file), join(this.#to, file)];
    await rm(to, { force: true });
    if (!existsSync(from)) return;
    copyDatabase(this.#sqlite, from, to);
    if (this.#factsOf(file).schema === undefined) await rm(to, { force: true });
  }

  #factsOf(file: string) {
    const path = join(this.#to, file);
    return existsSync(path) ? factsOf(this.#sqlite, path) : NOTHING_STORED;
  }

  async #describe(file: string) {
    const { size } = await stat(join(this.#to, file));
    return { file: join(STORAGE_NAME, file), bytes: size, schema: this.#factsOf(file).schema ?? 0 };
  }
}
