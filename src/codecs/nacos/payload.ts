import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { MetadataSchema, PayloadSchema } from './messages/nacos_grpc_service_pb';

/**
 * A message of Nacos' protocol over gRPC, in either direction. Its body is JSON, whatever the type of the `Any` around it says:
 * the field `type` of the metadata names its class. Source: the protocol note on Nacos, section 5.2.
 */
export interface Payload {
  /** Simple name of its class, such as `InstanceRequest`. */
  type: string;
  /** Headers of the request, such as `accessToken`. */
  headers: Record<string, string>;
  /** UTF-8 JSON. */
  body: Uint8Array;
}

/** Decodes a message. @throws {Error} If the bytes are not one. */
export function decodePayload(bytes: Uint8Array): Payload {
  const { metadata, body } = fromBinary(PayloadSchema, bytes);
  return { type: metadata?.type ?? '', headers: metadata?.headers ?? {}, body: body?.value ?? new Uint8Array() };
}

/** Encodes a request of a client; the server's own messages have no headers. */
export function encodeRequest({ type, headers, body }: Payload): Uint8Array {
  return toBinary(
    PayloadSchema,
    create(PayloadSchema, {
      metadata: create(MetadataSchema, { type, headers }),
      body: create(AnySchema, { value: body }),
    }),
  );
}

/** Fields that {@link encodeParts} writes. */
const METADATA = 2;
const METADATA_TYPE = 3;
const BODY_TAG = (3 << 3) | WireType.LengthDelimited;
const ANY_VALUE_TAG = (2 << 3) | WireType.LengthDelimited;

/** Metadata by type: the server sends messages of few types. */
const METADATA_BY_TYPE = new Map<string, Uint8Array>();

function metadataOf(type: string): Uint8Array {
  const known = METADATA_BY_TYPE.get(type);
  if (known !== undefined) return known;
  const metadata = new BinaryWriter().tag(METADATA_TYPE, WireType.LengthDelimited).string(type).finish();
  const bytes = new BinaryWriter().tag(METADATA, WireType.LengthDelimited).bytes(metadata).finish();
  METADATA_BY_TYPE.set(type, bytes);
  return bytes;
}

/** Returns the bytes that a length takes. */
function lengthBytes(length: number): number {
  let bytes = 1;
  for (let rest = length; rest > 0x7f; rest >>>= 7) bytes += 1;
  return bytes;
}

/** Writes a tag and a length. Returns the place after them. */
function writeHead(into: Uint8Array, at: number, tag: number, length: number): number {
  into[at] = tag;
  let end = at + 1;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) into[end++] = (rest & 0x7f) | 0x80;
  into[end] = rest;
  return end + 1;
}

/**
 * Encodes a message of the server whose body is the concatenation of texts and bytes: a list that many clients are sent is
 * encoded once. Writers of protobuf take four times as long.
 *
 * @param parts Texts, or UTF-8.
 */
export function encodeParts(type: string, parts: readonly (string | Uint8Array)[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength;
  const metadata = metadataOf(type);
  const anyLength = 1 + lengthBytes(length) + length;
  const message = Buffer.allocUnsafe(metadata.byteLength + 1 + lengthBytes(anyLength) + anyLength);
  message.set(metadata);
  let at = writeHead(message, metadata.byteLength, BODY_TAG, anyLength);
  at = writeHead(message, at, ANY_VALUE_TAG, length);
  for (const part of parts) {
    if (typeof part === 'string') at += message.write(part, at);
    else {
      message.set(part, at);
      at += part.byteLength;
    }
  }
  return message;
}

/** Encodes a message of the server. */
export const encodePayload = (type: string, body: object): Uint8Array => encodeParts(type, [JSON.stringify(body)]);
