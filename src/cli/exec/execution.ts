import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../client/client';
import type { InstanceDefinition, Registration, RegistrationEvent } from '../../client/wire/registration';
import type { RollcallError } from '../../client/wire/rollcall-error';
import { CliError, EXIT, type Failure, failureOf } from '../terminal/failure';
import { durationText } from '../terminal/views';
import { untilPortAnswers } from './addresses';

/** Signals that ask a process to end: callers are told first. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Signals that mean whatever the command makes of them. */
const OTHER_SIGNALS = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

/** What a terminal sends to all of its processes, the command among them. */
const OF_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGWINCH']);

/** A registry that is away for long is told of so often. */
const TROUBLE_TOLD_EVERY_MS = 60_000;

interface ExecutionOptions {
  /** Starts the command; a throw ends it all. */
  start: () => Promise<ChildCommand>;
  client: Client;
  instance: InstanceDefinition & { port: number };
  /** Addresses of this machine where the port may answer. */
  hosts: readonly string[];
  /** From the start of the command until its port answers. */
  readyWithinMs: number;
  /** For callers to acknowledge that the instance leaves, before the command hears of it. */
  drainWaitMs: number;
  /** The terminal of this process is that of the command. */
  atTerminal: boolean;
  /** Takes what happens, a line at a time. */
  say: (line: string) => void;
}

/**
 * A command, and its place in the registry for as long as it runs: registered when its port answers, drained before it
 * is told to end, and gone when it has ended.
 */
export class Execution {
  readonly #options: ExecutionOptions;
  #child: ChildCommand | undefined;
  /** Signals that came before there was a command to pass them on to. */
  readonly #early: NodeJS.Signals[] = [];
  /** Aborted once there is nothing to register any more. */
  readonly #leaving = new AbortController();
  readonly #over = new AbortController();
  #registration: Registration | undefined;
  #failure: Failure | undefined;
  #troubleToldAt = Number.NEGATIVE_INFINITY;
  #stops = 0;

  constructor(options: ExecutionOptions) {
    this.#options = options;
  }

  /** Resolves, when all is over, to the exit code: that of the command, unless its instance was never taken in. */
  async run(): Promise<number> {
    // First of all: a signal right after the start would end this process, and leave the command on its own.
    const undo = this.#passSignals();
    try {
      const child = await this.#options.start();
      this.#child = child;
      for (const signal of this.#early) child.kill(signal);
      const registering = this.#register();
      const exitCode = await child.ended;
      this.#leaving.abort();
      this.#over.abort();
      await registering;
      await this.#registration?.release();
      return this.#failure?.exitCode ?? exitCode;
    } finally {
      undo();
    }
  }

  get #name(): string {
    const { service, id, address, port } = this.#options.instance;
    return `${service}/${this.#registration?.id ?? id ?? `${address}:${port}`}`;
  }

  #send(signal: NodeJS.Signals): void {
    if (this.#child === undefined) this.#early.push(signal);
    else this.#child.kill(signal);
  }

  #passSignals(): () => void {
    const { atTerminal } = this.#options;
    const listeners = new Map<NodeJS.Signals, () => void>();
    for (const signal of STOP_SIGNALS) listeners.set(signal, () => void this.#stop(signal));
    for (const signal of OTHER_SIGNALS) {
      listeners.set(signal, () => {
        if (!atTerminal || !OF_TERMINAL.has(signal)) this.#send(signal);
      });
    }
    for (const [signal, listener] of listeners) process.on(signal, listener);
    return () => {
      for (const [signal, listener] of listeners) process.off(signal, listener);
    };
  }

  /** Lets callers know, then the command. Whoever asks again does not want to wait for callers. */
  async #stop(signal: NodeJS.Signals): Promise<void> {
    this.#stops += 1;
    this.#leaving.abort();
    const hasIt = this.#options.atTerminal && OF_TERMINAL.has(signal);
    if (this.#stops === 1) await this.#drain();
    if (!hasIt) this.#send(signal);
  }

