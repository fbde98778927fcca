import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Workspace } from '../workspace';

const START_MAX_MS = 60_000;
const TRY_EVERY_MS = 5;
const PRINTED_LINES = 20;

/** Repeats a call until it succeeds. @throws {Error} if it still fails after {@link START_MAX_MS}. */
export async function untilItWorks<T>(call: () => Promise<T>, what: string): Promise<T> {
  const end = performance.now() + START_MAX_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw new Error(`${what} did not answer in time`, { cause: error });
      await new Promise((wait) => setTimeout(wait, TRY_EVERY_MS));
    }
  }
}

/** A third-party server as a process of the bench. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #forget: () => void;
  readonly #printed: string[] = [];

  constructor(workspace: Workspace, command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#forget = workspace.atEnd(() => this.#child.kill('SIGKILL'));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed.push(...text.split('\n'));
        this.#printed.splice(0, this.#printed.length - PRINTED_LINES);
      });
    }
    this.#child.once('error', (error) => this.#printed.push(String(error)));
  }

  /** Last lines of its output, for error messages. */
  get printed(): string {
    return this.#printed.join('\n  ');
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`it did not start: ${this.printed}`);
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
    const ended = isOver ? undefined : once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    this.#forget();
  }
}
