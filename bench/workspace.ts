import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * A temporary folder and the processes that use it. However the bench ends, both are gone after it: at the end of
 * `main`, at a throw, and at a signal.
 */
export class Workspace {
  /** On the project's own disk: a temporary folder in memory would make every write look free. */
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

  /** A new folder, empty. */
  newFolder(name: string): string {
    const folder = join(this.folder, `${name}-${this.#folders++}`);
    mkdirSync(folder);
    return folder;
  }

  /** Calls `end` when the bench ends; returns what forgets it. It must act at once: nothing is awaited any more. */
  atEnd(end: () => void): () => void {
    this.#endings.add(end);
    return () => this.#endings.delete(end);
  }

  /** Ends what is still running: after a figure that failed, nothing of it disturbs the next. */
  endAll(): void {
    for (const end of this.#endings) end();
    this.#endings.clear();
  }

  #clear(): void {
    this.endAll();
    // A dying workerd may still be writing: removal tries again for a moment.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
