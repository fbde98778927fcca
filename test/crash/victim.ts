import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outage } from './lease-bounds';

/** Time that a start or a restart may take on a busy machine. */
const ANSWER_WITHIN_MS = 120_000;

/** The supervisor gives up after more deaths in a row than this, as it should. */
const KILLS_IN_A_ROW_MAX = 4;

/** What is killed: the process that serves, its launcher, or both at once. */
export type Blow = 'registry' | 'launcher' | 'both';

/** A registry on this machine, as `rollcall serve` runs it, that is killed again and again. */
export class Victim {
  readonly token: string;
  readonly #program: string;
  readonly #data: string;
  #launcher: ChildProcess | undefined;
  #lines: string[] = [];
  #url = '';
  #kills = 0;

  /**
   * @param program Path of `rollcall.js`.
   * @param data Path of the data folder.
   */
  constructor(program: string, data: string, token: string) {
    this.#program = program;
    this.#data = data;
    this.token = token;
  }

  get url(): string {
    return this.#url;
  }

  /** Starts the launcher and waits until the registry answers. Later starts take the port of the first one. */
  async start(): Promise<void> {
    const port = this.#url === '' ? '0' : new URL(this.#url).port;
    const child = spawn(process.execPath, [this.#program, 'serve', '--port', port, '--data', this.#data], {
      env: { ...process.env, ROLLCALL_ROOT_TOKEN: this.token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#launcher = child;
    this.#lines = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => this.#lines.push(line));
    }
    const line = await this.#until(/answers on (http:\S+)/);
    this.#url = /http:\S+/.exec(line)?.[0] ?? '';
  }

  /**
   * Strikes, and waits until the registry answers again.
   *
   * @param outages Gets the outage from its first moment on.
   */
  async strike(wanted: Blow, outages: Outage[]): Promise<void> {
    const blow = wanted === 'registry' && this.#kills >= KILLS_IN_A_ROW_MAX ? 'both' : wanted;
    this.#kills = blow === 'registry' ? this.#kills + 1 : 0;
    const serving = this.#servingPid();
    const launcher = this.#launcher;
    const outage = { from: Date.now(), downBy: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY };
    outages.push(outage);
    this.#lines = [];
    if (blow !== 'registry') launcher?.kill('SIGKILL');
    // A process that has lost its launcher ends by itself, when its running requests have ended.
    if (blow !== 'launcher') {
      process.kill(serving, 'SIGKILL');
      outage.downBy = Date.now();
    }
    if (blow === 'registry') {
      await this.#until(/answers again/);
    } else {
      if (launcher?.signalCode === null) await once(launcher, 'exit');
      await this.start();
    }
    outage.until = Date.now();
  }

  /**
   * Freezes the process that serves for a time, as a machine does that is overloaded or suspended. Messages queue in its sockets, and are
   * heard when it goes on: no lease that was renewed in time may end by this.
   *
   * @param outages Gets the time in which it may not have listened; it was never down.
   */
  async freeze(ms: number, outages: Outage[]): Promise<void> {
    const serving = this.#servingPid();
    const never = Number.POSITIVE_INFINITY;
    const outage: Outage = { from: Date.now(), downBy: never, until: never };
    outages.push(outage);
    process.kill(serving, 'SIGSTOP');
    try {
      await sleep(ms);
    } finally {
      outage.frozenUntil = Date.now();
      process.kill(serving, 'SIGCONT');
    }
    outage.until = Date.now();
  }

  /** Stops it as one should. Resolves to the launcher's exit code. */
  async stop(): Promise<number | null> {
    const launcher = this.#launcher;
    if (launcher === undefined || launcher.exitCode !== null || launcher.signalCode !== null) return null;
    const exited = once(launcher, 'exit');
    launcher.kill('SIGTERM');
    const [code] = await exited;
    return code;
  }

  /** The lock names the process that serves. */
  #servingPid(): number {
    return JSON.parse(readFileSync(join(this.#data, 'lock.json'), 'utf8')).pid;
  }

  async #until(pattern: RegExp): Promise<string> {
    for (const startedAt = Date.now(); Date.now() - startedAt < ANSWER_WITHIN_MS; ) {
      const line = this.#lines.find((candidate) => pattern.test(candidate));
      if (line !== undefined) return line;
      await new Promise((wake) => setTimeout(wake, 5));
    }
    throw new Error(`no line with ${pattern} within ${ANSWER_WITHIN_MS} ms:\n${this.#lines.join('\n')}`);
  }
}
