import { type ErrorData, RegistryError, type RegistryErrorCode } from '../../model/errors';
import type { RequestRecord } from '../telemetry/request-observer';
import { COMMON_HEADERS } from './answers';

/** What each refusal is over HTTP. A new code breaks the build here until it has its line. */
const PROBLEMS = {
  INVALID_REQUEST: { status: 400, title: 'The request is not valid' },
  UNAUTHENTICATED: { status: 401, title: 'A valid token is needed' },
  FORBIDDEN: { status: 403, title: 'The token does not allow this' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  NAMESPACE_NOT_FOUND: { status: 404, title: 'There is no such namespace' },
  SERVICE_NOT_FOUND: { status: 404, title: 'There is no such service' },
  INSTANCE_NOT_FOUND: { status: 404, title: 'There is no such instance' },
  LEASE_NOT_FOUND: { status: 404, title: 'There is no such lease' },
  TOKEN_NOT_FOUND: { status: 404, title: 'There is no such token' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not answer this method' },
  CONFLICT: { status: 409, title: 'The present state does not allow this' },
  COMPACTED: { status: 410, title: 'That part of history is gone' },
  REVISION_MISMATCH: { status: 412, title: 'A precondition failed' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body has the wrong type' },
  UPGRADE_REQUIRED: { status: 426, title: 'A WebSocket is needed' },
  LIMIT_EXCEEDED: { status: 429, title: 'A limit is reached' },
  INTERNAL: { status: 500, title: 'Something went wrong inside' },
  NOT_CONFIGURED: { status: 503, title: 'The registry is not set up' },
  UNAVAILABLE: { status: 503, title: 'The registry cannot answer now' },
  DEADLINE_EXCEEDED: { status: 504, title: 'The answer took too long' },
} as const satisfies Record<RegistryErrorCode, { status: number; title: string }>;

/** When to come back where the refusal itself does not say: an object restarts at once, a person sets up slowly. */
const RETRY_AFTER_SECONDS: Partial<Record<RegistryErrorCode, number>> = { UNAVAILABLE: 1, NOT_CONFIGURED: 60 };

/** The status of a refusal, with a sentence that is the same for all of its kind. */
export function problemOf(code: RegistryErrorCode): { status: number; title: string } {
  return PROBLEMS[code];
}

/** All refusals with what they are over HTTP, for the documentation. */
export const PROBLEM_TABLE: readonly { code: string; status: number; title: string }[] = Object.entries(PROBLEMS).map(
  ([code, { status, title }]) => ({ code, status, title }),
);

/** A refusal as `application/problem+json` (RFC 9457), with the headers that its code calls for. */
export function errorResponse({ code, message, details }: ErrorData): Response {
  const { status, title } = PROBLEMS[code];
  const headers = new Headers(COMMON_HEADERS);
  headers.set('Content-Type', 'application/problem+json');
  if (code === 'UNAUTHENTICATED') headers.set('WWW-Authenticate', 'Bearer realm="rollcall"');
  if (code === 'UPGRADE_REQUIRED') headers.set('Upgrade', 'websocket');
  if (details.allow !== undefined) headers.set('Allow', details.allow.join(', '));
  const retryAfter = details.retryAfterSeconds ?? RETRY_AFTER_SECONDS[code];
  if (retryAfter !== undefined) headers.set('Retry-After', String(retryAfter));
  const problem = { type: `/docs#${code}`, title, status, detail: message, code, errors: details.errors };
  return new Response(JSON.stringify(problem), { status, headers });
}

/**
 * What any error is to a caller. One that nobody foresaw goes into the log, with the request that it is told by: what it
 * says may be about our insides.
 *
 * @param record Of the request: takes note of the refusal.
 */
export function refusalOf(error: unknown, record: RequestRecord): ErrorData {
  if (error instanceof RegistryError) {
    record.code = error.code;
    // A failure inside an object, which its caller can't see.
    if (error.code === 'INTERNAL') record.unforeseen = error.cause ?? error;
    return error.toData();
  }
  record.code = 'INTERNAL';
  record.unforeseen = error;
  return {
    code: 'INTERNAL',
    message: `an error that nobody foresaw; the registry's log has it as request ${record.id}`,
    details: {},
  };
}