  async #drain(): Promise<void> {
    const { drainWaitMs, say } = this.#options;
    const registration = this.#registration;
    if (registration === undefined || this.#over.signal.aborted) return;
    say(`draining ${this.#name}`);
    const until = performance.now() + drainWaitMs;
    try {
      const { acknowledged, subscribers, safeAfterMs } = await registration.drain({ waitMs: drainWaitMs });
      say(
        `${this.#name} takes no traffic any more: ${acknowledged} of ${subscribers} subscribers have acknowledged it`,
      );
      // Who reads without subscribing can't acknowledge, and may hold an old answer for so long.
      const rest = Math.min(safeAfterMs, until - performance.now());
      if (rest > 0) await sleep(rest, undefined, { signal: this.#over.signal }).catch(() => {});
    } catch (error) {
      if (!this.#over.signal.aborted) say(`could not drain: ${failureOf(error)?.message ?? String(error)}`);
    }
  }

  async #register(): Promise<void> {
    const { client, instance, hosts, readyWithinMs } = this.#options;
    const late = AbortSignal.timeout(readyWithinMs);
    const { signal } = this.#leaving;
    if (!(await untilPortAnswers(hosts, instance.port, AbortSignal.any([signal, late])))) {
      if (!signal.aborted) {
        const within = durationText(readyWithinMs);
        this.#fail({
          exitCode: EXIT.timedOut,
          message: `Port ${instance.port} did not answer within ${within}, so ${instance.service} was not registered.`,
          advice: 'Does the command listen there? Give it more time with --ready-within.',
        });
      }
      return;
    }
    try {
      this.#registration = await client.register(instance, { signal, onEvent: (event) => this.#tell(event) });
    } catch (error) {
      if (signal.aborted) return;
      const message = String(error);
      this.#fail(failureOf(error) ?? { exitCode: EXIT.failure, message });
    }
  }

  /** A service that nobody can find is of no use: the command ends, and whoever started it sees why. */
  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#options.say(failure.message);
    if (failure.advice !== undefined) this.#options.say(failure.advice);
    this.#send('SIGTERM');
  }

  #tell(event: RegistrationEvent): void {
    const { say } = this.#options;
    if (event.type === 'registered') say(`${this.#name} is registered`);
    else if (event.type === 'lost') say(`the lease of ${this.#name} was lost; it is registered again`);
    // What a first registration is refused with is told by the refusal.
    else if (this.#registration !== undefined || event.error.isPassing) this.#tellTrouble(event.error);
  }

  /** Attempts go on until one succeeds: that is worth a line now and then, and not one for each. */
  #tellTrouble(error: RollcallError): void {
    const now = performance.now();
    if (now - this.#troubleToldAt < TROUBLE_TOLD_EVERY_MS) return;
    this.#troubleToldAt = now;
    this.#options.say(`${failureOf(error)?.message ?? error.detail} Trying again until it is back.`);
  }
}

/** By the custom of shells a process that a signal ended has this plus the signal's number. */
const SIGNALLED = 128;

/** A command that runs, with the terminal of this process. */
interface ChildCommand {
  /** Sends it a signal; nothing where it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves to its exit code, 128 plus the signal's number where one ended it. */
  ended: Promise<number>;
}

function startFailure(command: string, error: NodeJS.ErrnoException): CliError {
  const reason =
    error.code === 'ENOENT'
      ? 'there is no such command'
      : error.code === 'EACCES'
        ? 'it may not be run'
        : error.message;
  return new CliError(EXIT.failure, `${command} can't be started: ${reason}.`);
}

/**
 * Starts a command in the process group and with the streams of this process.
 *
 * @throws {CliError} if it can't be started.
 */
export async function startCommand(command: string, words: readonly string[]): Promise<ChildCommand> {
  const child: ChildProcess = spawn(command, words, { stdio: 'inherit' });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? EXIT.failure) : SIGNALLED + constants.signals[signal]);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(startFailure(command, error)));
  });
  child.on('error', () => {
    // A signal that could not be sent: the process has ended.
  });
  return { kill: (signal) => void child.kill(signal), ended };
}
