import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../programs/host';
import type { RunningRegistry } from '../programs/registry';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';
import type { Outage } from './lease-bounds';

/** Time that a start or a restart may take on a busy machine. */
const ANSWER_WITHIN_MS = 120_000;

/** The supervisor gives up after more deaths in a row than this, as it should. */
const KILLS_IN_A_ROW_MAX = 4;

/** Target of a kill: the serving process, its launcher, or both at once. */
export type Blow = 'registry' | 'launcher' | 'both';

/** A registry that is repeatedly killed and frozen. */
export interface Victim {
  readonly token: string;
  /** The same after each start. */
  readonly url: string;
  /** Starts it and waits until it answers. */
  start(): Promise<void>;
  /**
   * Kills the target, and waits until the registry answers again.
   *
   * @param outages Receives the outage from its first moment.
   */
  strike(blow: Blow, outages: Outage[]): Promise<void>;
  /**
   * Freezes the serving process for a time, like an overloaded or suspended machine. Messages queue in its sockets and are
   * processed when it continues, so no lease that was renewed in time may end.
   *
   * @param outages Receives the time in which it may not have listened. It was never down.
   */
  freeze(ms: number, outages: Outage[]): Promise<void>;
  /** Stops it normally. Resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** Options of a victim. */
export interface VictimPlan {
  host: Host;
  /** Path of the `rollcall.js` that runs the resident host; workerd runs this checkout. */
  program: string;
  /** Path of the data folder. */
  data: string;
}

/** Creates a victim without starting it. */
export function victimOn({ host, program, data }: VictimPlan): Victim {
  const token = randomBytes(24).toString('hex');
  return host === 'workerd' ? new WorkerdVictim(data, token) : new ServedVictim(program, data, token);
}

/** Freezes a process: see {@link Victim.freeze}. */
export async function freezeProcess(pid: number, ms: number, outages: Outage[]): Promise<void> {
  const never = Number.POSITIVE_INFINITY;
  const outage: Outage = { from: Date.now(), downBy: never, until: never };
  outages.push(outage);
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(ms);
  } finally {
    outage.frozenUntil = Date.now();
    process.kill(pid, 'SIGCONT');
  }
  outage.until = Date.now();
}

/** A registry on this machine, as `rollcall serve` runs it. */
class ServedVictim implements Victim {
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
    const line = await this.#until(/listens on (http:\S+)/);
    this.#url = /http:\S+/.exec(line)?.[0] ?? '';
  }

  async strike(wanted: Blow, outages: Outage[]): Promise<void> {
    const blow = wanted === 'registry' && this.#kills >= KILLS_IN_A_ROW_MAX ? 'both' : wanted;
    this.#kills = blow === 'registry' ? this.#kills + 1 : 0;
    const serving = this.#servingPid();
    const launcher = this.#launcher;
    const outage = { from: Date.now(), downBy: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY };
    outages.push(outage);
    this.#lines = [];
    if (blow !== 'registry') launcher?.kill('SIGKILL');
    // A process without its launcher ends by itself after its running requests.
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

  freeze(ms: number, outages: Outage[]): Promise<void> {
    return freezeProcess(this.#servingPid(), ms, outages);
  }

  async stop(): Promise<number | null> {
    const launcher = this.#launcher;
    if (launcher === undefined || launcher.exitCode !== null || launcher.signalCode !== null) return null;
    const exited = once(launcher, 'exit');
    launcher.kill('SIGTERM');
    const [code] = await exited;
    return code;
  }

  /** Reads the serving process from the lock. */
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

/** A registry in workerd. It has no launcher, so the test restarts it. */
class WorkerdVictim implements Victim {
  readonly token: string;
  readonly #data: string;
  #registry: RunningRegistry | undefined;

  constructor(data: string, token: string) {
    this.#data = data;
    this.token = token;
  }

  get url(): string {
    return this.#running.url;
  }

  async start(): Promise<void> {
    this.#registry = await startWorkerdRegistry({ data: this.#data, rootToken: this.token });
  }

  async strike(_blow: Blow, outages: Outage[]): Promise<void> {
    const outage = { from: Date.now(), downBy: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY };
    outages.push(outage);
    const answering = this.#running.kill('SIGKILL');
    outage.downBy = Date.now();
    await answering;
    outage.until = Date.now();
  }

  freeze(ms: number, outages: Outage[]): Promise<void> {
    return freezeProcess(this.#running.pid, ms, outages);
  }

  async stop(): Promise<number | null> {
    await this.#registry?.stop();
    return 0;
  }

  get #running(): RunningRegistry {
    if (this.#registry === undefined) throw new Error('the registry was not started');
    return this.#registry;
  }
}
