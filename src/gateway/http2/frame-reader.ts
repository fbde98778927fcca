import {
  ConnectionError,
  FRAME_HEADER_BYTES,
  FrameFlag,
  FrameType,
  Http2Code,
  PAYLOAD_MAX_BYTES,
  PREFACE,
  Setting,
  WINDOW_MAX_BYTES,
} from './frames';

/** One frame without its padding. Frames of a block of headers are joined to one HEADERS frame. */
export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  /** Size of the payload as received, for flow control. */
  readonly wireBytes: number;
}

/** Bytes that a part of a block counts at least, so that empty ones end too. */
const PART_MIN_BYTES = 64;
const PRIORITY_BYTES = 5;
const SETTING_BYTES = 6;
const EMPTY = Buffer.alloc(0);

/** Ends the connection for a violation. */
export function protocolError(message: string): never {
  throw new ConnectionError(Http2Code.PROTOCOL_ERROR, message);
}

/** Ends the connection unless a frame has the right size. */
export function checkSize(fits: boolean): void {
  if (!fits) throw new ConnectionError(Http2Code.FRAME_SIZE_ERROR, 'a frame has the wrong size');
}

/**
 * Returns the last window for streams that the payload of SETTINGS sets; undefined if it sets none. Frames larger than the
 * default are never sent, as they would hold up other streams, and no table is kept, so that those settings are only checked.
 */
export function initialWindowIn(payload: Buffer): number | undefined {
  checkSize(payload.length % SETTING_BYTES === 0);
  let window: number | undefined;
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    const setting = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (setting === Setting.INITIAL_WINDOW_SIZE) {
      if (value > WINDOW_MAX_BYTES) throw new ConnectionError(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
      window = value;
    } else if (setting === Setting.MAX_FRAME_SIZE) {
      if (value < PAYLOAD_MAX_BYTES || value > 2 ** 24 - 1) protocolError('a frame size is out of range');
    } else if (setting === Setting.ENABLE_PUSH && value > 1) protocolError('a setting is out of range');
  }
  return window;
}

/** Cuts received bytes into frames, which may be split and joined in any way. */
export class FrameReader {
  readonly #blockMaxBytes: number;
  #bytes: Buffer = EMPTY;
  #at = 0;
  #hasPreface = false;
  #hasSettings = false;
  /** The block of headers whose frames are still coming: its first frame and all parts. */
  #block: { streamId: number; flags: number; parts: Buffer[]; bytes: number } | undefined;

  /** @param blockMaxBytes Size of a block of headers, beyond which it is not even read. */
  constructor(blockMaxBytes: number) {
    this.#blockMaxBytes = blockMaxBytes;
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#at === this.#bytes.length ? bytes : Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#at = 0;
  }

  /**
   * Returns the next frame; undefined if it is not complete.
   *
   * @throws {ConnectionError} If the bytes are no frames. Nothing can be read after that.
   */
  next(): ReceivedFrame | undefined {
    if (!this.#hasPreface && !this.#readPreface()) return undefined;
    for (;;) {
      const bytes = this.#bytes;
      const at = this.#at;
      if (bytes.length - at < FRAME_HEADER_BYTES) return undefined;
      const wireBytes = bytes.readUIntBE(at, 3);
      if (wireBytes > PAYLOAD_MAX_BYTES) throw new ConnectionError(Http2Code.FRAME_SIZE_ERROR, 'a frame is too large');
      const end = at + FRAME_HEADER_BYTES + wireBytes;
      if (end > bytes.length) return undefined;
      this.#at = end;
      const type = bytes[at + 3] ?? 0;
      const flags = bytes[at + 4] ?? 0;
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      let payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
      if (!this.#hasSettings && type !== FrameType.SETTINGS) protocolError('the first frame is not SETTINGS');
      this.#hasSettings = true;
      if (this.#block !== undefined && type !== FrameType.CONTINUATION) protocolError('a block of headers is cut');
      const mayPad = type === FrameType.DATA || type === FrameType.HEADERS;
      if (mayPad && (flags & FrameFlag.PADDED) !== 0) payload = withoutPadding(payload);
      if (type !== FrameType.HEADERS && type !== FrameType.CONTINUATION) {
        return { type, flags, streamId, payload, wireBytes };
      }
      if (type === FrameType.HEADERS) payload = this.#startBlock(flags, streamId, payload);
      const block = this.#addPart(flags, streamId, payload);
      if (block !== undefined) return block;
    }
  }

  #readPreface(): boolean {
    const size = Math.min(PREFACE.length, this.#bytes.length);
    if (PREFACE.compare(this.#bytes, 0, size, 0, size) !== 0) protocolError('the preface is wrong');
    if (size < PREFACE.length) return false;
    this.#hasPreface = true;
    this.#at = size;
    return true;
  }

  #startBlock(flags: number, streamId: number, payload: Buffer): Buffer {
    this.#block = { streamId, flags, parts: [], bytes: 0 };
    if ((flags & FrameFlag.PRIORITY) === 0) return payload;
    checkSize(payload.length >= PRIORITY_BYTES);
    return payload.subarray(PRIORITY_BYTES);
  }

  /** Adds a part to the open block. Returns the block if this was the last one. */
  #addPart(flags: number, streamId: number, part: Buffer): ReceivedFrame | undefined {
    const block = this.#block;
    if (block?.streamId !== streamId) return protocolError('CONTINUATION continues nothing');
    block.bytes += Math.max(part.length, PART_MIN_BYTES);
    if (block.bytes > this.#blockMaxBytes) {
      throw new ConnectionError(Http2Code.ENHANCE_YOUR_CALM, 'a block of headers is too large');
    }
    if ((flags & FrameFlag.END_HEADERS) === 0) {
      // A copy, as a part keeps the whole buffer in memory that the socket has read.
      block.parts.push(Buffer.from(part));
      return undefined;
    }
    this.#block = undefined;
    const payload = block.parts.length === 0 ? part : Buffer.concat([...block.parts, part]);
    return { type: FrameType.HEADERS, flags: block.flags, streamId, payload, wireBytes: payload.length };
  }
}

/** Returns a payload without its padding. */
function withoutPadding(payload: Buffer): Buffer {
  const padding = payload[0] ?? 0;
  if (padding >= payload.length) protocolError('a frame is all padding');
  return payload.subarray(1, payload.length - padding);
}
