import type { Endpoint } from './endpoint';

/** When instances that fail are left alone for a while. The defaults are Envoy's. */
export interface EjectionOptions {
  /** Failures in a row after which an instance is ejected: 5. */
  readonly consecutiveFailures?: number | undefined;
  /** How often ejected instances come back and the others' record is mended, in milliseconds: 10,000. */
  readonly intervalMs?: number | undefined;
  /** The first ejection; the second in a row is twice as long, and so on: 30,000. */
  readonly baseEjectionMs?: number | undefined;
  /** The longest ejection: 300,000. */
  readonly maxEjectionMs?: number | undefined;
  /** Nobody else is ejected once so many percent of all are; the first always is: 10. */
  readonly maxEjectionPercent?: number | undefined;
  /** Where fewer percent than this are left, ejections are ignored: 50. */
  readonly panicPercent?: number | undefined;
}

interface Conduct {
  failures: number;
  /** Ejections in a row; taken back one by one while it does well. */
  ejections: number;
  /** When it may come back; undefined where it is not ejected. */
  ejectedUntil: number | undefined;
}

/**
 * Leaves out instances that fail again and again, as Envoy's outlier detection does with consecutive errors. A failure
 * is an answer of 5xx, a call that was refused or broke, or one that took too long. Has no timer: what the
 * interval brings happens at the next look.
 *
 * Sources: Envoy, "Outlier detection" and "Panic threshold" (architecture overview), and the defaults of
 * `config.cluster.v3.OutlierDetection`. Envoy ejects at least one host where `always_eject_one_host` is set, and did
 * so without asking before 1.31; this always does, as most services have fewer than ten instances.
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

  /** Those of `endpoints` that are not ejected; all of them in a panic. The same array as long as nothing changed. */
  usable(endpoints: readonly Endpoint[], now: number): readonly Endpoint[] {
    const passed = this.#sweep(now);
    if (endpoints !== this.#all) {
      this.#all = endpoints;
      const known = new Set(endpoints);
      for (const endpoint of this.#conduct.keys()) if (!known.has(endpoint)) this.#conduct.delete(endpoint);
    } else if (!passed) return this.#usable;
    return this.#choose();
  }

  /** How a call to `endpoint` ended. */
  report(endpoint: Endpoint, failed: boolean, now: number): void {
    const known = this.#conduct.get(endpoint);
    if (!failed) {
      if (known !== undefined) known.failures = 0;
      return;
    }
    // A call may end after its instance has left: nothing to keep then.
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

  /** Does what each interval brings; true where somebody came back. */
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
