/** Error codes of the registry. The set is closed: each surface maps every code, so a new one breaks the build. */
export type RegistryErrorCode =
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
  | 'DEADLINE_EXCEEDED';

/** An invalid member of a request: its path, and how to fix it. */
export interface FieldError {
  /** Dotted path of the member, such as `lease.ttlMs`; empty for the request as a whole. */
  path: string;
  message: string;
}

/** Machine-readable details of an error, beside its code and message. */
export interface ErrorDetails {
  errors?: FieldError[];
  /** Methods that the route supports. Set with `METHOD_NOT_ALLOWED`. */
  allow?: string[];
  /** Time to wait before a retry, in seconds. Set with `LIMIT_EXCEEDED`, `UNAVAILABLE` and, after the end of a holder, `LOCK_HELD`. */
  retryAfterSeconds?: number;
  /** True: the token exceeds its rate, so all its requests to this namespace are refused until `retryAfterSeconds` pass. */
  isOverRate?: true;
  /**
   * Revision from which on the history of entries is complete: its changes, all later ones, and the entries as they were at
   * each of these revisions can be read. Set with `COMPACTED` if it can be told.
   */
  compactedRevision?: number;
  /** Numeric error code of a dialect, for its clients. That dialect sets it, and no other reads it. */
  dialectCode?: number;
}

/** An error as plain data, which crosses a remote call and is rebuilt on the other side. */
export interface ErrorData {
  code: RegistryErrorCode;
  message: string;
  details: ErrorDetails;
}

/**
 * The error class of the registry.
 *
 * `message` is for people: it says what was wrong, with which value, and what to do. `code` and `details` are for
 * programs.
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

/** Reports whether a thrown value is a {@link RegistryError} with this code. */
export function hasCode(error: unknown, code: RegistryErrorCode): error is RegistryError {
  return error instanceof RegistryError && error.code === code;
}

/** Codes of failures that may have occurred after the change was made. */
const UNKNOWN_OUTCOMES: ReadonlySet<RegistryErrorCode> = new Set(['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED']);

/** Reports whether an error is a refusal: nothing was changed. After any other error the change may have been made. */
export function isRefusal(error: unknown): error is RegistryError {
  return error instanceof RegistryError && !UNKNOWN_OUTCOMES.has(error.code);
}

/** Formats an untrusted value for an error message: quoted, and truncated if it is long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  // The cut may split a surrogate pair.
  return text.length > 80 ? `${text.slice(0, 77).toWellFormed()}...` : text;
}
