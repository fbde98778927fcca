import type { CheckRegistry } from './check-registry';
import type { CheckResult } from './probe';
import type { RunningCheck } from './running-check';

/** Number of results that are reported at once. */
const REPORTS_AT_ONCE = 8;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

/** Parameters of {@link Reports}. */
export interface ReportsOptions {
  registry: CheckRegistry;
  /** Called when the registry has no such check any more. */
  onGone(check: RunningCheck): void;
  /** Called when a report failed, and will be repeated. */
  onFailure(error: unknown): void;
}

/** Reports results to the registry: of each check the newest one, repeated until the registry has taken it. */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #waiting = new Map<RunningCheck, CheckResult>();
  readonly #sending = new Set<RunningCheck>();
  #held: Promise<unknown> = Promise.resolve();
  #retryMs = RETRY_MIN_MS;
  #isPaused = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Reports true if the registry has not taken the newest result of a check yet. */
  has(check: RunningCheck): boolean {
    return this.#waiting.has(check) || this.#sending.has(check);
  }

  add(check: RunningCheck, result: CheckResult): void {
    this.#waiting.set(check, result);
    this.#sendMore();
  }

  /** Forgets what waits of a check. */
  drop(check: RunningCheck): void {
    this.#waiting.delete(check);
  }

  /** Forgets all that waits, since it was found before a gap. */
  dropCritical(): RunningCheck[] {
    const dropped = [...this.#waiting].filter(([, { status }]) => status === 'critical').map(([check]) => check);
    for (const check of dropped) this.#waiting.delete(check);
    return dropped;
  }

  /** Sends nothing until the work has settled. */
  holdUntil(work: Promise<unknown>): void {
    this.#held = Promise.allSettled([this.#held, work]);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #sendMore(): void {
    if (this.#isPaused || this.#isClosed) return;
    for (const [check, result] of this.#waiting) {
      if (this.#sending.size >= REPORTS_AT_ONCE) return;
      if (this.#sending.has(check)) continue;
      this.#waiting.delete(check);
      this.#sending.add(check);
      void this.#send(check, result);
    }
  }

  async #send(check: RunningCheck, result: CheckResult): Promise<void> {
    try {
      await this.#held;
      const outcome = await this.#options.registry.report(check.instance, check.id, result);
      this.#sending.delete(check);
      this.#retryMs = RETRY_MIN_MS;
      if (outcome === 'reported') check.shows({ shown: result, isReported: true });
      else this.#options.onGone(check);
    } catch (error) {
      this.#sending.delete(check);
      if (!this.#waiting.has(check) && !check.isOver) this.#waiting.set(check, result);
      this.#pause(error);
    }
    this.#sendMore();
  }

  #pause(error: unknown): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#options.onFailure(error);
    this.#timer = setTimeout(() => {
      this.#isPaused = false;
      this.#sendMore();
    }, this.#retryMs);
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
  }
}
