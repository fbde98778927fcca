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

interface Request {
  id: number;
  path: string;
}

type Reply = { id: number; checkpointed: Checkpointed } | { id: number; failure: string; errcode: number | undefined };

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
  readonly #waiting = new Map<number, PromiseWithResolvers<Checkpointed>>();
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
   */
  async checkpoint(path: string): Promise<Checkpointed> {
    if (this.#isClosed) throw new Error('the checkpoint worker is closed');
    const id = ++this.#lastId;
    const outcome = Promise.withResolvers<Checkpointed>();
    this.#waiting.set(id, outcome);
    const thread = this.#running();
    // Only a checkpoint under way keeps the process alive.
    thread.ref();
    const request: Request = { id, path };
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

function checkpoint(path: string): Checkpointed {
  // Opening a missing file would create an empty one.
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  const database = new DatabaseSync(path);
  try {
    // Below FULL, which is the default, the WAL could be reused before its pages are durable in the database.
    database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
    return checkpointOn(database);
  } finally {
    database.close();
  }
}

function answer({ id, path }: Request): Reply {
  try {
    return { id, checkpointed: checkpoint(path) };
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
    return { id, failure: error instanceof Error ? error.message : String(error), errcode };
  }
}

if (workerData === ROLE) parentPort?.on('message', (request: Request) => parentPort?.postMessage(answer(request)));
