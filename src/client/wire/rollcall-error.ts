/** One member of a request that was wrong: where, and what to do about it. */
export interface FieldError {
  /** Dotted path of the member, such as `lease.ttlMs`; empty for the request as a whole. */
  path: string;
  message: string;
}

/** What the registry refuses with, and `UNREACHABLE` where it gave no answer that can be read. */
export type RollcallErrorCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'ROUTE_NOT_FOUND'
  | 'NAMESPACE_NOT_FOUND'
  | 'SERVICE_NOT_FOUND'
  | 'INSTANCE_NOT_FOUND'
  | 'LEASE_NOT_FOUND'
  | 'TOKEN_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'COMPACTED'
  | 'REVISION_MISMATCH'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'UPGRADE_REQUIRED'
  | 'LIMIT_EXCEEDED'
  | 'INTERNAL'
  | 'NOT_CONFIGURED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'UNREACHABLE';

/** What programs are told beside the code and the detail of an error. */
export interface RollcallErrorFacts {
  /** Of the answer; 0 where there was none, and where a socket was refused something. */
  status?: number | undefined;
  errors?: readonly FieldError[] | undefined;
  /** When to come back, in milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Codes that say nothing against the request itself: the same may be answered later. */
const PASSING: ReadonlySet<string> = new Set([
  'INTERNAL',
  'NOT_CONFIGURED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'LIMIT_EXCEEDED',
  'UNREACHABLE',
]);

/** The one error of the client: the registry refused, or could not be reached. `code` is for programs. */
export class RollcallError extends Error {
  override readonly name: string = 'RollcallError';
  /** A registry that is newer than this client may have further codes. */
  readonly code: RollcallErrorCode | (string & {});
  readonly status: number;
  /** What was wrong, with which value, and what to do. */
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly retryAfterMs: number | undefined;

  constructor(code: RollcallErrorCode | (string & {}), detail: string, facts: RollcallErrorFacts = {}) {
    super(`${detail} (${code})`, { cause: facts.cause });
    this.code = code;
    this.detail = detail;
    this.status = facts.status ?? 0;
    this.errors = facts.errors ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** True where the same request may succeed later, as it is. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }

  /** Whatever was thrown, as one of these: what is not yet one means that there was no answer. */
  static from(error: unknown, what: string): RollcallError {
    if (error instanceof RollcallError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new RollcallError('UNREACHABLE', `${what}: ${reason}`, { cause: error });
  }
}
