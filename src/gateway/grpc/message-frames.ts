import { gunzipSync } from 'node:zlib';
import { ReceivedBytes } from '../http2/received-bytes';
import { GrpcCode, GrpcError } from './grpc-error';

/** Bytes before each message: a flag for compression, and the length. */
const PREFIX_BYTES = 5;

/** Returns one buffer with the frames of all messages. */
export function framed(messages: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const message of messages) size += PREFIX_BYTES + message.length;
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const message of messages) {
    frames[at] = 0;
    frames.writeUInt32BE(message.length, at + 1);
    frames.set(message, at + PREFIX_BYTES);
    at += PREFIX_BYTES + message.length;
  }
  return frames;
}

/** Returns the frame of one message. */
export function framedOne(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Returns the bytes that a message of this size takes in a frame. */
export const framedBytes = (message: Uint8Array): number => PREFIX_BYTES + message.length;

/** Cuts received bytes into messages, which may be split and joined in any way. */
export class MessageFrames {
  readonly #maxBytes: number;
  readonly #encoding: string;
  readonly #received = new ReceivedBytes();

  /** @param encoding Value of `grpc-encoding`; empty if there was none. */
  constructor(maxBytes: number, encoding: string) {
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
  }

  /** True if the bytes end within a message. */
  get isCut(): boolean {
    return this.#received.size > 0;
  }

  push(chunk: Uint8Array): void {
    this.#received.push(chunk);
  }

  /** Keeps what has not been read, as the chunk will not last. Returns the memory that it takes. */
  keep(): number {
    this.#received.keep();
    return this.#received.heldBytes;
  }

  /**
   * Returns the next message, which may share memory with the chunks; undefined if it is not complete.
   *
   * @throws {GrpcError} If it is too large or malformed. Nothing can be read after that.
   */
  next(): Uint8Array | undefined {
    const received = this.#received;
    if (received.size < PREFIX_BYTES) return undefined;
    const flag = received.byteAt(0);
    const high = received.byteAt(1) * 2 ** 24 + (received.byteAt(2) << 16);
    const size = high + (received.byteAt(3) << 8) + received.byteAt(4);
    if (flag > 1) throw new GrpcError(GrpcCode.INTERNAL, `grpc: received unexpected payload format ${flag}`);
    if (size > this.#maxBytes) {
      const text = `grpc: received message larger than max (${size} vs. ${this.#maxBytes})`;
      throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, text);
    }
    if (flag === 1) this.#checkEncoding();
    if (received.size < PREFIX_BYTES + size) return undefined;
    received.take(PREFIX_BYTES);
    const message = received.take(size);
    return flag === 1 ? this.#inflate(message) : message;
  }

  #checkEncoding(): void {
    if (this.#encoding === 'gzip') return;
    if (this.#encoding === '' || this.#encoding === 'identity') {
      throw new GrpcError(GrpcCode.INTERNAL, 'grpc: compressed flag set with identity or empty encoding');
    }
    const text = `grpc: Decompressor is not installed for grpc-encoding "${this.#encoding}"`;
    throw new GrpcError(GrpcCode.UNIMPLEMENTED, text);
  }

  /** Inflates a message, whose size is bounded before memory is taken for it. */
  #inflate(message: Uint8Array): Uint8Array {
    try {
      // A limit of zero is none for zlib.
      return gunzipSync(message, { maxOutputLength: Math.max(1, this.#maxBytes) });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
        const text = `grpc: received message after decompression larger than max ${this.#maxBytes}`;
        throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, text);
      }
      throw new GrpcError(GrpcCode.INTERNAL, 'grpc: failed to decompress the received message');
    }
  }
}
