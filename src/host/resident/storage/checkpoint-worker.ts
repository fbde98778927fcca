import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, Worker, workerData } from 'node:worker_threads';

// The worker thread loads this file alone, and in tests from source, so it may only import Node's own modules.

/** State of a WAL after a checkpoint. */
export interface Checkpointed {
  /** Number of frames in the WAL when the checkpoint ended. */
  frames: number;
  /** Number of these frames that are durable in the database. If it is all of them, the next commit restarts the WAL. */
  copied: number;
}

/** Opens a database, then checkpoints and closes it, or only closes it. */
type Request = { id: number; path: string } | { id: number; isSafe: boolean };

/** Reply to either request; the one that opens a database has no result. */
type Reply =
  | { id: number; checkpointed: Checkpointed | undefined }
  | { id: number; failure: string; errcode: number | undefined };

/** First patch version with the fix, for each minor version of SQLite 3 that received it. */
const FIXED_PATCHES: ReadonlyMap<number, number> = new Map([
  [44, 6],
  [50, 7],
  [51, 3],
]);

/** Identifies a thread started here. Other threads, such as those of a test runner, load this file too. */
const ROLE = 'rollcall-checkpoints';

/**
 * Runs PASSIVE checkpoints in a separate thread, through a second SQLite connection. They copy megabytes and wait for the
 * disk, and readers and the writer continue meanwhile.
 */
export class CheckpointWorker {
  readonly #url: URL;
  readonly #waiting = new Map<number, PromiseWithResolvers<Checkpointed | undefined>>();
  #thread: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  /** @param url URL of this file, as the thread can load it. In a bundle it is that of a separate file. */
  constructor(url: URL = new URL(import.meta.url)) {
    this.#url = url;
  }

  /**
   * Copies the frames of a database's WAL into the database, as far as readers allow. The database must be open elsewhere in
   * this process. Rejects if the disk fails; nothing is lost then, and the WAL stays as it is.
   *
   * @param confirm Called once the connection has opened the WAL; the checkpoint begins when it resolves. It must reject if a
   * flush of the WAL has failed: Linux reports that only to descriptors that were open then, so this connection's own flush
   * would succeed, and frames that are not on the disk would be copied.
   */
  async checkpoint(path: string, confirm: () => Promise<void> = async () => {}): Promise<Checkpointed> {
    if (this.#isClosed) throw new Error('the checkpoint worker is closed');
    const id = ++this.#lastId;
    const thread = this.#running();
    await this.#ask(thread, { id, path });
    try {
      await confirm();
    } catch (error) {
      thread.postMessage({ id, isSafe: false } satisfies Request);
      throw error;
    }
    const checkpointed = await this.#ask(thread, { id, isSafe: true });
    if (checkpointed === undefined) throw new Error('the checkpoint thread answered out of order');
    return checkpointed;
  }

  #ask(thread: Worker, request: Request): Promise<Checkpointed | undefined> {
    if (this.#thread !== thread) return Promise.reject(new Error('the checkpoint thread has ended'));
    const outcome = Promise.withResolvers<Checkpointed | undefined>();
    this.#waiting.set(request.id, outcome);
    // Only a checkpoint under way keeps the process alive.
    thread.ref();
    thread.postMessage(request);
    return outcome.promise;
  }

  /** Ends the thread, and rejects the checkpoints under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.terminate();
    this.#abandon(new Error('the checkpoint worker was closed'));
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(this.#url, { workerData: ROLE });
    thread.on('message', (reply: Reply) => this.#settle(reply));
    thread.on('error', (error) => this.#ended(thread, error));
    thread.on('exit', () => this.#ended(thread, new Error('the checkpoint thread has ended')));
    this.#thread = thread;
    return thread;
  }

  #settle(reply: Reply): void {
    const outcome = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#thread?.unref();
    if ('failure' in reply) outcome?.reject(Object.assign(new Error(reply.failure), { errcode: reply.errcode }));
    else outcome?.resolve(reply.checkpointed);
  }

  /** Rejects the checkpoints of a thread that ended. The next checkpoint starts another. */
  #ended(thread: Worker, reason: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#abandon(reason);
  }

  #abandon(reason: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** Runs a PASSIVE checkpoint on a connection. */
export function checkpointOn(database: DatabaseSync): Checkpointed {
  const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
  return { frames: Number(row?.log), copied: Number(row?.checkpointed) };
}

/**
 * Returns whether a version of SQLite may checkpoint on one connection while another commits. Up to 3.51.2, a commit that
 * restarts the WAL at that moment can leave committed pages out of the database. Node 22.16 has 3.49.1.
 * Source: https://www.sqlite.org/wal.html#walresetbug
 */
export function canCheckpointBeside(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3 || minor > 51) return major > 3 || minor > 51;
  const fixedIn = FIXED_PATCHES.get(minor);
  return fixedIn !== undefined && patch >= fixedIn;
}

/** Connections of the thread that wait for a confirmation, by request. */
const opened = new Map<number, DatabaseSync>();

function open(path: string): DatabaseSync {
  // Opening a missing file would create an empty one.
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  const database = new DatabaseSync(path);
  // Below FULL, which is the default, the WAL could be reused before its pages are durable in the database.
  database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  // SQLite opens the WAL with the first read.
  database.prepare('PRAGMA schema_version').get();
  return database;
}

function answer(request: Request): Reply | undefined {
  const { id } = request;
  try {
    if ('path' in request) {
      opened.set(id, open(request.path));
      return { id, checkpointed: undefined };
    }
    const database = opened.get(id);
    opened.delete(id);
    if (database === undefined) throw new Error('the database was not opened');
    try {
      return request.isSafe ? { id, checkpointed: checkpointOn(database) } : undefined;
    } finally {
      database.close();
    }
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
    return { id, failure: error instanceof Error ? error.message : String(error), errcode };
  }
}

if (workerData === ROLE) {
  parentPort?.on('message', (request: Request) => {
    const reply = answer(request);
    if (reply !== undefined) parentPort?.postMessage(reply);
  });
}
