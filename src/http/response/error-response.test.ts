import { describe, expect, it } from 'vitest';
import { RegistryError, type RegistryErrorCode } from '../../model/errors';
import { RequestRecord } from '../telemetry/request-observer';
import { errorResponse, PROBLEM_TABLE, refusalOf } from './error-response';

/** DESIGN's table. */
const STATUSES: Record<RegistryErrorCode, number> = {
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ROUTE_NOT_FOUND: 404,
  NAMESPACE_NOT_FOUND: 404,
  SERVICE_NOT_FOUND: 404,
  INSTANCE_NOT_FOUND: 404,
  ENTRY_NOT_FOUND: 404,
  LEASE_NOT_FOUND: 404,
  TOKEN_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  LOCK_HELD: 409,
  COMPACTED: 410,
  REVISION_MISMATCH: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UPGRADE_REQUIRED: 426,
  LIMIT_EXCEEDED: 429,
  INTERNAL: 500,
  NOT_CONFIGURED: 503,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

const codes = Object.entries(STATUSES) as [RegistryErrorCode, number][]; // `as`: the keys are the record's own

describe('errorResponse', () => {
  it.each(codes)('[H3] answers %s with %d, as a problem', async (code, status) => {
    const response = errorResponse({ code, message: 'what was wrong', details: {} });
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'rollcall-api': '1.0',
    });
    expect(await response.json()).toEqual({
      type: `/docs#${code}`,
      title: PROBLEM_TABLE.find((problem) => problem.code === code)?.title,
      status,
      detail: 'what was wrong',
      code,
    });
  });

  it('lists each invalid member', async () => {
    const errors = [{ path: 'a', message: 'b' }];
    const response = errorResponse({ code: 'INVALID_REQUEST', message: 'x', details: { errors } });
    expect(await response.json()).toMatchObject({ errors });
  });

  it('sends the headers of the code, and no others', () => {
    const sent = (code: RegistryErrorCode, details = {}) => {
      const { headers } = errorResponse({ code, message: 'x', details });
      return ['www-authenticate', 'allow', 'retry-after'].map((name) => headers.get(name));
    };
    expect(sent('UNAUTHENTICATED')).toEqual(['Bearer realm="rollcall"', null, null]);
    expect(sent('METHOD_NOT_ALLOWED', { allow: ['GET', 'HEAD'] })).toEqual([null, 'GET, HEAD', null]);
    expect(sent('LIMIT_EXCEEDED')).toEqual([null, null, null]);
    expect(sent('LIMIT_EXCEEDED', { retryAfterSeconds: 7 })).toEqual([null, null, '7']);
    expect(sent('UNAVAILABLE')).toEqual([null, null, '1']);
    expect(sent('NOT_CONFIGURED')).toEqual([null, null, '60']);
    expect(sent('INTERNAL')).toEqual([null, null, null]);
  });
});

describe('refusalOf', () => {
  const record = () => new RequestRecord({ headers: new Headers({ 'X-Request-Id': 'request-7' }), method: 'GET' }, 0);

  it('[H12, G1] passes the cause of a failed object to the log, not to the caller', () => {
    const failed = record();
    const cause = new Error('disk on fire');
    const refusal = refusalOf(new RegistryError('INTERNAL', 'it failed', {}, { cause }), failed);
    expect([refusal.message, failed.unforeseen]).toEqual(['it failed', cause]);
  });

  it('returns an expected error unchanged', () => {
    const refused = record();
    const error = new RegistryError('CONFLICT', 'no', {}, { cause: new Error('inside') });
    expect(refusalOf(error, refused)).toEqual({ code: 'CONFLICT', message: 'no', details: {} });
    expect(refused).toMatchObject({ code: 'CONFLICT', unforeseen: undefined });
  });

  it('[G1] hides the cause of an unexpected error, and names the id of the request in the log', () => {
    const refused = record();
    const error = new TypeError('an internal detail');
    const refusal = refusalOf(error, refused);
    expect(refusal.code).toBe('INTERNAL');
    expect(refusal.message).toContain('request-7');
    expect(refusal.message).not.toContain('internal');
    expect(refused).toMatchObject({ code: 'INTERNAL', unforeseen: error });
  });
});
