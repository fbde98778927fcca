import type { Endpoint } from './endpoint';

/** Options for ejecting instances that keep failing. The defaults are Envoy's. */
export interface EjectionOptions {
  /** Consecutive failures after which an instance is ejected; default 5. */
  readonly consecutiveFailures?: number | undefined;
  /** Interval in milliseconds at which ejected instances return and the others' ejection counts drop; default 10,000. */
  readonly intervalMs?: number | undefined;
  /** Length of the first ejection in milliseconds; the second in a row is twice as long, and so on; default 30,000. */
  readonly baseEjectionMs?: number | undefined;
  /** Length of the longest ejection in milliseconds; default 300,000. */
  readonly maxEjectionMs?: number | undefined;
  /** Maximum percentage of ejected instances; one can always be ejected; default 10. */
  readonly maxEjectionPercent?: number | undefined;
  /** Ejections are ignored if less than this percentage of the instances is left; default 50. */
  readonly panicPercent?: number | undefined;
}

interface Conduct {
  failures: number;
  /** Consecutive ejections; goes down by one per interval without an ejection. */
  ejections: number;
  /** Time when it may return; undefined if it is not ejected. */
  ejectedUntil: number | undefined;
}

/**
 * Ejects instances that keep failing, like Envoy's outlier detection with consecutive errors. A failure is a response of
 * 5xx, a failed connection, or a timeout. It has no timer: the work of an interval is done on the next access.
 *
 * Sources: Envoy, "Outlier detection" and "Panic threshold" (architecture overview), and the defaults of
 * `config.cluster.v3.OutlierDetection`. Envoy ejects at least one host if `always_eject_one_host` is set, and did so
 * unconditionally before 1.31; this always does, as most services have fewer than ten instances.
 */
export class OutlierEjection {
  readonly #options: { [Option in keyof EjectionOptions]-?: number };
  readonly #conduct = new Map<Endpoint, Conduct>();
  #sweptAt: number | undefined;
  #all: readonly Endpoint[] = [];
  #usable: readonly Endpoint[] = [];

  constructor({
    consecutiveFailures = 5,
    intervalMs = 10_000,
    baseEjectionMs = 30_000,
    maxEjectionMs = 300_000,
    maxEjectionPercent = 10,
    panicPercent = 50,
  }: EjectionOptions = {}) {
    this.#options = {
      consecutiveFailures,
      intervalMs,
      baseEjectionMs,
      maxEjectionMs,
      maxEjectionPercent,
      panicPercent,
    };
  }

  /** Returns the endpoints that are not ejected, or all of them in a panic; the same array while nothing changes. */
  usable(endpoints: readonly Endpoint[], now: number): readonly Endpoint[] {
    const passed = this.#sweep(now);
    if (endpoints !== this.#all) {
      this.#all = endpoints;
      const known = new Set(endpoints);
      for (const endpoint of this.#conduct.keys()) if (!known.has(endpoint)) this.#conduct.delete(endpoint);
    } else if (!passed) return this.#usable;
    return this.#choose();
  }

  /** Records the outcome of a call to `endpoint`. */
  report(endpoint: Endpoint, failed: boolean, now: number): void {
    const known = this.#conduct.get(endpoint);
    if (!failed) {
      if (known !== undefined) known.failures = 0;
      return;
    }
    // A call may end after its instance has left: then there is nothing to record.
    if (known === undefined && !this.#all.includes(endpoint)) return;
    const conduct = known ?? { failures: 0, ejections: 0, ejectedUntil: undefined };
    this.#conduct.set(endpoint, conduct);
    conduct.failures += 1;
    if (conduct.failures >= this.#options.consecutiveFailures && conduct.ejectedUntil === undefined) {
      this.#eject(conduct, now);
    }
  }

  #eject(conduct: Conduct, now: number): void {
    const { baseEjectionMs, maxEjectionMs, maxEjectionPercent } = this.#options;
    const ejected = this.#ejected();
    if (ejected > 0 && ((ejected + 1) * 100) / this.#all.length > maxEjectionPercent) return;
    conduct.ejections += 1;
    conduct.ejectedUntil = now + Math.min(baseEjectionMs * conduct.ejections, maxEjectionMs);
    this.#choose();
  }

  /** Does the work of the intervals that have passed; returns true if an instance returned. */
  #sweep(now: number): boolean {
    const { intervalMs } = this.#options;
    this.#sweptAt ??= now;
    const intervals = Math.floor((now - this.#sweptAt) / intervalMs);
    if (intervals <= 0) return false;
    this.#sweptAt += intervals * intervalMs;
    let changed = false;
    for (const [endpoint, conduct] of this.#conduct) {
      if (conduct.ejectedUntil === undefined) {
        conduct.ejections = Math.max(conduct.ejections - intervals, 0);
        if (conduct.ejections === 0 && conduct.failures === 0) this.#conduct.delete(endpoint);
      } else if (conduct.ejectedUntil <= this.#sweptAt) {
        conduct.ejectedUntil = undefined;
        conduct.failures = 0;
        changed = true;
      }
    }
    return changed;
  }

  #ejected(): number {
    let count = 0;
    for (const { ejectedUntil } of this.#conduct.values()) if (ejectedUntil !== undefined) count += 1;
    return count;
  }

  #choose(): readonly Endpoint[] {
    const left = this.#all.filter((endpoint) => this.#conduct.get(endpoint)?.ejectedUntil === undefined);
    const panic = left.length * 100 < this.#options.panicPercent * this.#all.length;
    this.#usable = panic || left.length === this.#all.length ? this.#all : left;
    return this.#usable;
  }
}
