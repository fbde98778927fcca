import type { Socket } from 'node:net';
import { FloodGuard, type FloodLimits } from './flood-guard';
import { checkSize, FrameReader, initialWindowIn, protocolError, type ReceivedFrame } from './frame-reader';
import {
  ConnectionError,
  FIRST_WINDOW_BYTES,
  FrameFlag,
  FrameType,
  frame,
  Http2Code,
  numberFrame,
  PAYLOAD_MAX_BYTES,
  Setting,
  settingsFrame,
  WINDOW_MAX_BYTES,
} from './frames';
import { CompressionError, HeaderBlocks, type Headers } from './header-block';
import type { HeldBytes } from './held-bytes';
import { Http2Stream, type StreamConnection } from './http2-stream';
import { SocketOutput } from './socket-output';

/** Limits of a connection. */
export interface Http2Limits extends FloodLimits {
  readonly streamsMaxCount: number;
  readonly headersMaxBytes: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
}

/** Receiver of the events of a connection. */
export interface Http2Receiver {
  /** Takes a request. It sets `stream.receiver`. */
  open(stream: Http2Stream, headers: Headers): void;
  /** Takes an exception of a receiver, which ends the connection. */
  failed(error: unknown): void;
  /** The connection has ended, after all of its streams. Called once. */
  closed(): void;
}

const EMPTY = Buffer.alloc(0);
const PING_BYTES = 8;

/** The server's end of a connection that speaks HTTP/2 (RFC 9113), over a socket of any kind. */
export class Http2Connection implements StreamConnection {
  sendWindow = FIRST_WINDOW_BYTES;
  readonly #output: SocketOutput;
  readonly #socket: Socket;
  readonly #limits: Http2Limits;
  readonly #receiver: Http2Receiver;
  readonly #guard: FloodGuard;
  readonly #held: HeldBytes;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #blocks: HeaderBlocks;
  /** Streams with output that waits for the connection. */
  readonly #awaiting = new Set<Http2Stream>();
  readonly #frames: FrameReader;
  #lastStreamId = 0;
  #streamSendWindow = FIRST_WINDOW_BYTES;
  #receiveWindow: number;
  #isClosing = false;
  #isClosed = false;
  #ponged: (() => void) | undefined;

