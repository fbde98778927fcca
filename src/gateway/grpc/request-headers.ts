import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { encodeDetails, GrpcCode, type GrpcError } from './grpc-error';

/** Milliseconds of the units of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Headers of an answer that has messages. Encodings of requests are the ones that `MessageFrames` reads. */
export const ANSWER_HEADERS: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip',
};

/** Returns the milliseconds of `grpc-timeout`; undefined if it is malformed. */
export function parseTimeout(value: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  const unitMs = UNITS[unit];
  return digits === undefined || unitMs === undefined ? undefined : Number(digits) * unitMs;
}

/** Returns whether a request is a call of gRPC, by its content type. Others may be plain requests over HTTP/2. */
export function isGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  if (type === undefined || !type.startsWith('application/grpc')) return false;
  // `application/grpc-web` is another protocol.
  const next = type[16];
  return next === undefined || next === ';' || next === '+';
}

/** Returns the headers of an answer without messages, whose only block has the status too. */
export function statusHeaders(error: Pick<GrpcError, 'code' | 'details'>, httpStatus = 200): OutgoingHttpHeaders {
  return {
    ...ANSWER_HEADERS,
    ':status': httpStatus,
    'grpc-status': String(error.code),
    'grpc-message': encodeDetails(error.details),
  };
}

/** An answer that refuses a request before its method is known to exist. */
export interface Refusal {
  readonly code: GrpcCode;
  readonly details: string;
  readonly httpStatus: number;
}

/** Returns the refusal of a request that is not a call, in grpc-go's words; undefined if it is one. */
export function requestRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
  const method = headers[':method'];
  if (method !== 'POST') {
    const details = `http2Server.operateHeaders parsed a :method field: ${method} which should be POST`;
    return { code: GrpcCode.INTERNAL, details, httpStatus: constants.HTTP_STATUS_METHOD_NOT_ALLOWED };
  }
  if (!isGrpc(headers)) {
    const details = `invalid gRPC request content-type "${headers['content-type'] ?? ''}"`;
    return { code: GrpcCode.INVALID_ARGUMENT, details, httpStatus: constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE };
  }
  const timeout = headers['grpc-timeout'];
  if (timeout !== undefined && (typeof timeout !== 'string' || parseTimeout(timeout) === undefined)) {
    const details = `malformed grpc-timeout: "${String(timeout)}"`;
    return { code: GrpcCode.INTERNAL, details, httpStatus: constants.HTTP_STATUS_BAD_REQUEST };
  }
  return undefined;
}

/** Status of a call whose deadline has passed, in the words of Go's context. */
export const DEADLINE_PASSED: Refusal = {
  code: GrpcCode.DEADLINE_EXCEEDED,
  details: 'context deadline exceeded',
  httpStatus: constants.HTTP_STATUS_OK,
};

/**
 * Returns the refusal of a path that is no method, in grpc-go's words.
 *
 * @param services Names of the services that exist.
 */
export function unknownMethod(path: string, services: ReadonlySet<string>): Refusal {
  const slash = path.lastIndexOf('/');
  const [service, method] = [path.slice(1, slash), path.slice(slash + 1)];
  const details =
    path[0] !== '/' || slash < 1
      ? `malformed method name: "${path}"`
      : services.has(service)
        ? `unknown method ${method} for service ${service}`
        : `unknown service ${service}`;
  return { code: GrpcCode.UNIMPLEMENTED, details, httpStatus: constants.HTTP_STATUS_OK };
}
