import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** Maximum time until a program prints the expected text. */
const PRINT_TIMEOUT_MS = 60_000;

/** Maximum time until a program ends after its test. */
const STOP_TIMEOUT_MS = 20_000;

/** Options of a program. */
export interface ProgramOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** True to make it the leader of its own process group, like a command typed at a terminal. */
  detached?: boolean;
}

/** Exit of a program. */
export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program that a test runs, with its output. It is stopped when the test ends. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProgramEnd>;
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];

  constructor(command: string, words: string[], options: ProgramOptions = {}) {
    const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    createInterface(child.stdout).on('line', (line) => this.stdout.push(line));
    createInterface(child.stderr).on('line', (line) => this.stderr.push(line));
    onTestFinished(async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(timer);
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the program did not start');
    return this.#child.pid;
  }

  /** Everything printed so far. */
  get printed(): string {
    return [...this.stdout, ...this.stderr].join('\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the program has ended and all of its output has been read. */
  end(): Promise<ProgramEnd> {
    return this.#ended;
  }

  /** Waits until the output matches a pattern, and returns the match. Fails if the program ends first. */
  async prints(pattern: RegExp): Promise<string> {
    const startedAt = Date.now();
    let end: ProgramEnd | undefined;
    void this.#ended.then((how) => {
      end = how;
    });
    for (;;) {
      const match = pattern.exec(this.printed);
      if (match !== null) return match[1] ?? match[0];
      if (end !== undefined) throw new Error(`ended with ${JSON.stringify(end)}, without ${pattern}:\n${this.printed}`);
      if (Date.now() - startedAt > PRINT_TIMEOUT_MS) throw new Error(`did not print ${pattern}:\n${this.printed}`);
      await new Promise((wake) => setTimeout(wake, 10));
    }
  }
}
