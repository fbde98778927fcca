import { quote, RegistryError, type RegistryErrorCode } from '../../model/errors';
import { LOG_REFUSALS_PER_SECOND_MAX_COUNT } from '../../model/limits';
import {
  isLogged,
  LOG_THRESHOLDS,
  LogGate,
  type LogLevel,
  type LogThreshold,
  logLine,
  logThreshold,
} from '../../model/log';
import type { Labels, MetricFamily, Sample } from './prometheus-text';

/** Long enough for every common kind of id, too short to flood a log with. */
const TAKEN_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Header in which a client or a proxy sends the id of a request, and in which the response returns it. */
export const ID_HEADER = 'X-Request-Id';

/** Header with Cloudflare's id of a request; Cloudflare itself adds it to the response. */
const CLOUDFLARE_ID_HEADER = 'CF-Ray';

/** Returns the id in a header. Other characters than those of ids are not accepted, as the id is written to logs. */
function idIn(headers: Headers, name: string): string | undefined {
  const id = headers.get(name);
  return id !== null && TAKEN_ID.test(id) ? id : undefined;
}

/** Returns the id that a client or a proxy gave its request. */
export const givenId = (headers: Headers): string | undefined => idIn(headers, ID_HEADER);

/** Returns an id for a request without one: Cloudflare's, so that other logs have the same, or a random one. */
export const madeId = (headers: Headers): string => idIn(headers, CLOUDFLARE_ID_HEADER) ?? crypto.randomUUID();

/** Route of a request that no route matches. Its path is never reported, as it may contain a secret. */
const NO_ROUTE = 'none';

/** Record of a request for the log and the metrics; the routes fill it in step by step. */
export class RequestRecord {
  readonly method: string;
  /** Id that the request arrived with. */
  readonly givenId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Pattern of the route. */
  route = NO_ROUTE;
  /** Id of the token, once it is verified. */
  tokenId: string | undefined;
  /** Id of the namespace, once its format is checked. */
  namespace: string | undefined;
  /** True if the request asked to wait, so that its duration has no meaning. */
  isWait = false;
  /** Code of the error response. */
  code: RegistryErrorCode | undefined;
  /** An unexpected error. */
  unforeseen: unknown;

  readonly #headers: Headers;
  #madeId: string | undefined;

  /** @param startedAt Milliseconds since the epoch. */
  constructor({ headers, method }: Pick<Request, 'headers' | 'method'>, startedAt: number) {
    this.#headers = headers;
    this.givenId = givenId(headers);
    this.method = method;
    this.startedAt = startedAt;
  }

  /** Id that the request arrived with; otherwise one that is generated on first use, as few requests need one. */
  get id(): string {
    if (this.givenId !== undefined) return this.givenId;
    this.#madeId ??= madeId(this.#headers);
    return this.#madeId;
  }

  /** True if the id is in use: the client sent it, or a log line or an error response contains it. */
  get isNamed(): boolean {
    return this.givenId !== undefined || this.#madeId !== undefined;
  }
}

/** Writes a line to the log. */
export type WriteLog = (level: LogLevel, line: string) => void;

/** Dependencies and settings of {@link RequestObserver}. */
export interface RequestObserverOptions {
  counts: RequestCounts;
  threshold: LogThreshold;
  write: WriteLog;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Reports whether changes can't be stored. The host has logged that, so the resulting errors need no line each. */
  isDegraded: () => boolean;
}

/** Status codes that an operator should look at: others, such as 404 for a heartbeat, are part of normal operation. */
const NOTEWORTHY: ReadonlySet<number> = new Set([401, 403, 429]);

