import { quote, RegistryError } from '../../model/errors';
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
import type { RequestCounts } from './request-counts';
import { ID_HEADER, RequestRecord } from './request-record';

/** Takes a line of the log. */
export type WriteLog = (level: LogLevel, line: string) => void;

/** What requests are watched with. */
export interface RequestObserverOptions {
  counts: RequestCounts;
  threshold: LogThreshold;
  write: WriteLog;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Refusals that somebody should look at: others, such as a heartbeat of what is gone, are how clients learn. */
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
    const level = levelOf(status);
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

/** What is wrong with the level of the log, as the refusal of every request; undefined where nothing is. */
export function logLevelProblem(text: string | null | undefined): RegistryError | undefined {
  if (logThreshold(text) !== undefined) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_LOG_LEVEL is ${quote(text ?? '')}, which is no level; write ${LOG_THRESHOLDS.join(', ')}, or leave it out`,
  );
}
