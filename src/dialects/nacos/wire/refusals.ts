import { rawPath } from '../../../http/request/request-target';
import { errorResponse } from '../../../http/response/error-response';
import { type ErrorData, type ErrorDetails, RegistryError, type RegistryErrorCode } from '../../../model/errors';

interface NacosError {
  /** For programs, in the answers of v2 and v3. */
  code: number;
  /** The words that always go with it. */
  message: string;
  /** What it is to the registry, which also says its status. */
  as: RegistryErrorCode;
}

/** What Nacos' clients know refusals by. Source: `ErrorCode` of Nacos 3.0.3. */
const NACOS_ERRORS = {
  PARAMETER_MISSING: { code: 10_000, message: 'parameter missing', as: 'INVALID_REQUEST' },
  ACCESS_DENIED: { code: 10_001, message: 'access denied', as: 'FORBIDDEN' },
  PARAMETER_VALIDATE_ERROR: { code: 20_002, message: 'parameter validate error', as: 'INVALID_REQUEST' },
  MEDIA_TYPE_ERROR: { code: 20_003, message: 'MediaType Error', as: 'INVALID_REQUEST' },
  RESOURCE_NOT_FOUND: { code: 20_004, message: 'resource not found', as: 'INSTANCE_NOT_FOUND' },
  RESOURCE_CONFLICT: { code: 20_005, message: 'resource conflict', as: 'CONFLICT' },
  SERVICE_NAME_ERROR: { code: 21_000, message: 'service name error', as: 'INVALID_REQUEST' },
  WEIGHT_ERROR: { code: 21_001, message: 'instance weight error', as: 'INVALID_REQUEST' },
  INSTANCE_METADATA_ERROR: { code: 21_002, message: 'instance metadata error', as: 'INVALID_REQUEST' },
  INSTANCE_NOT_FOUND: { code: 21_003, message: 'instance not found', as: 'INSTANCE_NOT_FOUND' },
  INSTANCE_ERROR: { code: 21_004, message: 'instance error', as: 'INVALID_REQUEST' },
  SERVICE_METADATA_ERROR: { code: 21_005, message: 'service metadata error', as: 'INVALID_REQUEST' },
  SELECTOR_ERROR: { code: 21_006, message: 'selector error', as: 'INVALID_REQUEST' },
  SERVICE_ALREADY_EXIST: { code: 21_007, message: 'service already exist', as: 'INVALID_REQUEST' },
  SERVICE_NOT_EXIST: { code: 21_008, message: 'service not exist', as: 'INVALID_REQUEST' },
  SERVICE_DELETE_FAILURE: { code: 21_009, message: 'service delete failure', as: 'INVALID_REQUEST' },
  HEALTHY_PARAM_MISS: { code: 21_010, message: 'healthy param miss', as: 'INVALID_REQUEST' },
  HEALTH_CHECK_STILL_RUNNING: { code: 21_011, message: 'health check still running', as: 'INVALID_REQUEST' },
  ILLEGAL_NAMESPACE: { code: 22_000, message: 'illegal namespace', as: 'INVALID_REQUEST' },
  NAMESPACE_NOT_EXIST: { code: 22_001, message: 'namespace not exist', as: 'NAMESPACE_NOT_FOUND' },
  NAMESPACE_ALREADY_EXIST: { code: 22_002, message: 'namespace already exist', as: 'INVALID_REQUEST' },
  ILLEGAL_STATE: { code: 23_000, message: 'illegal state', as: 'INVALID_REQUEST' },
  SERVER_ERROR: { code: 30_000, message: 'server error', as: 'INTERNAL' },
} as const satisfies Record<string, NacosError>;
export type NacosErrorName = keyof typeof NACOS_ERRORS;

/** What a refusal is to Nacos' clients where nothing says more. */
const NAMES: Record<RegistryErrorCode, NacosErrorName> = {
  INVALID_REQUEST: 'PARAMETER_VALIDATE_ERROR',
  UNAUTHENTICATED: 'ACCESS_DENIED',
  FORBIDDEN: 'ACCESS_DENIED',
  ROUTE_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  NAMESPACE_NOT_FOUND: 'NAMESPACE_NOT_EXIST',
  SERVICE_NOT_FOUND: 'SERVICE_NOT_EXIST',
  INSTANCE_NOT_FOUND: 'INSTANCE_NOT_FOUND',
  LEASE_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  TOKEN_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  METHOD_NOT_ALLOWED: 'RESOURCE_NOT_FOUND',
  CONFLICT: 'RESOURCE_CONFLICT',
  COMPACTED: 'RESOURCE_NOT_FOUND',
  REVISION_MISMATCH: 'RESOURCE_CONFLICT',
  PAYLOAD_TOO_LARGE: 'PARAMETER_VALIDATE_ERROR',
  UNSUPPORTED_MEDIA_TYPE: 'MEDIA_TYPE_ERROR',
  UPGRADE_REQUIRED: 'PARAMETER_VALIDATE_ERROR',
  LIMIT_EXCEEDED: 'SERVER_ERROR',
  INTERNAL: 'SERVER_ERROR',
  NOT_CONFIGURED: 'SERVER_ERROR',
  UNAVAILABLE: 'SERVER_ERROR',
  DEADLINE_EXCEEDED: 'SERVER_ERROR',
};

/** A refusal in Nacos' own words, which is told with the number that its clients know it by. */
export function nacosError(name: NacosErrorName, message: string, details: ErrorDetails = {}): RegistryError {
  const { as, code } = NACOS_ERRORS[name];
  return new RegistryError(as, message, { ...details, dialectCode: code });
}

/** Number and words for a refusal, in the answers of v2 and v3. */
export function nacosErrorOf(code: RegistryErrorCode, dialectCode: number | undefined): NacosError {
  const known = Object.values(NACOS_ERRORS).find((error) => error.code === dialectCode);
  return known ?? NACOS_ERRORS[NAMES[code]];
}

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
