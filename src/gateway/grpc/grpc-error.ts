import { GRPC_DETAILS_MAX_BYTES } from '../../model/limits';

/** Status codes of gRPC. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

/** A status other than OK, as a method answers it. */
export class GrpcError extends Error {
  readonly code: GrpcCode;
  /** Text of the status, which the client reads. */
  readonly details: string;

  constructor(code: GrpcCode, details: string) {
    super(`${code} ${details}`);
    this.name = 'GrpcError';
    this.code = code;
    this.details = details;
  }
}

/** Texts without a percent sign, in printable ASCII, are sent as they are. */
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** Encodes the text of a status as `grpc-message`, which is UTF-8 with percent-encoding. Cuts long texts. */
export function encodeDetails(details: string): string {
  const text = details.slice(0, GRPC_DETAILS_MAX_BYTES);
  if (PLAIN.test(text)) return text;
  let encoded = '';
  for (const character of text) {
    const next = PLAIN.test(character) ? character : encodeBytes(character);
    if (encoded.length + next.length > GRPC_DETAILS_MAX_BYTES) break;
    encoded += next;
  }
  return encoded;
}

function encodeBytes(character: string): string {
  let encoded = '';
  for (const byte of Buffer.from(character, 'utf8')) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}
