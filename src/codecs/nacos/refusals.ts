import { type ErrorDetails, RegistryError, type RegistryErrorCode } from '../../model/errors';

interface NacosError {
  /** Error code in responses of v2 and v3. */
  code: number;
  /** Message of the error code. */
  message: string;
  /** The registry's own code, which also determines the status. */
  as: RegistryErrorCode;
}

/** Error codes of Nacos. Source: `ErrorCode` of Nacos 3.0.3. */
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

/** Nacos' error for each code of the registry, if an error does not set one itself. */
const NAMES: Record<RegistryErrorCode, NacosErrorName> = {
  INVALID_REQUEST: 'PARAMETER_VALIDATE_ERROR',
  UNAUTHENTICATED: 'ACCESS_DENIED',
  FORBIDDEN: 'ACCESS_DENIED',
  ROUTE_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  NAMESPACE_NOT_FOUND: 'NAMESPACE_NOT_EXIST',
  SERVICE_NOT_FOUND: 'SERVICE_NOT_EXIST',
  INSTANCE_NOT_FOUND: 'INSTANCE_NOT_FOUND',
  ENTRY_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  LEASE_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  TOKEN_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  METHOD_NOT_ALLOWED: 'RESOURCE_NOT_FOUND',
  CONFLICT: 'RESOURCE_CONFLICT',
  LOCK_HELD: 'RESOURCE_CONFLICT',
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

/** Returns an error with one of Nacos' error codes. */
export function nacosError(name: NacosErrorName, message: string, details: ErrorDetails = {}): RegistryError {
  const { as, code } = NACOS_ERRORS[name];
  return new RegistryError(as, message, { ...details, dialectCode: code });
}

/** Returns the Nacos error for responses of v2 and v3. */
export function nacosErrorOf(code: RegistryErrorCode, dialectCode: number | undefined): NacosError {
  const known = Object.values(NACOS_ERRORS).find((error) => error.code === dialectCode);
  return known ?? NACOS_ERRORS[NAMES[code]];
}
