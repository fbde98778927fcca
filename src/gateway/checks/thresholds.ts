import type { CheckResult, ProbeDefinition } from './probe';

type Limits = Pick<ProbeDefinition, 'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'>;

/**
 * Counts results of one check, and decides which of them change its status. The first result always does.
 *
 * Source: `StatusHandler` of Consul.
 */
export class Thresholds {
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
