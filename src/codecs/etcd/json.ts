import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf';
import { etcdError, GRPC } from './refusals';

/**
 * JSON of etcd's gateway: the mapping of proto3 with names as in the `.proto` files, so that int64 is a decimal string and
 * zero values are omitted. As input, names in camel case, enums as numbers and base64url are accepted too, as by etcd 3.6.
 */
const WRITE = { useProtoFieldName: true } as const;

/** etcd ignores members that it does not know. */
const READ = { ignoreUnknownFields: true } as const;

/** Matches strings, which are kept, and whole numbers that a double may not hold. */
const STRING_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;
/** Matches what is in every such number: most texts have none. */
const LONG_NUMBER = /\d{16}/;

/** Depth of members above which a text is refused: transactions nest, but not that much. */
const DEPTH_MAX_COUNT = 64;

/**
 * Parses a message from a JSON value as text.
 *
 * @throws {RegistryError} With etcd's status for an invalid argument.
 */
export function messageOfJson<Desc extends DescMessage>(schema: Desc, text: string): MessageShape<Desc> {
  try {
    const value = text.trim() === '' ? null : (JSON.parse(withExactNumbers(text)) as JsonValue); // `as`: any JSON is one
    assertDepth(value);
    return fromJson(schema, value ?? {}, READ);
  } catch (error) {
    throw etcdError(GRPC.invalidArgument, error instanceof Error ? error.message : String(error));
  }
}

/** Returns JSON whose long numbers are strings, which stay exact: an identifier of a lease has up to 63 bits. */
function withExactNumbers(text: string): string {
  if (!LONG_NUMBER.test(text)) return text;
  return text.replace(STRING_OR_LONG_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`));
}

/** Encodes a message as JSON text. */
export function jsonOfMessage<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return JSON.stringify(toJson(schema, message, WRITE));
}

/** @throws {RangeError} */
function assertDepth(value: JsonValue): void {
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX_COUNT) throw new RangeError('exceeded max recursion depth');
    level = level.flatMap((each) => (each !== null && typeof each === 'object' ? Object.values(each) : []));
  }
}
