import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DIRECTORY_FILE, namespaceFile } from '../host/resident/data-files';
import { DurabilityMarker } from '../host/resident/storage/durability-marker';
import { refuseOldLayout, STORAGE_NAME } from '../launcher/data-folder';
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
  storedDatabases,
} from './manifest';
import { copyDatabase, type Sqlite } from './sqlite';
import { factsOf, listedNamespaces, type StoredFacts } from './stored-database';

/** Maximum number of copies of the directory while namespaces are created, changed and removed. */
const ROUNDS_MAX_COUNT = 10;

/** Number of attempts to copy a database. */
const COPY_ATTEMPTS_COUNT = 3;

/** Options of a backup. */
export interface BackupOptions {
  /** Data folder of a registry, running or stopped. */
  data: string;
  /** The folder to create. */
  target: string;
  /** Version of Rollcall that makes the backup. */
  version: string;
  /** Called with the numbers of copied and known databases. */
  progress?: ((copied: number, known: number) => void) | undefined;
}

/**
 * Backs up a registry, running or stopped, into a new folder.
 *
 * Each database is copied as of one moment. The directory is copied last, so that it knows everything that the others name. A
 * namespace whose entry in it has changed since that namespace was copied is copied again, and after it
 * the directory. The folder gets its name when everything is on the disk, so an interrupted backup leaves none.
 *
 * @throws {BackupError} if there is no registry, the folder exists, or something is damaged or can't be read
 *   or written.
 * @throws {LaunchError} if a version on workerd wrote the data.
 */
export async function takeBackup({ data, target, version, progress }: BackupOptions): Promise<Manifest> {
  const storage = join(resolve(data), STORAGE_NAME);
  const folder = resolve(target);
  const sqlite = await import('node:sqlite');
  refuseOldLayout(resolve(data));
  if (!existsSync(join(storage, DIRECTORY_FILE))) {
    throw new BackupError(`There is no registry in ${resolve(data)}. Set its data folder with --data.`);
  }
  if (existsSync(folder)) {
    throw new BackupError(`${folder} already exists. Name a new folder: a backup never replaces another.`);
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

/** Returns a readable error for one of the system or SQLite; any other is returned unchanged. */
function backupFailure(folder: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === undefined || error instanceof BackupError || error instanceof LaunchError) return error;
  const reason = error instanceof Error ? error.message : code;
  return new BackupError(`The backup ${folder} can't be made: ${reason}.`, { cause: error });
}

async function writeDescription(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  const files = [MANIFEST_FILE, ...storedDatabases(manifest).map(({ file }) => file)];
  const checksums = new Map<string, string>();
  for (const file of files) checksums.set(file, await checksumOf(join(folder, file)));
  await writeFile(join(folder, CHECKSUMS_FILE), checksumsText(checksums));
}

/** A copy of a folder of databases that is being made. */
class StorageCopy {
  readonly #sqlite: Sqlite;
  readonly #from: string;
  readonly #to: string;
  readonly #progress: (copied: number, known: number) => void;
  /** Entry of each namespace in the directory before the namespace was copied. */
  readonly #copied = new Map<string, string>();
  /** Facts about each copy. */
  readonly #facts = new Map<string, StoredFacts>();

  constructor(sqlite: Sqlite, from: string, to: string, progress: BackupOptions['progress'] = () => {}) {
    this.#sqlite = sqlite;
    this.#from = from;
    this.#to = to;
    this.#progress = progress;
  }

  async make(version: string): Promise<Manifest> {
    await makeFolder(join(this.#to, dirname(namespaceFile(''))));
    const startedAt = new Date().toISOString();
    const listed = await this.#copyAll();
    const endedAt = new Date().toISOString();
    const namespaces: Manifest['namespaces'] = [];
    for (const id of this.#copied.keys()) {
      const file = namespaceFile(id);
      // A namespace that was removed meanwhile must not reappear when another of its name is created.
      if (!listed.has(id)) await this.#drop(file);
      const { epoch, revision = 0 } = this.#facts.get(file) ?? {};
      if (epoch !== undefined) namespaces.push({ id, epoch, revision, ...(await this.#describe(file)) });
    }
    const directory = await this.#describe(DIRECTORY_FILE);
    return { format: BACKUP_FORMAT, version, startedAt, endedAt, directory, namespaces };
  }

  /** @returns The namespaces in the directory's copy. */
  async #copyAll(): Promise<Map<string, string>> {
    let listed = await this.#copyDirectory();
    for (let round = 0; round < ROUNDS_MAX_COUNT; round++) {
      for (const [id, row] of listed) {
        if (this.#copied.get(id) !== row) await this.#copy(namespaceFile(id));
        this.#copied.set(id, row);
        this.#progress(this.#copied.size, listed.size + 1);
      }
      listed = await this.#copyDirectory();
      if ([...listed].every(([id, row]) => this.#copied.get(id) === row)) return listed;
    }
    const advice = 'Try again when there are fewer such changes.';
    throw new BackupError(`Namespaces are created and changed faster than they can be copied. ${advice}`);
  }

  async #copyDirectory(): Promise<Map<string, string>> {
    await this.#copy(DIRECTORY_FILE);
    return listedNamespaces(this.#sqlite, join(this.#to, DIRECTORY_FILE));
  }

  /** Copies a database again. Does nothing if it does not exist, or no longer does. */
  async #copy(file: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#tryToCopy(file);
      } catch (error) {
        // A namespace that is erased or created at this moment looks damaged for a moment.
        if (attempt === COPY_ATTEMPTS_COUNT) throw error;
      }
    }
  }

  async #tryToCopy(file: string): Promise<void> {
    const [from, to] = [join(this.#from, file), join(this.#to, file)];
    const marker = DurabilityMarker.pathOf(from);
    // Read before the copy is made, so that the copy must have this change or a later one.
    const durable = DurabilityMarker.sequenceAt(marker);
    await this.#drop(file);
    if (existsSync(from)) await copyDatabase(this.#sqlite, from, to);
    const facts = existsSync(to) ? factsOf(this.#sqlite, to) : undefined;
    const found = facts?.sequence ?? 0;
    if (found < durable) {
      const problem = `change number ${durable} was durable, but the last one found is number ${found}`;
      throw damagedDatabase(from, `${problem}. To back up what is left, stop the registry and delete ${marker}`);
    }
    if (facts?.damage !== undefined) throw damagedDatabase(from, facts.damage);
    if (facts?.schema === undefined) await this.#drop(file);
    else this.#facts.set(file, facts);
  }

  async #drop(file: string): Promise<void> {
    this.#facts.delete(file);
    await rm(join(this.#to, file), { force: true });
  }

  async #describe(file: string) {
    const { size } = await stat(join(this.#to, file));
    return { file: join(STORAGE_NAME, file), bytes: size, schema: this.#facts.get(file)?.schema ?? 0 };
  }
}

function damagedDatabase(path: string, problem: string): BackupError {
  return new BackupError(`${path} is damaged: ${problem}.`);
}
