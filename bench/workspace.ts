import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * A temporary folder and the processes that use it. Both are removed however the bench ends: normally, by an error or by
 * a signal.
 */
export class Workspace {
  /** Path on the project's disk, since a temporary folder in memory would make writes look free. */
  readonly folder: string;
  readonly #endings = new Set<() => void>();
  #folders = 0;

  constructor() {
    const parent = resolve('node_modules/.cache/bench');
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, 'run-'));
    process.once('exit', () => this.#clear());
    // The exit codes of shells: 128 and the number of the signal.
    process.once('SIGINT', () => process.exit(130));
    process.once('SIGTERM', () => process.exit(143));
    process.once('SIGHUP', () => process.exit(129));
  }

  /** Creates an empty folder. */
  newFolder(name: string): string {
    const folder = join(this.folder, `${name}-${this.#folders++}`);
    mkdirSync(folder);
    return folder;
  }

  /** Calls `end` when the bench ends; it must be synchronous. Returns a function that cancels the call. */
  atEnd(end: () => void): () => void {
    this.#endings.add(end);
    return () => this.#endings.delete(end);
  }

  /** Ends everything that still runs, so that a failed figure does not disturb the next. */
  endAll(): void {
    for (const end of this.#endings) end();
    this.#endings.clear();
  }

  #clear(): void {
    this.endAll();
    // A terminating workerd may still be writing, so removal is retried briefly.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
