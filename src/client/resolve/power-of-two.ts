import type { Endpoint } from './endpoint';
import type { Selector } from './selector';
import { WeightedChoice } from './weighted-choice';

/** Time in which an observed latency loses two thirds of its weight. Source: Finagle's default. */
const DECAY_MS = 10_000;

/** A failure counts as a call that took this many times the usual latency; otherwise fast failures would look good. */
const FAILURE_FACTOR = 10;

/** Load of an endpoint, as this client observes it. */
interface Load {
  pending: number;
  /** Peak-sensitive average of latencies in milliseconds, as of `at`; undefined before the first one. */
  latencyMs: number | undefined;
  at: number;
}

const fade = (sinceMs: number): number => Math.exp(-Math.max(sinceMs, 0) / DECAY_MS);

/**
 * Selects the better of two random instances: the one with the lower latency × (pending calls + 1).
 *
 * The latency is a *peak EWMA*: it follows a higher value at once and a lower one slowly. The two candidates are drawn in
 * proportion to weight, and pending calls are scaled by weight as well. A new instance first gets a single call.
 *
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing" (2001); Finagle's `PeakEwma`.
 */
export function powerOfTwo(): Selector {
  const loads = new WeakMap<Endpoint, Load>();
  const choice = new WeightedChoice();
  /** Average latency of successful calls. */
  let usualMs: number | undefined;

  function loadOf(endpoint: Endpoint): Load {
    const known = loads.get(endpoint);
    if (known !== undefined) return known;
    const load: Load = { pending: 0, latencyMs: undefined, at: 0 };
    loads.set(endpoint, load);
    return load;
  }

  function cost(endpoint: Endpoint, now: number): number {
    const { pending, latencyMs, at } = loadOf(endpoint);
    if (latencyMs === undefined) return pending === 0 ? 0 : Number.POSITIVE_INFINITY;
    return latencyMs * fade(now - at) * (pending / choice.relativeWeight(endpoint) + 1);
  }

  return {
    pick(endpoints, { now, random }) {
      const index = choice.index(endpoints, random());
      const first = endpoints[index];
      if (first === undefined || endpoints.length === 1) return first;
      const other = choice.index(endpoints, random());
      const second = endpoints[other === index ? (index + 1) % endpoints.length : other];
      return second !== undefined && cost(second, now) < cost(first, now) ? second : first;
    },
    started(endpoint) {
      loadOf(endpoint).pending += 1;
    },
    ended(endpoint, { latencyMs, outcome, now }) {
      const load = loadOf(endpoint);
      load.pending -= 1;
      const sample = outcome === 'failure' ? Math.max(latencyMs, FAILURE_FACTOR * (usualMs ?? latencyMs)) : latencyMs;
      const before = load.latencyMs ?? 0;
      const remaining = fade(now - load.at);
      load.latencyMs = sample > before ? sample : before * remaining + sample * (1 - remaining);
      load.at = now;
      if (outcome === 'success') usualMs = usualMs === undefined ? latencyMs : usualMs + (latencyMs - usualMs) / 16;
    },
  };
}
