import { type ErrorData, RegistryError, type RegistryErrorCode } from '../../model/errors';

/** Status codes of gRPC that etcd's servers use (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const GRPC = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A refusal as etcd's clients see it: a status code of gRPC, and a text that many of them compare. */
export interface EtcdRefusal {
  code: number;
  message: string;
}

/** Code of the registry for each status of etcd. The status itself is what clients see. */
const CODES: Readonly<Record<number, RegistryErrorCode>> = {
  [GRPC.notFound]: 'LEASE_NOT_FOUND',
  [GRPC.permissionDenied]: 'FORBIDDEN',
  [GRPC.resourceExhausted]: 'LIMIT_EXCEEDED',
  [GRPC.failedPrecondition]: 'CONFLICT',
  [GRPC.outOfRange]: 'COMPACTED',
  [GRPC.unavailable]: 'UNAVAILABLE',
  [GRPC.unauthenticated]: 'UNAUTHENTICATED',
};

/** Returns an error with a status and a text of etcd's. */
export function etcdError(code: number, message: string): RegistryError {
  return new RegistryError(CODES[code] ?? 'INVALID_REQUEST', message, { dialectCode: code });
}

/**
 * Makes the errors of etcd that this registry gives. Clients find the type of an error by its text, so each is as in etcd
 * 3.6.0, `api/v3rpc/rpctypes/error.go`.
 */
export const ETCD_ERRORS = {
  emptyKey: () => etcdError(GRPC.invalidArgument, 'etcdserver: key is not provided'),
  keyNotFound: () => etcdError(GRPC.invalidArgument, 'etcdserver: key not found'),
  valueProvided: () => etcdError(GRPC.invalidArgument, 'etcdserver: value is provided'),
  leaseProvided: () => etcdError(GRPC.invalidArgument, 'etcdserver: lease is provided'),
  tooManyOperations: () => etcdError(GRPC.invalidArgument, 'etcdserver: too many operations in txn request'),
  duplicateKey: () => etcdError(GRPC.invalidArgument, 'etcdserver: duplicate key given in txn request'),
  invalidSort: () => etcdError(GRPC.invalidArgument, 'etcdserver: invalid sort option'),
  requestTooLarge: () => etcdError(GRPC.invalidArgument, 'etcdserver: request is too large'),
  compacted: () => etcdError(GRPC.outOfRange, 'etcdserver: mvcc: required revision has been compacted'),
  futureRevision: () => etcdError(GRPC.outOfRange, 'etcdserver: mvcc: required revision is a future revision'),
  leaseTooLong: () => etcdError(GRPC.outOfRange, 'etcdserver: too large lease TTL'),
  noSpace: () => etcdError(GRPC.resourceExhausted, 'etcdserver: mvcc: database space exceeded'),
  tooManyRequests: () => etcdError(GRPC.resourceExhausted, 'etcdserver: too many requests'),
  leaseNotFound: () => etcdError(GRPC.notFound, 'etcdserver: requested lease not found'),
  leaseExists: () => etcdError(GRPC.failedPrecondition, 'etcdserver: lease already exists'),
  memberNotFound: () => etcdError(GRPC.notFound, 'etcdserver: member not found'),
  notCapable: () => etcdError(GRPC.failedPrecondition, 'etcdserver: not capable'),
  badTransferee: () => etcdError(GRPC.failedPrecondition, 'etcdserver: bad leader transferee'),
  noLeader: () => etcdError(GRPC.unavailable, 'etcdserver: no leader'),
  cancelled: () => etcdError(GRPC.cancelled, 'etcdserver: request canceled'),
  serverStopped: () => etcdError(GRPC.unavailable, 'etcdserver: server stopped'),
  timeout: () => etcdError(GRPC.unavailable, 'etcdserver: request timed out'),
  authenticationFailed: () =>
    etcdError(GRPC.invalidArgument, 'etcdserver: authentication failed, invalid user ID or password'),
  userEmpty: () => etcdError(GRPC.invalidArgument, 'etcdserver: user name is empty'),
  userNotFound: () => etcdError(GRPC.failedPrecondition, 'etcdserver: user name not found'),
  roleNotFound: () => etcdError(GRPC.failedPrecondition, 'etcdserver: role name not found'),
  permissionDenied: () => etcdError(GRPC.permissionDenied, 'etcdserver: permission denied'),
  invalidToken: () => etcdError(GRPC.unauthenticated, 'etcdserver: invalid auth token'),
  notLeaderOfElection: () => etcdError(GRPC.unknown, 'election: not leader'),
  noElectionLeader: () => etcdError(GRPC.unknown, 'election: no leader'),
  electionLeaderMissing: () => etcdError(GRPC.unknown, '"leader" field must be provided'),
  sessionExpired: () => etcdError(GRPC.unknown, 'mutex: session is expired'),
  unimplemented: (what: string) => etcdError(GRPC.unimplemented, what),
} as const;

