import type { Labels, MetricFamily, Sample } from './prometheus-text';

/** Upper bounds of the buckets that durations are counted in, in seconds. */
const BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** Methods by their names; a client may send any other. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** One route with one method. */
class RouteCounts {
  readonly labels: Labels;
  /** Numbers of any size: 32 bits are full within weeks where thousands beat every second. */
  readonly byClass = new Float64Array(CLASSES.length);
  /** How many were at most as long as the bound, and longer than the one before; the last is longer than all. */
  readonly buckets = new Float64Array(BOUNDS_SECONDS.length + 1);
  timed = 0;
  totalMs = 0;

  constructor(method: string, route: string) {
    this.labels = { method, route };
  }
}

/** A request that has been answered. */
export interface CountedRequest {
  method: string;
  /** Pattern of its route: there are only so many of them, whatever clients send. */
  route: string;
  status: number;
  /** In milliseconds; undefined where it was asked to wait, and its time says nothing. */
  durationMs?: number | undefined;
}

/** Counts requests and their durations, by route, for as long as the isolate lasts. */
export class RequestCounts {
  /** By route, then by method. */
  readonly #routes = new Map<string, Map<string, RouteCounts>>();

  note({ method, route, status, durationMs }: CountedRequest): void {
    const counts = this.#countsOf(METHODS.has(method) ? method : 'other', route);
    const index = Math.floor(status / 100) - 1;
    counts.byClass[index] = (counts.byClass[index] ?? 0) + 1;
    if (durationMs === undefined) return;
    let bucket = 0;
    while (bucket < BOUNDS_SECONDS.length && durationMs > (BOUNDS_SECONDS[bucket] ?? 0) * 1_000) bucket += 1;
    counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
    counts.timed += 1;
    counts.totalMs += durationMs;
  }

  /** What was counted, as metrics. Routes that nobody asked for are left out. */
  families(): MetricFamily[] {
    const routes = [...this.#routes.values()].flatMap((methods) => [...methods.values()]);
    return [
      {
        name: 'rollcall_http_requests_total',
        type: 'counter',
        help: 'HTTP requests answered by this process, by route and class of status.',
        samples: routes.flatMap(answeredSamples),
      },
      {
        name: 'rollcall_http_request_duration_seconds',
        type: 'histogram',
        help: 'Time until an answer began, by route; those that were asked to wait are left out.',
        samples: routes.filter(({ timed }) => timed > 0).flatMap(durationSamples),
      },
    ];
  }

  #countsOf(method: string, route: string): RouteCounts {
    const known = this.#routes.get(route)?.get(method);
    if (known !== undefined) return known;
    const counts = new RouteCounts(method, route);
    this.#routes.set(route, (this.#routes.get(route) ?? new Map()).set(method, counts));
    return counts;
  }
}

function answeredSamples({ labels, byClass }: RouteCounts): Sample[] {
  return CLASSES.map((status, index) => ({ labels: { ...labels, status }, value: byClass[index] ?? 0 })).filter(
    ({ value }) => value > 0,
  );
}

function durationSamples({ labels, buckets, timed, totalMs }: RouteCounts): Sample[] {
  let below = 0;
  const samples: Sample[] = BOUNDS_SECONDS.map((bound, index) => {
    below += buckets[index] ?? 0;
    return { suffix: '_bucket', labels: { ...labels, le: String(bound) }, value: below };
  });
  samples.push(
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: timed },
    { suffix: '_sum', labels, value: totalMs / 1_000 },
    { suffix: '_count', labels, value: timed },
  );
  return samples;
}
