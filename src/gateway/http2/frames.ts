/** Bytes that a client sends first, and that no request of HTTP/1 begins with (RFC 9113, section 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Bytes before the payload of each frame. */
export const FRAME_HEADER_BYTES = 9;
/** Size of a payload that either side accepts unless it says otherwise. We never say otherwise. */
export const PAYLOAD_MAX_BYTES = 16_384;
/** Window of a connection at its start, and of its streams. */
export const FIRST_WINDOW_BYTES = 65_535;
/** A window above this is an error of the peer. */
export const WINDOW_MAX_BYTES = 2 ** 31 - 1;

/** Types of frames. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of frames. ACK and END_STREAM share a bit. */
export const FrameFlag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Codes of errors, for streams and connections. */
export const Http2Code = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;
export type Http2Code = (typeof Http2Code)[keyof typeof Http2Code];

/** Identifiers of settings. */
export const Setting = {
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Thrown for a violation that ends the whole connection. */
export class ConnectionError extends Error {
  readonly code: Http2Code;

  constructor(code: Http2Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** Writes the bytes before a payload. */
export function writeFrameHeader(
  into: Buffer,
  at: number,
  size: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  into.writeUIntBE(size, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(streamId, at + 5);
}

/** Returns a frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** Returns the frames of a block of headers: CONTINUATION follows where one frame is too small. */
export function headerFrames(streamId: number, block: Buffer, endsStream: boolean): Buffer {
  const end = endsStream ? FrameFlag.END_STREAM : 0;
  if (block.length <= PAYLOAD_MAX_BYTES) {
    return frame(FrameType.HEADERS, FrameFlag.END_HEADERS | end, streamId, block);
  }
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += PAYLOAD_MAX_BYTES) {
    const isLast = at + PAYLOAD_MAX_BYTES >= block.length;
    const flags = (isLast ? FrameFlag.END_HEADERS : 0) | (at === 0 ? end : 0);
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    frames.push(frame(type, flags, streamId, block.subarray(at, at + PAYLOAD_MAX_BYTES)));
  }
  return Buffer.concat(frames);
}

/** Returns a frame whose payload is numbers of four bytes. */
export function numberFrame(type: number, streamId: number, ...numbers: number[]): Buffer {
  const payload = Buffer.allocUnsafe(4 * numbers.length);
  numbers.forEach((number, index) => {
    payload.writeUInt32BE(number, 4 * index);
  });
  return frame(type, 0, streamId, payload);
}

/** Returns the settings of our side. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}
