import { setTimeout as sleep } from 'node:timers/promises';
import { RollcallError } from '../../client/wire/rollcall-error';
import { CliError } from '../terminal/failure';
import type { Mirror } from './mirror';

/** Side of a mirror that has a problem. */
export type Side = 'source' | 'registry';

export interface LoopOptions {
  mirror: Pick<Mirror, 'look' | 'write'>;
  /** Interval of reads of the source, in milliseconds. */
  intervalMs: number;
  /** Interval of renewals while a read of the source is pending, in milliseconds. */
  beatMs: number;
  signal: AbortSignal;
  /** Called once when a problem starts, and with undefined when it is over. */
  trouble(side: Side, problem: string | undefined): void;
}

/** Runs a mirror, waiting while the source or the registry is unreachable. */
export class MirrorLoop {
  readonly #options: LoopOptions;
  readonly #troubled = new Set<Side>();
  #wake: () => void = () => {};
  #isWakeRequested = false;
  #nextReadAt = performance.now();

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Compares with the registry now instead of at the end of the interval, after a foreign change. */
  nudge(): void {
    this.#isWakeRequested = true;
    this.#wake();
  }

  /** Reads the source now instead of at the end of the interval, after it has reported a change. */
  readNow(): void {
    this.#nextReadAt = performance.now();
    this.nudge();
  }

  /**
   * Runs until the signal aborts.
   *
   * @throws {RollcallError} If the registry refuses for good.
   */
  async run(): Promise<void> {
    const { intervalMs, signal } = this.#options;
    while (!signal.aborted) {
      if (performance.now() >= this.#nextReadAt) {
        this.#nextReadAt = performance.now() + intervalMs;
        await this.#look();
      }
      await this.#write();
      await this.#pause(this.#nextReadAt - performance.now());
    }
  }

  /** Reads the source, and renews leases meanwhile: a source may have thousands of lists and respond slowly. */
  async #look(): Promise<void> {
    const { mirror, beatMs, signal } = this.#options;
    let isOver = false;
    const looking = this.#attempt('source', () => mirror.look(signal)).finally(() => {
      isOver = true;
    });
    for (;;) {
      const late = new AbortController();
      await Promise.race([looking, sleep(beatMs, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      if (isOver) return looking;
      await this.#write();
    }
  }

  async #write(): Promise<void> {
    const { mirror, signal } = this.#options;
    this.#isWakeRequested = false;
    await this.#attempt('registry', () => mirror.write(signal));
  }

  async #attempt(side: Side, act: () => Promise<unknown>): Promise<void> {
    const { signal, trouble } = this.#options;
    try {
      await act();
      if (this.#troubled.delete(side)) trouble(side, undefined);
    } catch (error) {
      if (signal.aborted) return;
      const problem = passingProblem(error);
      if (problem === undefined) throw error;
      if (!this.#troubled.has(side)) trouble(side, problem);
      this.#troubled.add(side);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isWakeRequested || ms <= 0) return;
    const over = new AbortController();
    this.#wake = () => over.abort();
    const either = AbortSignal.any([over.signal, this.#options.signal]);
    await sleep(ms, undefined, { signal: either }).catch(() => {});
    this.#wake = () => {};
  }
}

/** Returns the reason of a transient error; undefined for a permanent one. */
function passingProblem(error: unknown): string | undefined {
  // An error of the source is always treated as transient, as an operator may fix it.
  if (error instanceof CliError) return error.message;
  if (!(error instanceof RollcallError)) return undefined;
  if (error.cause instanceof CliError) return error.cause.message;
  return error.isPassing ? error.detail : undefined;
}
