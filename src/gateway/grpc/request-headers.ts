import { GRPC_UNKNOWN_PATH_MAX_CHARACTERS } from '../../model/limits';
import { type Headers, headerBlock } from '../http2/header-block';
import { encodeDetails, GrpcCode } from './grpc-error';

/** Milliseconds of the units of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Encodings of requests are the ones that `MessageFrames` reads. */
const ANSWER: readonly [string, string][] = [
  ['content-type', 'application/grpc'],
  ['grpc-accept-encoding', 'identity,gzip'],
];

/** Headers of an answer that has messages. */
export const ANSWER_HEADERS = headerBlock([[':status', '200'], ...ANSWER]);

/** Trailers of an answer without an error. */
export const OK_TRAILERS = headerBlock([['grpc-status', '0']]);

/** Returns the milliseconds of `grpc-timeout`; undefined if it is malformed. */
export function parseTimeout(value: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  const unitMs = UNITS[unit];
  return digits === undefined || unitMs === undefined ? undefined : Number(digits) * unitMs;
}

/** Returns whether a request is a call of gRPC, by its content type. Others may be plain requests over HTTP/2. */
export function isGrpc(headers: Headers): boolean {
  const type = headers['content-type'];
  if (type === undefined || !type.startsWith('application/grpc')) return false;
  // `application/grpc-web` is another protocol.
  const next = type[16];
  return next === undefined || next === ';' || next === '+';
}

/** A status with its text. */
export interface Status {
  readonly code: GrpcCode;
  readonly details: string;
  /** Status of HTTP, 200 if absent, for requests that are not calls. */
  readonly httpStatus?: number;
}

/** Returns the headers of an answer without messages, whose only block has the status too. */
export function statusHeaders({ code, details, httpStatus = 200 }: Status): Buffer {
  return headerBlock([[':status', String(httpStatus)], ...ANSWER, ...statusPairs(code, details)]);
}

/** Returns the trailers of an answer with messages. */
export function statusTrailers({ code, details }: Status): Buffer {
  return headerBlock(statusPairs(code, details));
}

function statusPairs(code: GrpcCode, details: string): [string, string][] {
  const status: [string, string] = ['grpc-status', String(code)];
  return details === '' ? [status] : [status, ['grpc-message', encodeDetails(details)]];
}

/** Returns the refusal of a request that is not a call, in grpc-go's words; undefined if it is one. */
export function requestRefusal(headers: Headers): Status | undefined {
  const method = headers[':method'];
  if (method !== 'POST') {
    const details = `http2Server.operateHeaders parsed a :method field: ${method} which should be POST`;
    return { code: GrpcCode.INTERNAL, details, httpStatus: 405 };
  }
  if (!isGrpc(headers)) {
    const details = `invalid gRPC request content-type "${headers['content-type'] ?? ''}"`;
    return { code: GrpcCode.INVALID_ARGUMENT, details, httpStatus: 415 };
  }
  const timeout = headers['grpc-timeout'];
  if (timeout !== undefined && parseTimeout(timeout) === undefined) {
    const details = `malformed grpc-timeout: "${timeout}"`;
    return { code: GrpcCode.INTERNAL, details, httpStatus: 400 };
  }
  return undefined;
}

/** Status of a call whose deadline has passed, in the words of Go's context. */
export const DEADLINE_PASSED: Status = {
  code: GrpcCode.DEADLINE_EXCEEDED,
  details: 'context deadline exceeded',
};

/**
 * Returns the refusal of a path that is no method, in grpc-go's words.
 *
 * @param whole The path.
 * @param services Names of the services that exist.
 */
export function unknownMethod(whole: string, services: ReadonlySet<string>): Status {
  // A client can have a long path repeated by a few bytes for each call.
  const path = whole.slice(0, GRPC_UNKNOWN_PATH_MAX_CHARACTERS);
  const slash = path.lastIndexOf('/');
  const [service, method] = [path.slice(1, slash), path.slice(slash + 1)];
  const details =
    path[0] !== '/' || slash < 1
      ? `malformed method name: "${path}"`
      : services.has(service)
        ? `unknown method ${method} for service ${service}`
        : `unknown service ${service}`;
  return { code: GrpcCode.UNIMPLEMENTED, details };
}
