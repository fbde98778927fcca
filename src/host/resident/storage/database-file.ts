import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { refusePromise, type SqlStorage } from '../../../core/storage/sql-storage';
import { RegistryError } from '../../../model/errors';
import { DATABASE_LOCKED_MAX_MS, DATABASE_LOCKED_RETRY_MS } from '../../../model/limits';
import { CheckpointSchedule } from './checkpoint-schedule';
import { type Checkpointed, type CheckpointWorker, canCheckpointBeside, checkpointOn } from './checkpoint-worker';
import { flushFolder, lengthOf, messageOf, rewriteFile } from './disk';
import { DurabilityMarker } from './durability-marker';
import { type NodeSqlite, nodeSqlite } from './node-sqlite';
import { inspectDatabase, writeFirst, writeSequence } from './sequence';
import { WalFile } from './wal-file';
import { isFailedFlush, isLocked, type WriteFault, WriteFaults, WriteProbe, writeFaultIn } from './write-faults';

/** Parts of a {@link DatabaseFile}. */
export interface DatabaseFileParts {
  /** Path of the database, such as `.../public.sqlite`. The files of SQLite and the marker are beside it. */
  path: string;
  /** Shared by the process. */
  checkpoints: Pick<CheckpointWorker, 'checkpoint'>;
  /**
   * Called once when a flush has failed, or when the file was deleted or replaced. Memory is then ahead of the disk, so the
   * process must end, preferably by a signal that lets nothing else run: reads may return data that is not durable.
   */
  onLost(reason: string): void;
  /** Faults of all files, shared by the process. Default: only those of this file. */
  faults?: WriteFaults | undefined;
  /** Default: the version of this process. */
  sqliteVersion?: string | undefined;
}

/** Size of the probe's row, large enough to fail while the disk is still full. */
const PROBE_LENGTH = 256 * 1024;

const DROP_PROBE = 'DROP TABLE IF EXISTS _probe';

/** A flush under way. `upTo` is the number of the last change that it makes durable. */
interface Flush {
  upTo: number;
  done: Promise<void>;
}

/**
 * A SQLite file that loses nothing once a `sync` has resolved. It is in WAL mode with `synchronous=NORMAL`: a commit
 * leaves the flush to `sync`, which flushes the WAL through a separate descriptor without blocking the event loop.
 *
 * `test/power-loss/` lists the rules that make this safe, and shows the loss if one is broken.
 */
export class DatabaseFile {
  readonly storage: SqlStorage;
  readonly #parts: DatabaseFileParts;
  readonly #database: DatabaseSync;
  readonly #sqlite: NodeSqlite;
  readonly #wal: WalFile;
  readonly #marker: DurabilityMarker;
  readonly #schedule: CheckpointSchedule;
  readonly #faults: WriteFaults;
  readonly #probe: WriteProbe;
  /** True if checkpoints in a separate thread are unsafe with this SQLite, and have to block the event loop. */
  readonly #checkpointsHere: boolean;
  /** Numbers of the last committed and of the last durable change. */
  #committed: number;
  #durable: number;
  /** The flush under way, and the one that waits for its end. */
  #flushing: Flush | undefined;
  #queued: Promise<void> | undefined;
  #inTransaction = false;
  /** Numbers of writing statements in this transaction, and since the last flush. */
  #statements = 0;
  #statementsToFlush = 0;
  #lost: string | undefined;
  #closing: Promise<void> | undefined;

  private constructor(parts: DatabaseFileParts, database: DatabaseSync, marker: DurabilityMarker, sequence: number) {
    this.#parts = parts;
    this.#database = database;
    this.#sqlite = nodeSqlite(database);
    this.#marker = marker;
    this.#committed = sequence;
    this.#durable = sequence;
    const [page] = database.prepare('PRAGMA page_size').all();
    const [sqlite] = database.prepare('SELECT sqlite_version() AS version').all();
    this.#checkpointsHere = !canCheckpointBeside(parts.sqliteVersion ?? String(sqlite?.version));
    this.#wal = new WalFile(walOf(parts.path), Number(page?.page_size));
    this.#schedule = new CheckpointSchedule({ wal: this.#wal, checkpoint: () => this.#checkpoint() });
    this.#faults = parts.faults ?? new WriteFaults(() => {});
    this.#probe = new WriteProbe(parts.path, this.#faults, () => this.#tryToWrite());
    this.storage = {
      run: (statement, ...bindings) => this.#run(() => this.#sqlite.run(statement, ...bindings)),
      read: (query, ...bindings) => {
        this.#refuseIfUnusable();
        return this.#sqlite.read(query, ...bindings);
      },
      transaction: (work) => this.#transaction(work),
      sync: () => this.#sync(),
    };
  }

