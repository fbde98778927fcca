import { rawPath } from '../../http/request/request-target';
import { errorResponse } from '../../http/response/error-response';
import type { ErrorData } from '../../model/errors';
import { nacosErrorOf } from './nacos-error';

/** Paths whose answers are wrapped into number, words and data. */
const WRAPPED = /^\/nacos\/v[23]\//;

/** Where clients log in. */
const LOGIN = /\/login$/;

/** Reason phrases that Spring writes beside a status. */
const REASONS: Record<number, string> = { 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed' };

/**
 * A refusal as Nacos' clients know it: plain text in v1, wrapped in v2 and v3, and Spring's own JSON where Nacos lets
 * nobody in or has no such route. Who is not let in gets 403, never 401: clients log in again at that.
 */
export function refuse(refusal: ErrorData, request: Request): Response {
  const { status, headers } = errorResponse(refusal);
  const { code, details } = refusal;
  headers.delete('WWW-Authenticate');
  const path = rawPath(request);
  const message = saidOf(refusal, path);
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

/** What Nacos tells those whom it does not let in. Its console goes back to the login at exactly these words. */
function saidOf({ code, message }: ErrorData, path: string): string {
  if (code !== 'UNAUTHENTICATED') return message;
  return LOGIN.test(path) ? 'user not found!' : 'token invalid!';
}

const statusOf = (status: number): number => (status === 401 ? 403 : status);

function json(body: object, status: number, headers: Headers): Response {
  headers.set('Content-Type', 'application/json');
  return new Response(JSON.stringify(body), { status, headers });
}
