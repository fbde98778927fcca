import { nacosErrorOf } from '../../../codecs/nacos/refusals';
import { rawPath } from '../../../http/request/request-target';
import { errorResponse } from '../../../http/response/error-response';
import type { ErrorData } from '../../../model/errors';

/** Matches paths whose responses are wrapped in code, message and data. */
const WRAPPED = /^\/nacos\/v[23]\//;

/** Matches login paths. */
const LOGIN = /\/login$/;

/** Reason phrases in Spring's error responses. */
const REASONS: Record<number, string> = { 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed' };

/**
 * Returns an error response in the format of Nacos: plain text in v1, wrapped in v2 and v3, and in v1 Spring's own JSON for
 * denied access and unknown routes. A caller without a valid token gets 403, never 401, because 403 makes clients log in
 * again.
 */
export function refuse(refusal: ErrorData, request: Request): Response {
  const { status, headers } = errorResponse(refusal);
  const { code, details } = refusal;
  headers.delete('WWW-Authenticate');
  const path = rawPath(request);
  const message = messageFor(refusal, path);
  if (WRAPPED.test(path)) {
    const known = nacosErrorOf(code, details.dialectCode);
    return json({ code: known.code, message: known.message, data: message }, statusOf(status), headers);
  }
  if (
    code === 'UNAUTHENTICATED' ||
    code === 'FORBIDDEN' ||
    code === 'ROUTE_NOT_FOUND' ||
    code === 'METHOD_NOT_ALLOWED'
  ) {
    const shown = statusOf(status);
    const timestamp = new Date().toISOString();
    const reason = message === refusal.message ? undefined : refusal.message;
    return json({ timestamp, status: shown, error: REASONS[shown], message, path, reason }, shown, headers);
  }
  headers.set('Content-Type', 'text/plain;charset=UTF-8');
  return new Response(message, { status, headers });
}

/** Returns the message with which Nacos denies access. Its console returns to the login for exactly these texts. */
function messageFor({ code, message }: ErrorData, path: string): string {
  if (code !== 'UNAUTHENTICATED') return message;
  return LOGIN.test(path) ? 'user not found!' : 'token invalid!';
}

const statusOf = (status: number): number => (status === 401 ? 403 : status);

function json(body: object, status: number, headers: Headers): Response {
  headers.set('Content-Type', 'application/json');
  return new Response(JSON.stringify(body), { status, headers });
}