  /**
   * @param held Bytes that this connection holds.
   * @param now Milliseconds of a clock that does not jump.
   */
  constructor(socket: Socket, limits: Http2Limits, receiver: Http2Receiver, held: HeldBytes, now: () => number) {
    this.#socket = socket;
    this.#limits = limits;
    this.#receiver = receiver;
    this.#held = held;
    this.#guard = new FloodGuard(limits, now);
    this.#blocks = new HeaderBlocks(limits.headersMaxBytes);
    // Beyond any compression of what is allowed, and of some more that is read and refused.
    this.#frames = new FrameReader(limits.headersMaxBytes + PAYLOAD_MAX_BYTES);
    this.#receiveWindow = limits.connectionWindowBytes;
    this.#output = new SocketOutput(socket, () => this.#pumpAll());
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
    socket.on('end', () => socket.destroy());
    this.push(
      settingsFrame([
        [Setting.MAX_CONCURRENT_STREAMS, limits.streamsMaxCount],
        [Setting.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
        [Setting.MAX_HEADER_LIST_SIZE, limits.headersMaxBytes],
      ]),
    );
    const more = limits.connectionWindowBytes - FIRST_WINDOW_BYTES;
    if (more > 0) this.push(numberFrame(FrameType.WINDOW_UPDATE, 0, more));
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  get isClogged(): boolean {
    return this.#output.isClogged;
  }

  /** True once no further streams are accepted. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  push(frames: Buffer): void {
    if (this.#isClosed) return;
    this.#guard.sent(frames.length);
    this.#output.push(frames);
  }

  wrote(): void {
    this.#guard.wrote();
  }

  hold(bytes: number): boolean {
    return this.#held.add(bytes);
  }

  await(stream: Http2Stream): void {
    this.#awaiting.add(stream);
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#awaiting.delete(stream);
    if (this.#isClosing && this.#streams.size === 0) this.#endSocket();
  }

  /** Sends a ping. `ponged` is called when anything comes from the client: what it reads first may delay its answer. */
  ping(ponged: () => void): void {
    this.#ponged = ponged;
    this.push(frame(FrameType.PING, 0, 0, Buffer.alloc(PING_BYTES)));
  }

  /** Accepts no further streams. The connection ends with the last one. */
  close(code: Http2Code = Http2Code.NO_ERROR): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.push(numberFrame(FrameType.GOAWAY, 0, this.#lastStreamId, code));
    if (this.#streams.size === 0) this.#endSocket();
  }

  /** Ends the connection and its streams at once. */
  destroy(): void {
    this.#socket.destroy();
    this.#closed();
  }

  #endSocket(): void {
    this.#output.flush();
    this.#socket.end();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isClosing = true;
    this.#output.stop();
    for (const stream of [...this.#streams.values()]) stream.close();
    this.#receiver.closed();
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#ponged?.();
    this.#ponged = undefined;
    try {
      this.#frames.push(bytes);
      while (!this.#isClosed) {
        const next = this.#frames.next();
        if (next === undefined) break;
        this.#readFrame(next);
      }
    } catch (error) {
      if (error instanceof ConnectionError) this.#fail(error.code);
      else if (error instanceof CompressionError) this.#fail(Http2Code.COMPRESSION_ERROR);
      else {
        this.#receiver.failed(error);
        this.#fail(Http2Code.INTERNAL_ERROR);
      }
    }
    this.#output.flush();
  }

  /** Ends the connection for a violation, and says which. */
  #fail(code: Http2Code): void {
    this.push(numberFrame(FrameType.GOAWAY, 0, this.#lastStreamId, code));
    this.#endSocket();
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
    this.#closed();
    // A client that reads would have the reason by then.
    setTimeout(() => this.#socket.destroy(), LAST_FRAME_MS).unref();
  }

  #readFrame({ type, flags, streamId, payload, wireBytes }: ReceivedFrame): void {
    switch (type) {
      case FrameType.DATA:
        this.#readData(flags, streamId, payload, wireBytes);
        break;
      case FrameType.HEADERS:
        this.#readHeaders((flags & FrameFlag.END_STREAM) !== 0, streamId, payload);
        break;
      case FrameType.RST_STREAM:
        this.#readReset(streamId, payload);
        break;
      case FrameType.SETTINGS:
        this.#readSettings(flags, streamId, payload);
        break;
      case FrameType.PING:
        if (streamId !== 0) protocolError('a ping has a stream');
        checkSize(payload.length === PING_BYTES);
        this.#guard.idleFrame();
        if ((flags & FrameFlag.ACK) === 0) this.push(frame(FrameType.PING, FrameFlag.ACK, 0, payload));
        break;
      case FrameType.WINDOW_UPDATE:
        this.#readWindow(streamId, payload);
        break;
      case FrameType.PRIORITY:
        if (streamId === 0) protocolError('a priority has no stream');
        checkSize(payload.length === 5);
        this.#guard.idleFrame();
        break;
      case FrameType.GOAWAY:
        // The client opens no further streams; it closes the connection when it has its answers.
        if (streamId !== 0) protocolError('GOAWAY has a stream');
        checkSize(payload.length >= 8);
        this.#guard.idleFrame();
        break;
      case FrameType.PUSH_PROMISE:
        protocolError('a client pushes');
        break;
      default:
        // An unknown type is ignored (RFC 9113, section 4.1).
        this.#guard.idleFrame();
    }
  }

  #readData(flags: number, streamId: number, data: Buffer, wireBytes: number): void {
    this.#receiveWindow -= wireBytes;
    if (this.#receiveWindow < 0) throw new ConnectionError(Http2Code.FLOW_CONTROL_ERROR, 'too much data');
    // What waits is bounded for each stream, so that one that waits does not hold up all others.
    const used = this.#limits.connectionWindowBytes - this.#receiveWindow;
    if (used * 2 >= this.#limits.connectionWindowBytes) {
      this.#receiveWindow += used;
      this.push(numberFrame(FrameType.WINDOW_UPDATE, 0, used));
    }
    const stream = this.#streams.get(streamId);
    const isLast = (flags & FrameFlag.END_STREAM) !== 0;
    if (data.length === 0 && !isLast) this.#guard.idleFrame();
    if (stream === undefined) {
      this.#checkKnown(streamId);
      return;
    }
    if (stream.isRequestEnded) {
      this.#refuse(stream, Http2Code.STREAM_CLOSED);
      return;
    }
    if (wireBytes > stream.receiveWindow) {
      this.#refuse(stream, Http2Code.FLOW_CONTROL_ERROR);
      return;
    }
    stream.receive(data, wireBytes, isLast);
    if (isLast) stream.requestEnded();
  }

  #readHeaders(endsStream: boolean, streamId: number, payload: Buffer): void {
    if (streamId % 2 === 0) protocolError('a stream of a client has an even number');
    const { headers, bytes, isTooLarge, isMalformed } = this.#blocks.read(payload);
    const known = this.#streams.get(streamId);
    if (known !== undefined) {
      // Trailers of a request, in which nothing is expected.
      if (!endsStream || known.isRequestEnded || isMalformed || ':path' in headers) {
        this.#refuse(known, Http2Code.PROTOCOL_ERROR);
        return;
      }
      known.requestEnded();
      return;
    }
    // Streams that are opened after GOAWAY are not served; the client opens them elsewhere.
    if (streamId <= this.#lastStreamId || this.#isClosing) {
      this.#guard.idleFrame();
      return;
    }
    this.#lastStreamId = streamId;
    const stream = new Http2Stream(streamId, this, this.#streamSendWindow, this.#limits.streamWindowBytes, bytes);
    if (this.#streams.size >= this.#limits.streamsMaxCount) {
      this.#refuse(stream, Http2Code.REFUSED_STREAM);
      return;
    }
    if (isTooLarge || !stream.plan(0)) {
      this.#refuse(stream, Http2Code.ENHANCE_YOUR_CALM);
      return;
    }
    const isWhole =
      headers[':method'] !== undefined && headers[':path'] !== undefined && headers[':scheme'] !== undefined;
    if (isMalformed || !isWhole) {
      this.#refuse(stream, Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#streams.set(stream.id, stream);
    this.#guard.opened();
    this.#receiver.open(stream, headers);
    if (endsStream) stream.requestEnded();
  }

  #readReset(streamId: number, payload: Buffer): void {
    checkSize(payload.length === 4);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#checkKnown(streamId);
      this.#guard.idleFrame();
      return;
    }
    this.#guard.reset();
    stream.close();
  }

  #readSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) protocolError('SETTINGS has a stream');
    this.#guard.settings(this.#streams.size);
    if ((flags & FrameFlag.ACK) !== 0) {
      checkSize(payload.length === 0);
      return;
    }
    const window = initialWindowIn(payload) ?? this.#streamSendWindow;
    this.push(frame(FrameType.SETTINGS, FrameFlag.ACK, 0, EMPTY));
    // Once for a frame, which may repeat the setting thousands of times.
    const change = window - this.#streamSendWindow;
    this.#streamSendWindow = window;
    if (change === 0) return;
    for (const stream of [...this.#streams.values()]) this.#widen(stream, change);
  }

  #readWindow(streamId: number, payload: Buffer): void {
    checkSize(payload.length === 4);
    this.#guard.idleFrame();
    const change = payload.readUInt32BE(0) & 0x7fffffff;
    if (streamId === 0) {
      this.sendWindow += change;
      if (change === 0) protocolError('a window grows by nothing');
      if (this.sendWindow > WINDOW_MAX_BYTES) {
        throw new ConnectionError(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
      }
      this.#pumpAll();
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#checkKnown(streamId);
      return;
    }
    if (change === 0) {
      this.#refuse(stream, Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#widen(stream, change);
  }

  #widen(stream: Http2Stream, change: number): void {
    stream.sendWindow += change;
    if (stream.sendWindow > WINDOW_MAX_BYTES) this.#refuse(stream, Http2Code.FLOW_CONTROL_ERROR);
    else if (change > 0) stream.pump();
  }

  /** Resets a stream because of what its client has sent. */
  #refuse(stream: Http2Stream, code: Http2Code): void {
    stream.reset(code);
    this.#guard.reset();
  }

  /** Checks that a stream has existed. Frames may still come for one that is closed. */
  #checkKnown(streamId: number): void {
    if (streamId === 0 || streamId % 2 === 0) protocolError('a frame has no stream of the client');
    if (streamId > this.#lastStreamId && !this.#isClosing) protocolError('a frame has a stream that is not open');
  }

  /** Sends what waits for the connection, a frame of each stream in turn. */
  #pumpAll(): void {
    // A stream that still waits is added again, at the end. A window of one byte costs one step, however many wait.
    for (const stream of this.#awaiting) {
      if (this.isClogged || this.sendWindow <= 0) return;
      this.#awaiting.delete(stream);
      stream.pump(PAYLOAD_MAX_BYTES);
    }
  }
}

/** Time for a client to read why its connection ends. */
const LAST_FRAME_MS = 1_000;
