import { type ErrorData, RegistryError, type RegistryErrorCode } from '../../model/errors';
import type { RequestRecord } from '../telemetry/request-observer';
import { COMMON_HEADERS } from './answers';

/** HTTP status and title of each error code. A new code breaks the build until it is listed here. */
const PROBLEMS = {
  INVALID_REQUEST: { status: 400, title: 'The request is not valid' },
  UNAUTHENTICATED: { status: 401, title: 'A valid token is needed' },
  FORBIDDEN: { status: 403, title: 'The token does not allow this' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  NAMESPACE_NOT_FOUND: { status: 404, title: 'There is no such namespace' },
  SERVICE_NOT_FOUND: { status: 404, title: 'There is no such service' },
  INSTANCE_NOT_FOUND: { status: 404, title: 'There is no such instance' },
  ENTRY_NOT_FOUND: { status: 404, title: 'There is no such entry' },
  LEASE_NOT_FOUND: { status: 404, title: 'There is no such lease' },
  TOKEN_NOT_FOUND: { status: 404, title: 'There is no such token' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not support this method' },
  CONFLICT: { status: 409, title: 'The current state does not allow this' },
  LOCK_HELD: { status: 409, title: 'The lock is not free' },
  COMPACTED: { status: 410, title: 'That part of the history is no longer retained' },
  REVISION_MISMATCH: { status: 412, title: 'A precondition failed' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body has the wrong type' },
  UPGRADE_REQUIRED: { status: 426, title: 'A WebSocket is needed' },
  LIMIT_EXCEEDED: { status: 429, title: 'A limit is reached' },
  INTERNAL: { status: 500, title: 'An internal error occurred' },
  NOT_CONFIGURED: { status: 503, title: 'The registry is not set up' },
  UNAVAILABLE: { status: 503, title: 'The registry is temporarily unavailable' },
  DEADLINE_EXCEEDED: { status: 504, title: 'The operation timed out' },
} as const satisfies Record<RegistryErrorCode, { status: number; title: string }>;

/** Default `Retry-After` of errors that don't set one: an object restarts at once; setup takes an operator longer. */
const RETRY_AFTER_SECONDS: Partial<Record<RegistryErrorCode, number>> = { UNAVAILABLE: 1, NOT_CONFIGURED: 60 };

/** Returns the status and the title of an error code. */
export function problemOf(code: RegistryErrorCode): { status: number; title: string } {
  return PROBLEMS[code];
}

/** All error codes with their status and title, for the documentation. */
export const PROBLEM_TABLE: readonly { code: string; status: number; title: string }[] = Object.entries(PROBLEMS).map(
  ([code, { status, title }]) => ({ code, status, title }),
);

/** Returns an error as `application/problem+json` (RFC 9457), with the headers of its code. */
export function errorResponse({ code, message, details }: ErrorData): Response {
  const { status, title } = PROBLEMS[code];
  const headers = new Headers(COMMON_HEADERS);
  headers.set('Content-Type', 'application/problem+json');
  if (code === 'UNAUTHENTICATED') headers.set('WWW-Authenticate', 'Bearer realm="rollcall"');
  if (code === 'UPGRADE_REQUIRED') headers.set('Upgrade', 'websocket');
  if (details.allow !== undefined) headers.set('Allow', details.allow.join(', '));
  const retryAfter = details.retryAfterSeconds ?? RETRY_AFTER_SECONDS[code];
  if (retryAfter !== undefined) headers.set('Retry-After', String(retryAfter));
  const { errors, compactedRevision } = details;
  const problem = { type: `/docs#${code}`, title, status, detail: message, code, errors, compactedRevision };
  return new Response(JSON.stringify(problem), { status, headers });
}

/**
 * Maps an error to its public form. An unexpected one is only logged, under the id of the request: its message may
 * reveal internals.
 *
 * @param record Record of the request; the error is noted in it.
 */
export function refusalOf(error: unknown, record: RequestRecord): ErrorData {
  if (error instanceof RegistryError) {
    record.code = error.code;
    // A failure inside a Durable Object, which the caller must not see.
    if (error.code === 'INTERNAL') record.unforeseen = error.cause ?? error;
    return error.toData();
  }
  record.code = 'INTERNAL';
  record.unforeseen = error;
  return {
    code: 'INTERNAL',
    message: `an unexpected error occurred; the registry logged it as request ${record.id}`,
    details: {},
  };
}
