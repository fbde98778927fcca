import { gunzipSync } from 'node:zlib';
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
  /** Bytes that were received and not read; the first chunk from `#at`. */
  readonly #chunks: Uint8Array[] = [];
  #at = 0;
  #bytes = 0;

  /** @param encoding Value of `grpc-encoding`; empty if there was none. */
  constructor(maxBytes: number, encoding: string) {
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
  }

  /** True if the bytes end within a message. */
  get isCut(): boolean {
    return this.#bytes > 0;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * Returns the next message, which may share memory with the chunks; undefined if it is not complete.
   *
   * @throws {GrpcError} If it is too large or malformed. Nothing can be read after that.
   */
  next(): Uint8Array | undefined {
    if (this.#bytes < PREFIX_BYTES) return undefined;
    const flag = this.#byteAt(0);
    const size = this.#byteAt(1) * 2 ** 24 + (this.#byteAt(2) << 16) + (this.#byteAt(3) << 8) + this.#byteAt(4);
    if (flag > 1) throw new GrpcError(GrpcCode.INTERNAL, `grpc: received unexpected payload format ${flag}`);
    if (size > this.#maxBytes) {
      const text = `grpc: received message larger than max (${size} vs. ${this.#maxBytes})`;
      throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, text);
    }
    if (flag === 1) this.#checkEncoding();
    if (this.#bytes < PREFIX_BYTES + size) return undefined;
    this.#take(PREFIX_BYTES);
    const message = this.#take(size);
    return flag === 1 ? this.#inflate(message) : message;
  }

  #byteAt(offset: number): number {
    let at = this.#at + offset;
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at] ?? 0;
      at -= chunk.length;
    }
    return 0;
  }

  /** Removes bytes that are there. Copies them only if they are spread over chunks. */
  #take(size: number): Uint8Array {
    this.#bytes -= size;
    const first = this.#chunks[0] ?? new Uint8Array(0);
    if (this.#at + size <= first.length) {
      const taken = first.subarray(this.#at, this.#at + size);
      this.#advance(first, size);
      return taken;
    }
    const taken = Buffer.allocUnsafe(size);
    let filled = 0;
    let read = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(this.#at, this.#at + size - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#at += part.length;
      if (this.#at < chunk.length) break;
      read++;
      this.#at = 0;
    }
    this.#chunks.splice(0, read);
    return taken;
  }

  #advance(first: Uint8Array, size: number): void {
    this.#at += size;
    if (this.#at < first.length) return;
    this.#chunks.shift();
    this.#at = 0;
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
