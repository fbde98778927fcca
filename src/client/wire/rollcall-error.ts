/** An invalid member of a request, with a message on how to fix it. */
export interface FieldError {
  /** Dotted path of the member, such as `lease.ttlMs`; empty for the request as a whole. */
  path: string;
  message: string;
}

/** Error codes of the registry, and `UNREACHABLE` if it gave no readable response. */
export type RollcallErrorCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'ROUTE_NOT_FOUND'
  | 'NAMESPACE_NOT_FOUND'
  | 'SERVICE_NOT_FOUND'
  | 'INSTANCE_NOT_FOUND'
  | 'ENTRY_NOT_FOUND'
  | 'LEASE_NOT_FOUND'
  | 'TOKEN_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'LOCK_HELD'
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

/** Further properties of an error, apart from code and detail. */
export interface RollcallErrorFacts {
  /** Status of the response; 0 without a response, and for errors over a socket. */
  status?: number | undefined;
  errors?: readonly FieldError[] | undefined;
  /** Time to wait before a retry, in milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Codes of transient errors: the same request may succeed later. */
const PASSING: ReadonlySet<string> = new Set([
  'INTERNAL',
  'NOT_CONFIGURED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'LIMIT_EXCEEDED',
  'UNREACHABLE',
]);

/** The error that the client throws: the registry refused a request, or was unreachable. `code` is for programs. */
export class RollcallError extends Error {
  override readonly name: string = 'RollcallError';
  /** A newer registry may have codes that are not in the type. */
  readonly code: RollcallErrorCode | (string & {});
  readonly status: number;
  /** Description for people: what is wrong, with which value, and how to fix it. */
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly retryAfterMs: number | undefined;

  constructor(code: RollcallErrorCode | (string & {}), detail: string, facts: RollcallErrorFacts = {}) {
    super(`${detail} (${code})`, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.detail = detail;
    this.status = facts.status ?? 0;
    this.errors = facts.errors ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** True if the same request may succeed later. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }

  /** Wraps any thrown value: one that is not a `RollcallError` becomes `UNREACHABLE`. */
  static from(error: unknown, what: string): RollcallError {
    if (error instanceof Error && error.name === 'RollcallError') return error as RollcallError; // `as`: its name is its own
    const reason = error instanceof Error ? error.message : String(error);
    // `this`: esbuild renames a class that uses its own name, and stack traces would show the new one.
    return new this('UNREACHABLE', `${what}: ${reason}`, { cause: error });
  }
}
