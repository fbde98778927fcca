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

/** Long enough for every id that is in use, too short to fill a log with. */
const TAKEN_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** By which a client or a proxy names a request. Asked for by its answer, too. */
export const ID_HEADER = 'X-Request-Id';

/** By which Cloudflare names a request; it names the answer by it itself. */
const CLOUDFLARE_ID_HEADER = 'CF-Ray';

/** The id in a header. What is no id by its letters is not taken: it would be written to logs. */
function idIn(headers: Headers, name: string): string | undefined {
  const id = headers.get(name);
  return id !== null && TAKEN_ID.test(id) ? id : undefined;
}

/** The id that a client or a proxy gave its request. */
export const givenId = (headers: Headers): string | undefined => idIn(headers, ID_HEADER);

/** An id for a request that was given none: Cloudflare's, so that it can be followed through all that log it, or a random one. */
export const madeId = (headers: Headers): string => idIn(headers, CLOUDFLARE_ID_HEADER) ?? crypto.randomUUID();

/** Stands for the route of a request that none answers: no path is ever told, it may hold a secret. */
const NO_ROUTE = 'none';

/** Facts about one request for the log and the metrics: the routes fill them in as they learn them. */
export class RequestRecord {
  readonly method: string;
  /** The id that the request came with. */
  readonly givenId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Pattern of the route. */
  route = NO_ROUTE;
  /** Id of whose token it was, once it is known to be good. */
  tokenId: string | undefined;
  /** The namespace it is about, once it is known to be the name of one. */
  namespace: string | undefined;
  /** True: it was asked to wait for something, so its duration says nothing. */
  isWait = false;
  /** Code of its refusal. */
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

  /** The id that the request came with; else one that is made when it is first asked for, as few requests are told of. */
  get id(): string {
    if (this.givenId !== undefined) return this.givenId;
    this.#madeId ??= madeId(this.#headers);
    return this.#madeId;
  }

  /** True where the id is known outside: the client gave it, or a line of the log or a refusal has it. */
  get isNamed(): boolean {
    return this.givenId !== undefined || this.#madeId !== undefined;
  }
}

/** Takes a line of the log. */
export type WriteLog = (level: LogLevel, line: string) => void;

/** Dependencies and settings of {@link RequestObserver}. */
export interface RequestObserverOptions {
  counts: RequestCounts;
  threshold: LogThreshold;
  write: WriteLog;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Returns whether changes can't be stored. The host has logged that, so refusals that follow from it are not logged. */
  isDegraded: () => boolean;
}

/** Refusals that an operator should look at: others, such as a heartbeat of what is gone, are how clients learn. */
const NOTEWORTHY: ReadonlySet<number> = new Set([401, 403, 429]);

/** Counts every request, writes a line about it where its level is logged, and names it in its answer. */
export class RequestObserver {
  readonly #options: RequestObserverOptions;
  /** Strangers can make refusals by the thousand, and where a disk is full or the directory away, failures too. */
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

  /** Takes note of how it was answered. Returns the answer, which names the request where it has an id to be found by. */
  end(record: RequestRecord, request: Request, response: Response): Response {
    const { counts, threshold, now } = this.#options;
    const { status } = response;
    // A clock that was set back makes no time negative.
    const durationMs = Math.max(0, now() - record.startedAt);
    const { method, route, isWait } = record;
    counts.note({ method, route, status, durationMs: isWait ? undefined : durationMs });
    const isExplained = record.code === 'UNAVAILABLE' && this.#options.isDegraded();
    const level = isExplained ? 'info' : levelOf(status);
    if (isLogged(level, threshold)) this.#write(level, record, request, status, durationMs);
    // The answer that opens a WebSocket is the namespace's, and can't be changed.
    if (status !== 101 && (status >= 400 || record.isNamed)) response.headers.set(ID_HEADER, record.id);
    return response;
  }

  /** Takes note of an error after the answer had begun: the line of the request is written by then. */
  noteFailure({ id, method, route, namespace, tokenId }: RequestRecord, error: unknown): void {
    const { threshold, write, now } = this.#options;
    if (!isLogged('error', threshold)) return;
    const facts = { requestId: id, method, route, namespace, tokenId, error: textOf(error) };
    write('error', logLine(now(), 'error', 'the answer broke off', facts));
  }

  #write(level: LogLevel, record: RequestRecord, request: Request, status: number, durationMs: number): void {
    // Who asked for every request gets every one.
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

/** Bytes of the body, where the client told them. */
function lengthOf({ headers }: Request): number | undefined {
  const length = headers.get('content-length');
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function textOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

/** Returns the fault of a level of the log, as the refusal of every request; undefined where there is none. */
export function logLevelProblem(text: string | null | undefined): RegistryError | undefined {
  if (logThreshold(text) !== undefined) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_LOG_LEVEL is ${quote(text ?? '')}, which is no level; write ${LOG_THRESHOLDS.join(', ')}, or leave it out`,
  );
}

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
