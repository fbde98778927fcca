import {
  FIRST_WINDOW_BYTES,
  FRAME_HEADER_BYTES,
  FrameFlag,
  FrameType,
  frame,
  Http2Code,
  headerFrames,
  PAYLOAD_MAX_BYTES,
  writeFrameHeader,
} from './frames';

/** Receiver of what a client sends on a stream. */
export interface StreamReceiver {
  /**
   * Takes bytes, which may be a part of a buffer of the socket: what is kept for longer than the turn has to be copied.
   *
   * @param isLast True if `ended` follows.
   */
  data(bytes: Buffer, isLast: boolean): void;
  /** The client sends no more. */
  ended(): void;
  /** The stream is closed: both sides have ended it, or one has reset it, or the connection is gone. Called once. */
  closed(): void;
}

/** The connection of a stream, as the stream sees it. */
export interface StreamConnection {
  /** Bytes that the client's window for the connection has room for. */
  sendWindow: number;
  /** True while the socket takes no more; streams wait. */
  readonly isClogged: boolean;
  /** Counts bytes that a stream holds, or gives back. Returns false if all of them are too many. */
  hold(bytes: number): boolean;
  /** Sends frames, together with others of this turn. */
  push(frames: Buffer): void;
  /** Counts data that the application writes. */
  wrote(): void;
  /** The stream has output that waits for the connection. */
  await(stream: Http2Stream): void;
  /** The stream is closed. */
  forget(stream: Http2Stream): void;
}

/** Output that waits for room in windows. */
interface Waiting {
  readonly bytes: Uint8Array;
  /** Bytes of it that were sent. */
  sent: number;
  readonly taken: (() => void) | undefined;
}

/** One stream of a server: a request that comes, and an answer in headers, data and trailers. */
export class Http2Stream {
  readonly id: number;
  #receiver: StreamReceiver | undefined;
  /** Bytes that the client's window for this stream has room for. It may be negative (RFC 9113, section 6.9.2). */
  sendWindow: number;
  /** Bytes that the client may still send before it gets a further window. */
  receiveWindow: number;
  readonly #receiveWindowMax: number;
  readonly #headerBytes: number;
  readonly #connection: StreamConnection;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Bytes of the request that the receiver holds. */
  #receivedBytes = 0;
  /** Bytes of the answer that will be written in this turn. */
  #plannedBytes = 0;
  /** All bytes that the connection has counted for this stream. */
  #heldBytes = 0;
  /** Frames that end the answer, after all data. */
  #last: Buffer | undefined;
  #isPaused = false;
  #isClosed = false;
  /** True once the client has ended its side. */
  isRequestEnded = false;
  #isAnswerEnded = false;
  /** True if the client may send the rest of its request once it has the answer; otherwise the stream is reset. */
  maySendRest = false;
  #hasHeaders = false;

  /** @param headerBytes Bytes of the headers of the request, which are held as long as the stream. */
  constructor(
    id: number,
    connection: StreamConnection,
    sendWindow: number,
    receiveWindow = FIRST_WINDOW_BYTES,
    headerBytes = 0,
  ) {
    this.id = id;
    this.#connection = connection;
    this.#headerBytes = headerBytes;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.#receiveWindowMax = receiveWindow;
  }

