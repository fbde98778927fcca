import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { framedOne, MessageFrames } from '../../src/gateway/grpc/message-frames';
import {
  FIRST_WINDOW_BYTES,
  FRAME_HEADER_BYTES,
  FrameFlag,
  FrameType,
  frame,
  headerFrames,
  numberFrame,
  PAYLOAD_MAX_BYTES,
  PREFACE,
  Setting,
  settingsFrame,
  WINDOW_MAX_BYTES,
} from '../../src/gateway/http2/frames';
import { headerBlock } from '../../src/gateway/http2/header-block';

/** Received bytes after which the windows are opened again. */
const REOPENED_BYTES = 2 ** 30;

/** The first stream of a client; it has odd numbers. */
const STREAM = 1;

const EMPTY = Buffer.alloc(0);

/** A call that waits for its answer. */
interface Waiting {
  readonly parts: Buffer[];
  resolve(message: Buffer): void;
  reject(error: Error): void;
}

const blockOf = (path: string): Buffer =>
  headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'bench'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ]);

/**
 * A connection of a gRPC client with one stream and any number of calls. It reads no headers and opens its windows as far as
 * they go: `node:http2` would use more of the processor than the server.
 */
export class GrpcLink {
  readonly #socket: Socket;
  readonly #calls = new Map<number, Waiting>();
  readonly #blocks = new Map<string, Buffer>();
  readonly #frames = new MessageFrames(WINDOW_MAX_BYTES, '');
  #rest: Buffer = EMPTY;
  #lastStream = STREAM;
  #received = 0;
  /** Bytes that the server takes on the connection, and on each stream. */
  #window = FIRST_WINDOW_BYTES;
  #streamWindow = FIRST_WINDOW_BYTES;
  #firstWindow = FIRST_WINDOW_BYTES;
  #isClosed = false;
  /** Called when the connection is lost. */
  onLost: (error: Error) => void = () => {};
  /** Receives the messages of the stream. */
  onMessage: (message: Uint8Array) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#fail('the connection was closed'));
    const windows = settingsFrame([[Setting.INITIAL_WINDOW_SIZE, WINDOW_MAX_BYTES]]);
    const opened = numberFrame(FrameType.WINDOW_UPDATE, 0, WINDOW_MAX_BYTES - FIRST_WINDOW_BYTES);
    socket.write(Buffer.concat([PREFACE, windows, opened]));
  }

  static async open(port: number): Promise<GrpcLink> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new GrpcLink(socket);
  }

  /** Calls a unary method. @throws {Error} If it has no answer. */
  call(path: string, message: Uint8Array): Promise<Buffer> {
    this.#lastStream += 2;
    const stream = this.#lastStream;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.#calls.set(stream, { parts: [], resolve, reject });
    const data = framedOne(message);
    this.#spend(data.length);
    const frames = [headerFrames(stream, this.#block(path), false)];
    for (let at = 0; at < data.length; at += PAYLOAD_MAX_BYTES) {
      const flags = at + PAYLOAD_MAX_BYTES < data.length ? 0 : FrameFlag.END_STREAM;
      frames.push(frame(FrameType.DATA, flags, stream, data.subarray(at, at + PAYLOAD_MAX_BYTES)));
    }
    this.#socket.write(Buffer.concat(frames));
    return promise;
  }

  /** Opens the stream. */
  open(path: string): void {
    this.#socket.write(headerFrames(STREAM, this.#block(path), false));
  }

  /** Sends a message on the stream. */
  send(message: Uint8Array): void {
    const data = framedOne(message);
    this.#spend(data.length);
    this.#streamWindow -= data.length;
    this.#socket.write(frame(FrameType.DATA, 0, STREAM, data));
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #block(path: string): Buffer {
    const block = this.#blocks.get(path) ?? blockOf(path);
    this.#blocks.set(path, block);
    return block;
  }

  #spend(bytes: number): void {
    if (this.#isClosed) throw new Error('the connection is closed');
    this.#window -= bytes;
    if (Math.min(this.#window, this.#streamWindow) < 0) throw new Error('the server has not opened its window');
  }

  #take(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + all.readUIntBE(at, 3);
      if (end > all.length) break;
      const stream = all.readUInt32BE(at + 5);
      this.#frame(all[at + 3] ?? 0, all[at + 4] ?? 0, stream, all.subarray(at + FRAME_HEADER_BYTES, end));
      at = end;
    }
    this.#rest = at === all.length ? EMPTY : all.subarray(at);
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === FrameType.DATA) this.#data(stream, payload);
    else if (type === FrameType.HEADERS) {
      if ((flags & FrameFlag.END_STREAM) !== 0) this.#ended(stream);
    } else if (type === FrameType.SETTINGS) this.#settings(flags, payload);
    else if (type === FrameType.PING && (flags & FrameFlag.ACK) === 0) {
      this.#socket.write(frame(FrameType.PING, FrameFlag.ACK, 0, payload));
    } else if (type === FrameType.WINDOW_UPDATE) {
      if (stream === 0) this.#window += payload.readUInt32BE(0);
      else if (stream === STREAM) this.#streamWindow += payload.readUInt32BE(0);
    } else if (type === FrameType.RST_STREAM) this.#ended(stream);
    else if (type === FrameType.GOAWAY) this.#fail('the server sends the client away');
  }

  #data(stream: number, payload: Buffer): void {
    this.#received += payload.length;
    if (this.#received > REOPENED_BYTES) {
      this.#socket.write(numberFrame(FrameType.WINDOW_UPDATE, 0, this.#received));
      this.#socket.write(numberFrame(FrameType.WINDOW_UPDATE, STREAM, this.#received));
      this.#received = 0;
    }
    if (stream !== STREAM) {
      this.#calls.get(stream)?.parts.push(payload);
      return;
    }
    this.#frames.push(payload);
    for (let next = this.#frames.next(); next !== undefined; next = this.#frames.next()) this.onMessage(next);
    this.#frames.keep();
  }

  #settings(flags: number, payload: Buffer): void {
    if ((flags & FrameFlag.ACK) !== 0) return;
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== Setting.INITIAL_WINDOW_SIZE) continue;
      const first = payload.readUInt32BE(at + 2);
      this.#streamWindow += first - this.#firstWindow;
      this.#firstWindow = first;
    }
    this.#socket.write(frame(FrameType.SETTINGS, FrameFlag.ACK, 0, EMPTY));
  }

  #ended(stream: number): void {
    if (stream === STREAM) this.#fail('the stream has ended');
    const call = this.#calls.get(stream);
    this.#calls.delete(stream);
    const message = Buffer.concat(call?.parts ?? []);
    if (message.length === 0) call?.reject(new Error('a call failed'));
    // Without the prefix of the message.
    else call?.resolve(message.subarray(5));
  }

  #fail(reason: string): void {
    this.#isClosed = true;
    const error = new Error(reason);
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    this.onLost(error);
  }
}
