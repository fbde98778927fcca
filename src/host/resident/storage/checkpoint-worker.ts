import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, Worker, workerData } from 'node:worker_threads';

// The worker loads this file by itself, and from source in tests: it may import nothing but Node's own modules.

/** State of a WAL after a checkpoint. */
export interface Checkpointed {
  /** Frames in the WAL when the checkpoint ended. */
  frames: number;
  /** Of these, the frames whose pages are in the database, durably. All of them: the next commit reuses the WAL. */
  copied: number;
}

interface Request {
  id: number;
  path: string;
}

type Reply = { id: number; checkpointed: Checkpointed } | { id: number; failure: string; errcode: number | undefined };

/** The patch of each minor version of SQLite 3 that has the fix. */
const FIXED_PATCHES: ReadonlyMap<number, number> = new Map([
  [44, 6],
  [50, 7],
  [51, 3],
]);

/** Marks a thread as ours: this file is also loaded by others, such as the threads of a test runner. */
const ROLE = 'rollcall-checkpoints';

/**
 * Runs PASSIVE checkpoints in a thread of its own, through a second SQLite connection: they copy megabytes and wait for
 * the disk, while readers and the writer go on.
 */
export class CheckpointWorker {
  readonly #url: URL;
  readonly #waiting = new Map<number, PromiseWithResolvers<Checkpointed>>();
  #thread: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  /** @param url This file, as the thread can load it: the built one, where the rest is bundled. */
  constructor(url: URL = new URL(import.meta.url)) {
    this.#url = url;
  }

  /**
   * Copies what the WAL of a database holds into the database, as far as readers allow. The database has to be open
   * elsewhere in this process. Rejects where the disk fails; then nothing is lost, and the WAL stays as it is.
   */
  async checkpoint(path: string): Promise<Checkpointed> {
    if (this.#isClosed) throw new Error('checkpoints have ended: the worker is closed');
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

  /** Ends the thread. Checkpoints under way reject. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.terminate();
    this.#abandon(new Error('the worker of checkpoints was closed'));
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(this.#url, { workerData: ROLE });
    thread.on('message', (reply: Reply) => this.#settle(reply));
    thread.on('error', (error) => this.#ended(thread, error));
    thread.on('exit', () => this.#ended(thread, new Error('the thread of checkpoints has ended')));
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

  /** The next checkpoint starts another thread. */
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
 * Tells whether a version of SQLite may checkpoint on one connection while another commits. Up to 3.51.2 a commit that
 * begins the WAL anew at that moment can leave committed pages out of the database. Node 22.16 has 3.49.1.
 * Source: https://www.sqlite.org/wal.html#walresetbug
 */
export function canCheckpointBeside(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3 || minor > 51) return major > 3 || minor > 51;
  const fixedIn = FIXED_PATCHES.get(minor);
  return fixedIn !== undefined && patch >= fixedIn;
}

function checkpoint(path: string): Checkpointed {
  // To open a file that is gone would make an empty one.
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  const database = new DatabaseSync(path);
  try {
    // With less than FULL, the default, a power loss could meet a reused WAL before the database has its pages.
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