  set receiver(receiver: StreamReceiver) {
    this.#receiver = receiver;
    // It may have ended the stream before the stream knew it.
    if (this.#isClosed) receiver.closed();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True once headers were sent. */
  get hasHeaders(): boolean {
    return this.#hasHeaders;
  }

  /** Bytes that were given to `write` and not sent. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Sends headers. The stream ends with them if `endsStream` is true. */
  respond(block: Buffer, endsStream = false): void {
    if (this.#isClosed || this.#hasHeaders) return;
    this.#hasHeaders = true;
    this.#connection.push(headerFrames(this.id, block, endsStream));
    if (endsStream) this.#answerEnded();
  }

  /**
   * Sends data as the client's windows have room. `taken` is called once all of it was sent, not if the stream closes. If the
   * client leaves too much unread, on all streams together, the stream is reset.
   */
  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#isClosed || this.#last !== undefined) return;
    this.#connection.wrote();
    this.#waiting.push({ bytes, sent: 0, taken });
    this.#waitingBytes += bytes.length;
    this.#sendWaiting(Number.POSITIVE_INFINITY);
    if (!this.#count()) this.reset(Http2Code.ENHANCE_YOUR_CALM);
  }

  /** Ends the answer after all data, with trailers if there are any. */
  end(trailers?: Buffer): void {
    if (this.#isClosed || this.#last !== undefined) return;
    this.#last =
      trailers === undefined
        ? frame(FrameType.DATA, FrameFlag.END_STREAM, this.id, new Uint8Array(0))
        : headerFrames(this.id, trailers, true);
    this.pump();
  }

  /** Sets the bytes of the request that the receiver holds. Returns false if all that is held is too much. */
  hold(bytes: number): boolean {
    this.#receivedBytes = bytes;
    return this.#count();
  }

  /** Sets the bytes that will be written in this turn. Returns false if all that is held is too much. */
  plan(bytes: number): boolean {
    this.#plannedBytes = bytes;
    return this.#count();
  }

  /** Sends a whole answer, in one buffer if the client's windows have room for it. */
  answer(head: Buffer, data: Uint8Array, trailers: Buffer): void {
    if (this.#isClosed || this.#hasHeaders) return;
    const { id } = this;
    const size = data.length;
    const fits = size <= Math.min(this.sendWindow, this.#connection.sendWindow, PAYLOAD_MAX_BYTES);
    if (!fits || this.#connection.isClogged || head.length + trailers.length > PAYLOAD_MAX_BYTES) {
      this.respond(head);
      this.write(data);
      this.end(trailers);
      return;
    }
    const bytes = Buffer.allocUnsafe(3 * FRAME_HEADER_BYTES + head.length + size + trailers.length);
    writeFrameHeader(bytes, 0, head.length, FrameType.HEADERS, FrameFlag.END_HEADERS, id);
    bytes.set(head, FRAME_HEADER_BYTES);
    let at = FRAME_HEADER_BYTES + head.length;
    writeFrameHeader(bytes, at, size, FrameType.DATA, 0, id);
    bytes.set(data, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + size;
    writeFrameHeader(bytes, at, trailers.length, FrameType.HEADERS, FrameFlag.END_HEADERS | FrameFlag.END_STREAM, id);
    bytes.set(trailers, at + FRAME_HEADER_BYTES);
    this.sendWindow -= size;
    this.#connection.sendWindow -= size;
    this.#hasHeaders = true;
    this.#connection.push(bytes);
    this.#answerEnded();
  }

  /** Ends the stream at once and drops what waits. */
  reset(code: Http2Code): void {
    if (this.#isClosed) return;
    const payload = Buffer.allocUnsafe(FRAME_HEADER_BYTES + 4);
    writeFrameHeader(payload, 0, 4, FrameType.RST_STREAM, 0, this.id);
    payload.writeUInt32BE(code, FRAME_HEADER_BYTES);
    this.#connection.push(payload);
    this.close();
  }

  /** Gives the client no further window until `resume`. What it has sent already still comes. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#replenish();
  }

  /** Takes data of the client, whose bytes on the wire count. */
  receive(data: Buffer, wireBytes: number, isLast: boolean): void {
    this.receiveWindow -= wireBytes;
    if (data.length > 0) this.#receiver?.data(data, isLast);
    if (!this.#isPaused) this.#replenish();
  }

  /** The client has ended its side. */
  requestEnded(): void {
    if (this.isRequestEnded || this.#isClosed) return;
    this.isRequestEnded = true;
    this.#receiver?.ended();
    if (this.#isAnswerEnded) this.close();
  }

  /** Sends what waits, as far as windows have room. */
  pump(maxBytes = Number.POSITIVE_INFINITY): void {
    this.#sendWaiting(maxBytes);
    this.#count();
  }

  #sendWaiting(maxBytes: number): void {
    const connection = this.#connection;
    let left = maxBytes;
    while (!this.#isClosed) {
      const first = this.#waiting[0];
      if (first === undefined) {
        if (this.#last !== undefined && !this.#isAnswerEnded) {
          connection.push(this.#last);
          this.#answerEnded();
        }
        return;
      }
      const room = Math.min(this.sendWindow, connection.sendWindow);
      const rest = first.bytes.length - first.sent;
      if (this.sendWindow <= 0 && rest > 0) return;
      if (connection.isClogged || (room <= 0 && rest > 0) || left <= 0) {
        connection.await(this);
        return;
      }
      const size = Math.min(rest, room, PAYLOAD_MAX_BYTES, left);
      this.#send(first.bytes.subarray(first.sent, first.sent + size));
      left -= size;
      first.sent += size;
      if (first.sent < first.bytes.length) continue;
      this.#waiting.shift();
      first.taken?.();
    }
  }

  /** Closes the stream without a frame. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#count();
    this.#connection.forget(this);
    this.#receiver?.closed();
  }

  /** Has the connection count what is held now. Returns false if that is more than before, and too much. */
  #count(): boolean {
    const bytes = this.#headerBytes + this.#waitingBytes + this.#receivedBytes + this.#plannedBytes;
    const change = (this.#isClosed ? 0 : bytes) - this.#heldBytes;
    if (change === 0) return true;
    this.#heldBytes += change;
    return this.#connection.hold(change) || change < 0;
  }

  #send(part: Uint8Array): void {
    this.sendWindow -= part.length;
    this.#connection.sendWindow -= part.length;
    this.#waitingBytes -= part.length;
    const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + part.length);
    writeFrameHeader(bytes, 0, part.length, FrameType.DATA, 0, this.id);
    bytes.set(part, FRAME_HEADER_BYTES);
    this.#connection.push(bytes);
  }

  #answerEnded(): void {
    this.#isAnswerEnded = true;
    if (this.isRequestEnded) this.close();
    // The client need not send the rest (RFC 9113, section 8.1).
    else if (!this.maySendRest) this.reset(Http2Code.NO_ERROR);
  }

  #replenish(): void {
    const used = this.#receiveWindowMax - this.receiveWindow;
    if (this.#isClosed || this.isRequestEnded || used * 2 < this.#receiveWindowMax) return;
    this.receiveWindow += used;
    const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + 4);
    writeFrameHeader(bytes, 0, 4, FrameType.WINDOW_UPDATE, 0, this.id);
    bytes.writeUInt32BE(used, FRAME_HEADER_BYTES);
    this.#connection.push(bytes);
  }
}
