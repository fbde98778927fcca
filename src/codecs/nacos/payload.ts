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

/** Numbers of the fields that {@link encodeParts} writes. */
const METADATA = 2;
const METADATA_TYPE = 3;
const BODY = 3;
const ANY_VALUE = 2;

/**
 * Encodes a message whose body is the concatenation of texts and bytes: a list that many clients are sent is encoded once.
 *
 * @param parts Texts, or UTF-8.
 */
export function encodeParts(type: string, parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const metadata = new BinaryWriter().tag(METADATA_TYPE, WireType.LengthDelimited).string(type).finish();
  const value = new BinaryWriter().tag(ANY_VALUE, WireType.LengthDelimited).uint32(length).finish();
  const head = new BinaryWriter()
    .tag(METADATA, WireType.LengthDelimited)
    .bytes(metadata)
    .tag(BODY, WireType.LengthDelimited)
    .uint32(value.byteLength + length)
    .raw(value)
    .finish();
  return Buffer.concat([head, ...pieces], head.byteLength + length);
}

/** Encodes a message of the server. */
export const encodePayload = (type: string, body: object): Uint8Array => encodeParts(type, [JSON.stringify(body)]);