  /**
   * Opens a database; creates it if it is missing. Resolves when everything that can be read from it survives a power loss.
   *
   * A database with content also opens on a full disk, and can be read; see {@link writeFault}.
   *
   * @throws {RegistryError} `NOT_CONFIGURED` if the file is damaged, because durable changes are missing. Nothing is changed
   *   then. `UNAVAILABLE` if it can't be opened.
   */
  static async open(parts: DatabaseFileParts): Promise<DatabaseFile> {
    for (const endsAt = performance.now() + DATABASE_LOCKED_MAX_MS; ; ) {
      try {
        return await DatabaseFile.#attempt(parts);
      } catch (error) {
        // A killed process holds SQLite's locks until its last flush has ended, possibly after it has released the data folder.
        if (!isLocked(error) || performance.now() > endsAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, DATABASE_LOCKED_RETRY_MS));
      }
    }
  }

  static async #attempt(parts: DatabaseFileParts): Promise<DatabaseFile> {
    const { path } = parts;
    let marker: DurabilityMarker | undefined;
    let database: DatabaseSync | undefined;
    try {
      const markerPath = DurabilityMarker.pathOf(path);
      const known = lengthOf(markerPath) > 0;
      marker = DurabilityMarker.open(markerPath);
      const walLength = lengthOf(walOf(path));
      const sequence = inspectDatabase(path, marker.sequence, walLength);
      // The writes of a killed process may only be in the kernel's memory, possibly after a failed flush.
      if (walLength > 0) rewriteFile(walOf(path));
      database = openConnection(path);
      // A power loss must not leave a WAL without its database, or beside the journal of the first statement.
      if (!known) await flushFolder(dirname(path));
      const fault = tryFirst(nodeSqlite(database), sequence);
      const file = new DatabaseFile(parts, database, marker, fault === undefined ? sequence + 1 : sequence);
      if (fault !== undefined) file.#probe.begin(fault);
      await file.#begin(walLength > 0);
      return file;
    } catch (error) {
      if (database?.isOpen) database.close();
      marker?.close();
      if (error instanceof RegistryError) throw error;
      throw new RegistryError('UNAVAILABLE', `${path} can't be opened: ${messageOf(error)}`, {}, { cause: error });
    }
  }

  /** Reason why the file can't be written at the moment, such as a full disk; undefined if it can. */
  get writeFault(): string | undefined {
    return this.#faults.of(this.#parts.path);
  }

  /** Error message of the last checkpoint; undefined if it succeeded. */
  get checkpointFailure(): string | undefined {
    return this.#schedule.failure;
  }

  /**
   * Calls `onLost` if the flushed WAL is no longer the file at its path, because it was deleted or replaced. Cheap enough
   * to run every second.
   */
  check(): void {
    if (this.#closing !== undefined || this.#lost !== undefined) return;
    try {
      const problem = this.#wal.problem();
      if (problem !== undefined) this.#lose(problem);
    } catch (error) {
      this.#lose(`${walOf(this.#parts.path)} can't be checked: ${messageOf(error)}`);
    }
  }

  /** Flushes, checkpoints and closes the database. Only its file and the marker remain. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes and erases the database. A power loss meanwhile leaves either a usable database or none. */
  async remove(): Promise<void> {
    const { path } = this.#parts;
    const folder = dirname(path);
    await this.close();
    // A marker without its database would count as damage.
    rmSync(this.#marker.path, { force: true });
    await flushFolder(folder);
    for (const file of [walOf(path), `${path}-shm`, path]) rmSync(file, { force: true });
    await flushFolder(folder);
  }

  /** Makes the content durable, and checkpoints the WAL of another process. */
  async #begin(checkpoints: boolean): Promise<void> {
    try {
      await this.#wal.flush();
      await flushFolder(dirname(this.#parts.path));
      this.#mark(this.#committed);
      // The content is durable already. If the disk has no room for a checkpoint, it can still be read.
      if (checkpoints) await this.#schedule.checkpoint();
    } catch (error) {
      this.#probe.close();
      this.#wal.close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#probe.close();
    try {
      await this.#sync();
      // A flush that followed an error makes nothing more durable, but still uses the descriptor.
      await (this.#queued ?? this.#flushing?.done);
      // In the worker: otherwise SQLite does it while closing, and blocks the event loop.
      await this.#schedule.checkpoint();
      await this.#marker.flush();
    } catch {
      // A failed flush has been reported.
    }
    // After a failed flush the WAL may not be on the disk, and closing the database would checkpoint it.
    if (this.#lost === undefined) this.#database.close();
    this.#wal.close();
    this.#marker.close();
  }

  #run(statement: () => number): number {
    if (this.#inTransaction) {
      this.#statements += 1;
      return statement();
    }
    let rows = 0;
    this.#transaction(() => {
      this.#statements += 1;
      rows = statement();
    });
    return rows;
  }

  #transaction(work: () => void): void {
    this.#refuseIfUnusable();
    const sequence = this.#committed + 1;
    this.#statements = 0;
    try {
      this.#sqlite.transaction(() => {
        this.#inTransaction = true;
        refusePromise(work());
        if (this.#statements > 0) writeSequence(this.#sqlite, sequence);
      });
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      this.#inTransaction = false;
    }
    if (this.#statements === 0) return;
    this.#committed = sequence;
    this.#statementsToFlush += this.#statements;
  }

  /**
   * SQLite flushes the WAL's header when it restarts the WAL. If an error does not identify this flush, a flush through our own
   * descriptor fails too, because Linux reports an error once to each descriptor.
   */
  #failed(error: unknown): void {
    if (isFailedFlush(error)) this.#lose(`a commit could not flush: ${messageOf(error)}`);
    if (this.#database.isTransaction) this.#lose(`a transaction could not be undone: ${messageOf(error)}`);
    const isOfSqlite = error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
    if (isOfSqlite) this.#flushNext().catch(() => {});
    const fault = writeFaultIn(error);
    if (fault !== undefined) this.#probe.begin(fault);
  }

  /** Writes about as much as a commit does. Rejects with SQLite's error while the disk accepts no writes. */
  async #tryToWrite(): Promise<void> {
    const { run } = this.storage;
    // A checkpoint may make room in the WAL.
    await this.#checkpoint().catch(() => {});
    this.#transaction(() => {
      run(DROP_PROBE);
      run('CREATE TABLE _probe (filler BLOB)');
      run('INSERT INTO _probe VALUES (zeroblob(?))', PROBE_LENGTH);
    });
    this.#transaction(() => void run(DROP_PROBE));
    await this.#sync();
  }

  #sync(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lostError(this.#lost));
    if (this.#flushing?.upTo === this.#committed) return this.#flushing.done;
    return this.#durable < this.#committed ? this.#flushNext() : Promise.resolve();
  }

  /** Flushes all commits after the flush under way has ended. */
  #flushNext(): Promise<void> {
    if (this.#queued !== undefined) return this.#queued;
    if (this.#flushing === undefined) return this.#flushNow();
    this.#queued = this.#flushing.done.then(() => this.#flushNow());
    return this.#queued;
  }

  #flushNow(): Promise<void> {
    this.#queued = undefined;
    const flush = { upTo: this.#committed, done: this.#flush(this.#committed) };
    this.#flushing = flush;
    return flush.done;
  }

  async #flush(upTo: number): Promise<void> {
    const statements = this.#statementsToFlush;
    this.#statementsToFlush = 0;
    try {
      await this.#wal.flush();
    } catch (error) {
      this.#lose(`${walOf(this.#parts.path)} could not be flushed: ${messageOf(error)}`);
    }
    if (this.#lost !== undefined) throw this.#lostError(this.#lost);
    this.#durable = Math.max(this.#durable, upTo);
    this.#mark(upTo);
    await this.#schedule.flushed(statements);
    this.#flushing = undefined;
  }

  /** Records in the marker that a change is durable. If that fails, the older marker only detects less. */
  #mark(sequence: number): void {
    try {
      this.#marker.write(sequence);
    } catch {
      // The disk may be full. The change is durable anyway.
    }
  }

  async #checkpoint(): Promise<Checkpointed> {
    this.#sqlite.endReads();
    try {
      if (this.#checkpointsHere) return checkpointOn(this.#database);
      return await this.#parts.checkpoints.checkpoint(this.#parts.path, () => this.#confirmFlushes());
    } catch (error) {
      // The flush of the WAL or of the database failed, and its pages may now be marked clean.
      if (isFailedFlush(error)) this.#lose(`a checkpoint could not flush: ${messageOf(error)}`);
      throw error;
    } finally {
      this.check();
    }
  }

  /** Rejects if a flush has failed. One that failed before this call began is known once a flush after it has ended. */
  async #confirmFlushes(): Promise<void> {
    try {
      await this.#wal.flush();
      await nextTurn();
    } catch (error) {
      this.#lose(`${walOf(this.#parts.path)} could not be flushed: ${messageOf(error)}`);
    }
    if (this.#lost !== undefined) throw this.#lostError(this.#lost);
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    this.#parts.onLost(reason);
  }

  #lostError(reason: string): Error {
    return new Error(`nothing more is stored in ${this.#parts.path}: ${reason}`);
  }

  #refuseIfUnusable(): void {
    if (this.#lost !== undefined) throw this.#lostError(this.#lost);
    if (this.#closing !== undefined) throw new Error(`${this.#parts.path} is closed`);
  }
}

/** Opens the connection that writes. */
function openConnection(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  // `busy_timeout` is for the moments in which a checkpoint holds a lock.
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  const [mode] = database.prepare('PRAGMA journal_mode = WAL').all();
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
  if (mode?.journal_mode === 'wal') return database;
  database.close();
  throw new Error('its file system lacks the shared memory that a write-ahead log needs; use a local disk');
}

/** Writes a first change. Returns the fault if that fails and the database still has content to read. */
function tryFirst(sqlite: NodeSqlite, sequence: number): WriteFault | undefined {
  try {
    writeFirst(sqlite, sequence + 1);
    return undefined;
  } catch (error) {
    const fault = writeFaultIn(error);
    if (fault === undefined || sequence === 0) throw error;
    return fault;
  }
}

const walOf = (path: string): string => `${path}-wal`;