/** Counts every request, logs it if its level is enabled, and adds its id to the response. */
export class RequestObserver {
  readonly #options: RequestObserverOptions;
  /** Rate limits: unauthenticated clients can cause thousands of refusals, and a full disk or a lost directory, of failures. */
  readonly #gates = {
    warn: new LogGate(LOG_REFUSALS_PER_SECOND_MAX_COUNT),
    error: new LogGate(LOG_REFUSALS_PER_SECOND_MAX_COUNT),
  };

  constructor(options: RequestObserverOptions) {
    this.#options = options;
  }

  begin(request: Request): RequestRecord {
    return new RequestRecord(request, this.#options.now());
  }

  /** Records the response. Returns it with the id of the request, if that is in use. */
  end(record: RequestRecord, request: Request, response: Response): Response {
    const { counts, threshold, now } = this.#options;
    const { status } = response;
    // The duration must not be negative if the clock was set back.
    const durationMs = Math.max(0, now() - record.startedAt);
    const { method, route, isWait } = record;
    counts.note({ method, route, status, durationMs: isWait ? undefined : durationMs });
    const isExplained = record.code === 'UNAVAILABLE' && this.#options.isDegraded();
    const level = isExplained ? 'info' : levelOf(status);
    if (isLogged(level, threshold)) this.#write(level, record, request, status, durationMs);
    // The response that opens a WebSocket comes from the namespace and is immutable.
    if (status !== 101 && (status >= 400 || record.isNamed)) response.headers.set(ID_HEADER, record.id);
    return response;
  }

  /** Logs an error that happens after the response has started, when the line of the request is already written. */
  noteFailure({ id, method, route, namespace, tokenId }: RequestRecord, error: unknown): void {
    const { threshold, write, now } = this.#options;
    if (!isLogged('error', threshold)) return;
    const facts = { requestId: id, method, route, namespace, tokenId, error: textOf(error) };
    write('error', logLine(now(), 'error', 'the response was cut off by an error', facts));
  }

  #write(level: LogLevel, record: RequestRecord, request: Request, status: number, durationMs: number): void {
    // At the level `info` every request is logged, so nothing is left out.
    const isGated = level !== 'info' && this.#options.threshold !== 'info';
    const leftOut = isGated ? this.#gates[level].admit(record.startedAt) : 0;
    if (leftOut === undefined) return;
    const { id, method, route, namespace, tokenId, code, unforeseen } = record;
    const line = logLine(record.startedAt, level, 'request', {
      requestId: id,
      method,
      route,
      status,
      durationMs,
      namespace,
      tokenId,
      requestBytes: lengthOf(request),
      code,
      error: textOf(unforeseen),
      leftOut: leftOut || undefined,
    });
    this.#options.write(level, line);
  }
}

function levelOf(status: number): LogLevel {
  if (status >= 500) return 'error';
  return NOTEWORTHY.has(status) ? 'warn' : 'info';
}

/** Returns the declared length of the body. */
function lengthOf({ headers }: Request): number | undefined {
  const length = headers.get('content-length');
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function textOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

/** Returns the error of an invalid log level, which refuses every request; undefined if the level is valid. */
export function logLevelProblem(text: string | null | undefined): RegistryError | undefined {
  if (logThreshold(text) !== undefined) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_LOG_LEVEL is ${quote(text ?? '')}, which is not a log level; use one of ${LOG_THRESHOLDS.join(', ')}, or unset it`,
  );
}

/** Upper bounds of the histogram's buckets, in seconds. */
const BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** Known methods; clients may send any other. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts of a route and a method. */
class RouteCounts {
  readonly labels: Labels;
  /** 64-bit floats: with thousands of heartbeats per second, 32 bits overflow within weeks. */
  readonly byClass = new Float64Array(CLASSES.length);
  /** Counts per bucket: above the previous bound, up to its own; the last bucket is above all bounds. */
  readonly buckets = new Float64Array(BOUNDS_SECONDS.length + 1);
  timed = 0;
  totalMs = 0;

  constructor(method: string, route: string) {
    this.labels = { method, route };
  }
}

/** A completed request. */
export interface CountedRequest {
  method: string;
  /** Pattern of its route: their number is bounded, whatever clients send. */
  route: string;
  status: number;
  /** In milliseconds; undefined if the request asked to wait, as its duration has no meaning then. */
  durationMs?: number | undefined;
}

/** Counts requests and their durations by route, over the lifetime of the isolate. */
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

  /** Returns the counts as metrics. Routes without requests are left out. */
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
        help: 'Time until the response started, by route; without requests that asked to wait.',
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
