import type { CheckedInstance, CheckToRun } from './check-registry';
import { type CheckResult, intervalMs, type ProbeDefinition } from './probe';

/** Shortest time between two reports of a check of which only the output differs. */
const OUTPUT_REPORT_INTERVAL_MS = 300_000;

/** Shortest time that a check must have been critical before its instance is removed, as in Consul. */
const DEREGISTER_MIN_MS = 60_000;

/** A check between its runs. */
export class RunningCheck {
  readonly id: string;
  readonly definition: ProbeDefinition;
  instance: CheckedInstance;
  /** True once it is not to be run any more. */
  isOver = false;
  /** True if its last run took the whole timeout, so that the next one may as well. */
  isSlow = false;
  /** Aborts the run under way; undefined between runs. */
  run: AbortController | undefined;
  readonly #thresholds: Thresholds;
  #shown: CheckResult;
  #isReported: boolean;
  #outputReportedAt: number;
  #criticalSince: number | undefined;

  constructor(instance: CheckedInstance, { id, definition, shown, isReported }: CheckToRun, now: number) {
    this.instance = instance;
    this.id = id;
    this.definition = definition;
    this.#thresholds = new Thresholds(definition);
    this.#shown = shown;
    this.#isReported = isReported;
    this.#outputReportedAt = now - OUTPUT_REPORT_INTERVAL_MS;
  }

  get intervalMs(): number {
    return intervalMs(this.definition);
  }

  /** True if the registry shows a critical result of it, and its instance is to be removed unless that changes. */
  get isEnding(): boolean {
    return this.#shown.status === 'critical' && this.#isReported && this.definition.deregisterAfter > 0;
  }

  /** Sets the result that the registry shows, which another client or a registration may have changed. */
  shows({ shown, isReported }: Pick<CheckToRun, 'shown' | 'isReported'>): void {
    this.#shown = shown;
    this.#isReported = isReported;
  }

  /** Forgets since when the check is critical: the process has not seen all of that time. */
  forgetTime(): void {
    this.#criticalSince = undefined;
  }

  /** Takes the result of a run. Returns what the registry is to show instead of what it does; undefined: nothing. */
  finish(result: CheckResult, now: number): CheckResult | undefined {
    const next = this.#thresholds.take(result);
    if (next === undefined) return undefined;
    if (next.status !== 'critical') this.#criticalSince = undefined;
    else this.#criticalSince ??= now;
    // The first result counts even if it is that of the registration: until then the instance is starting.
    if (next.status === this.#shown.status && (this.#isReported || next.status !== 'critical')) {
      // A report restarts the time after which a critical instance is removed.
      if (this.isEnding || sameOutput(next.output, this.#shown.output)) return undefined;
      if (now - this.#outputReportedAt < OUTPUT_REPORT_INTERVAL_MS) return undefined;
    }
    this.#outputReportedAt = now;
    return next;
  }

  /** Reports whether the instance is to be removed, since this check has been critical for as long as it says. */
  endsInstance(now: number): boolean {
    const { deregisterAfter } = this.definition;
    if (deregisterAfter <= 0 || this.#criticalSince === undefined) return false;
    return now - this.#criticalSince > Math.max(DEREGISTER_MIN_MS, deregisterAfter / 1e6);
  }
}

/** Remark with which the registry cuts an output. */
const CUT = / \.\.\. \(captured \d+ of \d+ bytes\)$/;

/** Compares an output with a stored one, of which the registry may have kept only the beginning. */
function sameOutput(found: string, stored: string): boolean {
  return found === stored || (CUT.test(stored) && found.startsWith(stored.replace(CUT, '')));
}

type Limits = Pick<ProbeDefinition, 'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'>;

/**
 * Counts results of one check, and decides which of them change its status. The first result always does.
 *
 * Source: `StatusHandler` of Consul.
 */
class Thresholds {
  readonly #limits: Limits;
  #successes: number;
  #failures: number;

  constructor(limits: Limits) {
    const { successBeforePassing, failuresBeforeCritical } = limits;
    this.#limits = { ...limits, failuresBeforeWarning: limits.failuresBeforeWarning || failuresBeforeCritical };
    this.#successes = successBeforePassing;
    this.#failures = failuresBeforeCritical;
  }

  /** Counts a result. Returns the result to show, or undefined if the check stays as it is. */
  take(result: CheckResult): CheckResult | undefined {
    const { successBeforePassing, failuresBeforeWarning, failuresBeforeCritical } = this.#limits;
    if (result.status !== 'critical') {
      this.#successes += 1;
      this.#failures = 0;
      return this.#successes >= successBeforePassing ? result : undefined;
    }
    this.#failures += 1;
    this.#successes = 0;
    if (this.#failures >= failuresBeforeCritical) return result;
    return this.#failures >= failuresBeforeWarning ? { ...result, status: 'warning' } : undefined;
  }
}
