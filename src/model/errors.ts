/** Every way in which the registry refuses. Closed: each surface maps all of them, and a new one breaks the build. */
export type RegistryErrorCode =
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
  | 'DEADLINE_EXCEEDED';

/** One member of the request that was wrong: where, and what to do about it. */
export interface FieldError {
  /** Dotted path of the member, such as `lease.ttlMs`; empty for the request as a whole. */
  path: string;
  message: string;
}

/** What a refusal tells programs, beside its code and message. */
export interface ErrorDetails {
  errors?: FieldError[];
  /** Methods that the route does answer. Goes with `METHOD_NOT_ALLOWED`. */
  allow?: string[];
  /** When to come back, in seconds. Goes with `LIMIT_EXCEEDED` and `UNAVAILABLE`. */
  retryAfterSeconds?: number;
  /** True: the token is over its own rate, so that whatever it asks of this namespace before that time is refused alike. */
  isOverRate?: true;
  /** A number that the clients of one dialect know the refusal by. That dialect sets it, and no other reads it. */
  dialectCode?: number;
}

/** A refusal as plain data: what crosses a remote call, and is rebuilt beyond it. */
export interface ErrorData {
  code: RegistryErrorCode;
  message: string;
  details: ErrorDetails;
}

/**
 * The one error of the registry.
 *
 * `message` is for people: what was wrong, with which value, and what to do. `code` and `details` are for programs.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly details: ErrorDetails;

  constructor(code: RegistryErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  toData(): ErrorData {
    return { code: this.code, message: this.message, details: this.details };
  }

  static fromData(data: ErrorData): RegistryError {
    return new RegistryError(data.code, data.message, data.details);
  }
}

/** Whether something that was thrown is a refusal with this code. */
export function hasCode(error: unknown, code: RegistryErrorCode): error is RegistryError {
  return error instanceof RegistryError && error.code === code;
}

/** Codes of failures that may have come after the change. */
const UNKNOWN_OUTCOMES: ReadonlySet<RegistryErrorCode> = new Set(['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED']);

/** Tells whether an error is an answer: nothing has happened. A change that failed otherwise may have happened all the same. */
export function isRefusal(error: unknown): error is RegistryError {
  return error instanceof RegistryError && !UNKNOWN_OUTCOMES.has(error.code);
}

/** A value from outside, fit for an error message: quoted, and cut where it is long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  // The cut may go through a character of two units.
  return text.length > 80 ? `${text.slice(0, 77).toWellFormed()}...` : text;
}
