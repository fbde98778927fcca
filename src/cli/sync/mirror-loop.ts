import { setTimeout as sleep } from 'node:timers/promises';
import { RollcallError } from '../../client/wire/rollcall-error';
import { CliError } from '../terminal/failure';
import type { Mirror } from './mirror';

/** What is in the way of a mirror. */
export type Side = 'source' | 'registry';

export interface LoopOptions {
  mirror: Pick<Mirror, 'look' | 'write'>;
  /** Between two looks at the source, in milliseconds. */
  intervalMs: number;
  /** How long leases may wait while the source takes its time, in milliseconds. */
  beatMs: number;
  signal: AbortSignal;
  /** Told what is in the way, once; and with undefined that it is over. */
  trouble(side: Side, problem: string | undefined): void;
}

/** Keeps a mirror going: whatever goes away is waited for. */
export class MirrorLoop {
  readonly #options: LoopOptions;
  readonly #troubled = new Set<Side>();
  #wake: () => void = () => {};
  #isNudged = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Somebody changed something in the registry: it is looked at now, and not at the end of the interval. */
  nudge(): void {
    this.#isNudged = true;
    this.#wake();
  }

  /**
   * Goes on until its signal.
   *
   * @throws {RollcallError} if the registry refuses for good.
   */
  async run(): Promise<void> {
    const { intervalMs, signal } = this.#options;
    let lookAt = performance.now();
    while (!signal.aborted) {
      if (performance.now() >= lookAt) {
        lookAt = performance.now() + intervalMs;
        await this.#look();
      }
      await this.#write();
      await this.#pause(lookAt - performance.now());
    }
  }

  /** A source may have thousands of lists and little time: leases are renewed meanwhile. */
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
    this.#isNudged = false;
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
    if (this.#isNudged || ms <= 0) return;
    const over = new AbortController();
    this.#wake = () => over.abort();
    const either = AbortSignal.any([over.signal, this.#options.signal]);
    await sleep(ms, undefined, { signal: either }).catch(() => {});
    this.#wake = () => {};
  }
}

/** Why something failed that may go well later; undefined for what will not. */
function passingProblem(error: unknown): string | undefined {
  // Whatever the source answers now, it may answer otherwise when somebody has mended it.
  if (error instanceof CliError) return error.message;
  if (!(error instanceof RollcallError)) return undefined;
  if (error.cause instanceof CliError) return error.cause.message;
  return error.isPassing ? error.detail : undefined;
}
