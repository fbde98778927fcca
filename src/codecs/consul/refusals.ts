import { type ErrorData, RegistryError, type RegistryErrorCode } from '../../model/errors';

/** A response that refuses a request: Consul's errors are plain text. */
export interface Refusal {
  status: number;
  text: string;
}

/** Code of the registry for each status of Consul. The status itself is what clients see. */
const CODES: Readonly<Record<number, RegistryErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'INSTANCE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  429: 'LIMIT_EXCEEDED',
};

/**
 * Returns an error with a status and a text of Consul's, which clients compare.
 *
 * A status of 500 is a refusal here too: Consul has it where a client asks for the impossible, and the code of the registry
 * says that nothing was changed.
 */
export function consulError(status: number, text: string): RegistryError {
  return new RegistryError(CODES[status] ?? 'INVALID_REQUEST', text, { dialectCode: status });
}

/** Statuses and, where clients compare them, texts of Consul for errors of the registry that are not Consul's own. */
const SHOWN: Readonly<Record<RegistryErrorCode, { status: number; text?: string }>> = {
  INVALID_REQUEST: { status: 400 },
  UNAUTHENTICATED: { status: 403, text: 'ACL not found' },
  FORBIDDEN: { status: 403 },
  ROUTE_NOT_FOUND: { status: 404 },
  NAMESPACE_NOT_FOUND: { status: 404 },
  SERVICE_NOT_FOUND: { status: 404 },
  INSTANCE_NOT_FOUND: { status: 404 },
  ENTRY_NOT_FOUND: { status: 404 },
  LEASE_NOT_FOUND: { status: 404 },
  TOKEN_NOT_FOUND: { status: 404 },
  METHOD_NOT_ALLOWED: { status: 405 },
  CONFLICT: { status: 409 },
  LOCK_HELD: { status: 409 },
  COMPACTED: { status: 400 },
  REVISION_MISMATCH: { status: 409 },
  PAYLOAD_TOO_LARGE: { status: 413 },
  UNSUPPORTED_MEDIA_TYPE: { status: 400 },
  UPGRADE_REQUIRED: { status: 400 },
  LIMIT_EXCEEDED: { status: 429 },
  INTERNAL: { status: 500 },
  NOT_CONFIGURED: { status: 500 },
  UNAVAILABLE: { status: 500, text: 'No cluster leader' },
  DEADLINE_EXCEEDED: { status: 500 },
};

/** Returns the response for an error: an error of {@link consulError} unchanged, another one translated. */
export function refusalOf({ code, message, details }: ErrorData): Refusal {
  if (details.dialectCode !== undefined) return { status: details.dialectCode, text: message };
  const { status, text } = SHOWN[code];
  return { status, text: code === 'FORBIDDEN' ? `Permission denied: ${message}` : (text ?? message) };
}

/**
 * Texts of refusals that depend on what a namespace holds. Clients and their programs compare parts of them, such as `does not
 * have associated TTL`. Source: `agent/agent.go`, `agent/agent_endpoint.go`, `agent/consul/state/kvs.go`, `.../session.go`.
 */
export const REFUSALS = {
  unknownService: (id: string) => consulError(404, `Unknown service ID ${quoted(id)}. ${ENSURE('service')}`),
  /** As `GET /v1/agent/service/:id` has it. */
  unknownServiceRead: (id: string) => consulError(404, `unknown service ID: ${id}`),
  unknownCheck: (id: string) => consulError(404, `Unknown check ID ${quoted(id)}. ${ENSURE('check')}`),
  /** Old clients register again for this status alone. */
  notTtl: (id: string) => consulError(500, `CheckID ${quoted(id)} does not have associated TTL`),
  /** For a check that names a service of which the agent knows nothing. */
  noService: (id: string) => consulError(404, `ServiceID ${quoted(id)} does not exist`),
  /** For maintenance mode. */
  noServiceToMaintain: (id: string) => consulError(404, `No service registered with ID ${quoted(id)}`),
  scriptsDisabled: () =>
    consulError(
      500,
      "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
    ),
  noDatacenter: () => consulError(500, 'No path to datacenter'),
  noSession: (id: string) => consulError(404, `Session id '${id}' not found`),
  invalidSession: (id: string) => consulError(500, `invalid session ${quoted(id)}`),
  missingCheck: (id: string) => consulError(500, `Missing check '${id}' registration`),
  checkIsCritical: (id: string) => consulError(500, `Check '${id}' is in critical state`),
  missingNode: () => consulError(500, 'Missing node registration'),
  aclDisabled: () => consulError(401, 'ACL support disabled'),
  valueTooLarge: (bytes: number, most: number) => bodyTooLarge(bytes, most, 'kv_max_value_size'),
  transactionTooLarge: (bytes: number, most: number) => bodyTooLarge(bytes, most, 'txn_max_req_len'),
} as const;

const ENSURE = (what: string) => `Ensure that the ${what} ID is passed, not the ${what} name.`;

function bodyTooLarge(bytes: number, most: number, setting: string): RegistryError {
  const page = `https://www.consul.io/docs/agent/config/config-files#${setting}`;
  return consulError(413, `Request body(${bytes} bytes) too large, max size: ${most} bytes. See ${page}.`);
}

/** Quotes a text as Go's `%q` does, for texts without control characters. */
const quoted = (text: string): string => JSON.stringify(text);
