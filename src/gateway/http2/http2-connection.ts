import type { Socket } from 'node:net';
import { checkSize, FrameReader, protocolError, type ReceivedFrame } from './frame-reader';
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
import { Http2Stream, type StreamConnection } from './http2-stream';
import { SocketOutput } from './socket-output';

/** Limits of a connection. */
export interface Http2Limits {
  readonly streamsMaxCount: number;
  readonly headersMaxBytes: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** Streams that the client may reset at once, and those that it may reset each second after that. */
  readonly resetsBurstMaxCount: number;
  readonly resetsPerSecondMaxCount: number;
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
  payloadMaxBytes = PAYLOAD_MAX_BYTES;
  readonly #output: SocketOutput;
  readonly #socket: Socket;
  readonly #limits: Http2Limits;
  readonly #receiver: Http2Receiver;
  readonly #now: () => number;
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
  #resetsLeft: number;
  #resetsAt: number;
  #ponged: (() => void) | undefined;

  /** @param now Milliseconds of a clock that does not jump. */
  constructor(socket: Socket, limits: Http2Limits, receiver: Http2Receiver, now: () => number) {
    this.#socket = socket;
    this.#limits = limits;
    this.#receiver = receiver;
    this.#now = now;
    this.#blocks = new HeaderBlocks(limits.headersMaxBytes);
    // Beyond any compression of what is allowed, and of some more that is read and refused.
    this.#frames = new FrameReader(limits.headersMaxBytes + PAYLOAD_MAX_BYTES);
    this.#receiveWindow = limits.connectionWindowBytes;
    this.#resetsLeft = limits.resetsBurstMaxCount;
    this.#resetsAt = now();
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
    if (!this.#isClosed) this.#output.push(frames);
  }

  await(stream: Http2Stream): void {
    this.#awaiting.add(stream);
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#awaiting.delete(stream);
    if (this.#isClosing && this.#streams.size === 0) this.#endSocket();
  }

  /** Sends a ping. `ponged` is called when the client has acknowledged it. */
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
        if ((flags & FrameFlag.ACK) === 0) this.push(frame(FrameType.PING, FrameFlag.ACK, 0, payload));
        else this.#ponged?.();
        break;
      case FrameType.WINDOW_UPDATE:
        this.#readWindow(streamId, payload);
        break;
      case FrameType.PRIORITY:
        if (streamId === 0) protocolError('a priority has no stream');
        checkSize(payload.length === 5);
        break;
      case FrameType.GOAWAY:
        // The client opens no further streams; it closes the connection when it has its answers.
        if (streamId !== 0) protocolError('GOAWAY has a stream');
        checkSize(payload.length >= 8);
        break;
      case FrameType.PUSH_PROMISE:
        protocolError('a client pushes');
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
    if (stream === undefined) {
      this.#checkKnown(streamId);
      return;
    }
    if (stream.isRequestEnded) {
      stream.reset(Http2Code.STREAM_CLOSED);
      return;
    }
    if (wireBytes > stream.receiveWindow) {
      stream.reset(Http2Code.FLOW_CONTROL_ERROR);
      return;
    }
    stream.receive(data, wireBytes);
    if ((flags & FrameFlag.END_STREAM) !== 0) stream.requestEnded();
  }

  #readHeaders(endsStream: boolean, streamId: number, payload: Buffer): void {
    if (streamId % 2 === 0) protocolError('a stream of a client has an even number');
    const { headers, isTooLarge, isMalformed } = this.#blocks.read(payload);
    const known = this.#streams.get(streamId);
    if (known !== undefined) {
      // Trailers of a request, in which nothing is expected.
      if (!endsStream || known.isRequestEnded) {
        known.reset(Http2Code.PROTOCOL_ERROR);
        return;
      }
      known.requestEnded();
      return;
    }
    if (streamId <= this.#lastStreamId) return;
    // Streams that are opened after GOAWAY are not served; the client opens them elsewhere.
    if (this.#isClosing) return;
    this.#lastStreamId = streamId;
    const stream = new Http2Stream(streamId, this, this.#streamSendWindow, this.#limits.streamWindowBytes);
    if (this.#streams.size >= this.#limits.streamsMaxCount) {
      stream.reset(Http2Code.REFUSED_STREAM);
      return;
    }
    if (isTooLarge) {
      stream.reset(Http2Code.ENHANCE_YOUR_CALM);
      return;
    }
    const isWhole =
      headers[':method'] !== undefined && headers[':path'] !== undefined && headers[':scheme'] !== undefined;
    if (isMalformed || !isWhole) {
      stream.reset(Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#streams.set(stream.id, stream);
    this.#receiver.open(stream, headers);
    if (endsStream) stream.requestEnded();
  }

  #readReset(streamId: number, payload: Buffer): void {
    checkSize(payload.length === 4);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#checkKnown(streamId);
      return;
    }
    const now = this.#now();
    const { resetsBurstMaxCount: burst, resetsPerSecondMaxCount: rate } = this.#limits;
    this.#resetsLeft = Math.min(burst, this.#resetsLeft + ((now - this.#resetsAt) / 1_000) * rate) - 1;
    this.#resetsAt = now;
    if (this.#resetsLeft < 0) throw new ConnectionError(Http2Code.ENHANCE_YOUR_CALM, 'too many resets');
    stream.close();
  }

  #readSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) protocolError('SETTINGS has a stream');
    if ((flags & FrameFlag.ACK) !== 0) {
      checkSize(payload.length === 0);
      return;
    }
    checkSize(payload.length % 6 === 0);
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const setting = payload.readUInt16BE(at);
      if (setting === Setting.INITIAL_WINDOW_SIZE) {
        if (value > WINDOW_MAX_BYTES) throw new ConnectionError(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
        const change = value - this.#streamSendWindow;
        this.#streamSendWindow = value;
        for (const stream of [...this.#streams.values()]) this.#widen(stream, change);
      } else if (setting === Setting.MAX_FRAME_SIZE) {
        if (value < PAYLOAD_MAX_BYTES || value > 2 ** 24 - 1) protocolError('a frame size is out of range');
        // Larger frames would hold up other streams.
        this.payloadMaxBytes = PAYLOAD_MAX_BYTES;
      } else if (setting === Setting.ENABLE_PUSH && value > 1) protocolError('a setting is out of range');
    }
    this.push(frame(FrameType.SETTINGS, FrameFlag.ACK, 0, EMPTY));
  }

  #readWindow(streamId: number, payload: Buffer): void {
    checkSize(payload.length === 4);
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
      stream.reset(Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#widen(stream, change);
  }

  #widen(stream: Http2Stream, change: number): void {
    stream.sendWindow += change;
    if (stream.sendWindow > WINDOW_MAX_BYTES) stream.reset(Http2Code.FLOW_CONTROL_ERROR);
    else if (change > 0) stream.pump();
  }

  /** Checks that a stream has existed. Frames may still come for one that is closed. */
  #checkKnown(streamId: number): void {
    if (streamId === 0 || streamId % 2 === 0) protocolError('a frame has no stream of the client');
    if (streamId > this.#lastStreamId && !this.#isClosing) protocolError('a frame has a stream that is not open');
  }

  /** Sends what waits for the connection, a frame of each stream in turn. */
  #pumpAll(): void {
    while (this.#awaiting.size > 0 && !this.isClogged && this.sendWindow > 0) {
      for (const stream of [...this.#awaiting]) {
        this.#awaiting.delete(stream);
        stream.pump(PAYLOAD_MAX_BYTES);
      }
    }
  }
}

/** Time for a client to read why its connection ends. */
const LAST_FRAME_MS = 1_000;