/**
 * Statuses and texts for errors of the registry that no operation of etcd's has translated. One without a text has that of
 * the error, which says what to do.
 *
 * A write whose outcome is unknown is never `no leader`: clients would repeat it.
 */
const SHOWN: Readonly<Record<RegistryErrorCode, { code: number; text?: string }>> = {
  INVALID_REQUEST: { code: GRPC.invalidArgument },
  UNAUTHENTICATED: { code: GRPC.unauthenticated, text: 'etcdserver: invalid auth token' },
  FORBIDDEN: { code: GRPC.permissionDenied, text: 'etcdserver: permission denied' },
  ROUTE_NOT_FOUND: { code: GRPC.unimplemented },
  NAMESPACE_NOT_FOUND: { code: GRPC.failedPrecondition },
  SERVICE_NOT_FOUND: { code: GRPC.failedPrecondition },
  INSTANCE_NOT_FOUND: { code: GRPC.failedPrecondition },
  ENTRY_NOT_FOUND: { code: GRPC.invalidArgument, text: 'etcdserver: key not found' },
  LEASE_NOT_FOUND: { code: GRPC.notFound, text: 'etcdserver: requested lease not found' },
  TOKEN_NOT_FOUND: { code: GRPC.failedPrecondition },
  METHOD_NOT_ALLOWED: { code: GRPC.unimplemented },
  CONFLICT: { code: GRPC.failedPrecondition },
  LOCK_HELD: { code: GRPC.failedPrecondition },
  COMPACTED: { code: GRPC.outOfRange, text: 'etcdserver: mvcc: required revision has been compacted' },
  REVISION_MISMATCH: { code: GRPC.failedPrecondition },
  PAYLOAD_TOO_LARGE: { code: GRPC.invalidArgument, text: 'etcdserver: request is too large' },
  UNSUPPORTED_MEDIA_TYPE: { code: GRPC.invalidArgument },
  UPGRADE_REQUIRED: { code: GRPC.failedPrecondition },
  LIMIT_EXCEEDED: { code: GRPC.resourceExhausted },
  INTERNAL: { code: GRPC.internal },
  NOT_CONFIGURED: { code: GRPC.unavailable },
  UNAVAILABLE: { code: GRPC.unavailable, text: 'etcdserver: request timed out' },
  DEADLINE_EXCEEDED: { code: GRPC.unavailable, text: 'etcdserver: request timed out' },
};

/** Returns the refusal for an error: an error of {@link etcdError} unchanged, another one translated. */
export function refusalOf({ code, message, details }: ErrorData): EtcdRefusal {
  if (details.dialectCode !== undefined) return { code: details.dialectCode, message };
  const shown = SHOWN[code];
  return { code: shown.code, message: shown.text ?? message };
}

/** Status of HTTP for each status of gRPC, as grpc-gateway's second version has it (`runtime/errors.go`). */
const HTTP_STATUS: Readonly<Record<number, number>> = {
  [GRPC.cancelled]: 499,
  [GRPC.unknown]: 500,
  [GRPC.invalidArgument]: 400,
  [GRPC.deadlineExceeded]: 504,
  [GRPC.notFound]: 404,
  [GRPC.permissionDenied]: 403,
  [GRPC.resourceExhausted]: 429,
  [GRPC.failedPrecondition]: 400,
  [GRPC.outOfRange]: 400,
  [GRPC.unimplemented]: 501,
  [GRPC.internal]: 500,
  [GRPC.unavailable]: 503,
  [GRPC.unauthenticated]: 401,
};

/** Returns the status of HTTP for a refusal. */
export function httpStatusOf({ code }: EtcdRefusal): number {
  return HTTP_STATUS[code] ?? 500;
}

/** Returns the body of a refusal over JSON: the members that the first and the second version of grpc-gateway have. */
export function refusalText({ code, message }: EtcdRefusal): string {
  return JSON.stringify({ error: message, message, code });
}

/** Returns the line that ends a stream of JSON with a refusal, with the members of both versions of grpc-gateway. */
export function streamRefusalText(refusal: EtcdRefusal): string {
  const { code, message } = refusal;
  const status = httpStatusOf(refusal);
  return `${JSON.stringify({ error: { grpc_code: code, http_code: status, code, message } })}\n`;
}
