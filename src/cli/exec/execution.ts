import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../client/client';
import type { InstanceDefinition, Registration, RegistrationEvent } from '../../client/wire/registration';
import type { RollcallError } from '../../client/wire/rollcall-error';
import { CliError, EXIT, type Failure, failureOf } from '../terminal/failure';
import { counted, durationText } from '../terminal/phrases';
import { untilPortAnswers } from './addresses';

/** Signals that stop a process: the instance is drained first. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Signals that are only passed on to the command. */
const OTHER_SIGNALS = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

/** Signals that a terminal sends to all of its processes, the command among them. */
const OF_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGWINCH']);

/** Interval of messages about an unreachable registry. */
const TROUBLE_REPORT_INTERVAL_MS = 60_000;

interface ExecutionOptions {
  /** Starts the command; an error ends the execution. */
  start: () => Promise<ChildCommand>;
  client: Client;
  instance: InstanceDefinition & { port: number };
  /** Addresses of this machine where the port may be open. */
  hosts: readonly string[];
  /** Time from the start of the command until its port is open. */
  readyWithinMs: number;
  /** Time for callers to acknowledge the drain, before the command gets the signal. */
  drainWaitMs: number;
  /** True if this process and the command share a terminal. */
  atTerminal: boolean;
  /** Prints a line about what happens. */
  report: (line: string) => void;
}

/**
 * Runs a command and keeps it registered: registers it when its port is open, drains it before passing on a signal to
 * stop, and deregisters it when it has ended.
 */
export class Execution {
  readonly #options: ExecutionOptions;
  #child: ChildCommand | undefined;
  /** Signals that arrived before the command was started. */
  readonly #early: NodeJS.Signals[] = [];
  /** Aborted once the instance must not be registered any more. */
  readonly #leaving = new AbortController();
  readonly #over = new AbortController();
  #registration: Registration | undefined;
  #failure: Failure | undefined;
  #troubleReportedAt = Number.NEGATIVE_INFINITY;
  #stops = 0;

  constructor(options: ExecutionOptions) {
    this.#options = options;
  }

  /** Runs the command. @returns Its exit code, or that of the failure if its instance could not be registered. */
  async run(): Promise<number> {
    // First: a signal right after the start would otherwise end this process and leave the command running.
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

  /** Drains the instance, then stops the command. A second signal does not wait for callers. */
  async #stop(signal: NodeJS.Signals): Promise<void> {
    this.#stops += 1;
    this.#leaving.abort();
    const hasIt = this.#options.atTerminal && OF_TERMINAL.has(signal);
    if (this.#stops === 1) await this.#drain();
    if (!hasIt) this.#send(signal);
  }

  async #drain(): Promise<void> {
    const { drainWaitMs, report } = this.#options;
    const registration = this.#registration;
    if (registration === undefined || this.#over.signal.aborted) return;
    report(`draining ${this.#name}`);
    const until = performance.now() + drainWaitMs;
    try {
      const { acknowledged, subscribers, safeAfterMs } = await registration.drain({ waitMs: drainWaitMs });
      report(
        `${this.#name} is out of traffic: ${acknowledged} of ${counted(subscribers, 'subscriber')} acknowledged it`,
      );
      // Readers without a subscription can't acknowledge, and may use a stale response for this time.
      const rest = Math.min(safeAfterMs, until - performance.now());
      if (rest > 0) await sleep(rest, undefined, { signal: this.#over.signal }).catch(() => {});
    } catch (error) {
      if (!this.#over.signal.aborted) report(`could not drain: ${failureOf(error)?.message ?? String(error)}`);
    }
  }

  async #register(): Promise<void> {
    const { client, instance, hosts, readyWithinMs } = this.#options;
    const late = AbortSignal.timeout(readyWithinMs);
    const { signal } = this.#leaving;
    if (!(await untilPortAnswers(hosts, instance.port, AbortSignal.any([signal, late])))) {
      if (!signal.aborted) {
        const within = durationText(readyWithinMs);
        const message = `Port ${instance.port} did not open within ${within}, so ${instance.service} was not registered.`;
        const advice = 'Check that the command listens there, or allow more time with --ready-within.';
        this.#fail(new CliError(EXIT.timedOut, message, advice));
      }
      return;
    }
    try {
      this.#registration = await client.register(instance, { signal, onEvent: (event) => this.#report(event) });
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(failureOf(error) ?? new CliError(EXIT.failure, String(error)));
    }
  }

  /** Stops the command and prints the reason: an instance that can't be found is of no use. */
  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#options.report(failure.message);
    if (failure.advice !== undefined) this.#options.report(failure.advice);
    this.#send('SIGTERM');
  }

  #report(event: RegistrationEvent): void {
    const { report } = this.#options;
    if (event.type === 'registered') report(`${this.#name} is registered`);
    else if (event.type === 'lost') report(`the lease of ${this.#name} was lost; it is registered again`);
    // The refusal of the first registration is reported by its error.
    else if (this.#registration !== undefined || event.error.isPassing) this.#reportTrouble(event.error);
  }

  /** Reports failed attempts, at most one line per interval, as they continue until one succeeds. */
  #reportTrouble(error: RollcallError): void {
    const now = performance.now();
    if (now - this.#troubleReportedAt < TROUBLE_REPORT_INTERVAL_MS) return;
    this.#troubleReportedAt = now;
    this.#options.report(`${failureOf(error)?.message ?? error.detail} Retrying.`);
  }
}

/** Base of the exit code of a process that a signal ended, by the convention of shells. */
const SIGNALLED = 128;

/** A running command. */
interface ChildCommand {
  /** Sends it a signal; does nothing if it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves to its exit code, or 128 plus the signal's number if a signal ended it. */
  ended: Promise<number>;
}

function startFailure(command: string, error: NodeJS.ErrnoException): CliError {
  const reason =
    error.code === 'ENOENT' ? 'command not found' : error.code === 'EACCES' ? 'permission denied' : error.message;
  return new CliError(EXIT.failure, `Cannot start ${command}: ${reason}.`);
}

/**
 * Starts a command in the process group and with the streams of this process.
 *
 * @throws {CliError} If it can't be started.
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
    // Sending a signal failed because the process has ended.
  });
  return { kill: (signal) => void child.kill(signal), ended };
}
