import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Opcodes of frames. Source: RFC 6455, section 5.2. */
const TEXT = 0x1;
const CLOSE = 0x8;

/** Buffer shared by all sockets: each consumes its data before the next one reads. */
const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);

/** Start of a frame that asks the client to confirm that it reads. */
const MARK = '{"type":"mark"';
const MARK_MAX_BYTES = 128;

const NONE = Buffer.alloc(0);
const HANDSHAKE_MAX_MS = 30_000;

/** Options of a new WebSocket. */
export interface FrameSocketOptions {
  /** URL without a path, such as `http://127.0.0.1:8787`. */
  origin: string;
  path: string;
  headers: Record<string, string>;
}

/** Returns a text as one masked frame. The mask is zero, which skips the masking: no proxy needs its protection here. */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const extended = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + length);
  frame[0] = 0x80 | TEXT;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.write(text, 2 + extended + 4);
  return frame;
}

/** Returns the bounds of the payload of the frame at `offset`; undefined if the frame is incomplete. */
function payloadAt(bytes: Buffer, offset: number): { begin: number; end: number } | undefined {
  if (bytes.length < offset + 2) return undefined;
  const short = bytes.readUInt8(offset + 1) & 0x7f;
  const begin = offset + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (bytes.length < begin) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(offset + 2) : Number(bytes.readBigUInt64BE(offset + 2));
  return bytes.length < begin + length ? undefined : { begin, end: begin + length };
}

/** A WebSocket client with minimal cost, so that thousands of clients use less CPU than the measured server. */
export class FrameSocket {
  readonly #socket: Socket;
  #rest: Buffer = NONE;
  #isOpen = false;
  /** Reason of the lost connection; undefined while it is open. */
  #lost: string | undefined;
  #opened: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  /** Called for each text, with bytes that are valid only during the call. */
  onText: (bytes: Buffer) => void = () => {};
  /** Called when the connection is lost. */
  onLost: (reason: string) => void = () => {};

  private constructor({ origin, path, headers }: FrameSocketOptions) {
    const { hostname, port, host } = new URL(origin);
    const onread = { buffer: READ_BUFFER, callback: (length: number) => this.#read(READ_BUFFER.subarray(0, length)) };
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${lines.join('')}\r\n`,
    );
    this.#socket.setTimeout(HANDSHAKE_MAX_MS, () => this.#socket.destroy(new Error('the handshake took too long')));
    this.#socket.on('error', (error) => this.#lose(error.message));
    this.#socket.on('close', () => this.#lose('the connection was closed'));
  }

  /** @throws {Error} with the answer if its status is not 101. */
  static async open(options: FrameSocketOptions): Promise<FrameSocket> {
    const socket = new FrameSocket(options);
    await socket.#opened?.promise;
    return socket;
  }

  /** @throws {Error} if the connection is lost, since no answer would arrive. */
  send(text: string): void {
    if (this.#lost !== undefined) throw new Error(`a socket was lost: ${this.#lost}`);
    this.#socket.write(textFrame(text));
  }

  /** Resolves with the next text. */
  next(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.onLost = (reason) => reject(new Error(reason));
      this.onText = (bytes) => resolve(bytes.toString());
    });
  }

  /** Destroys the connection. */
  destroy(): void {
    this.onLost = () => {};
    this.#socket.destroy();
  }

  #read(read: Buffer): boolean {
    let bytes = this.#rest.length === 0 ? read : Buffer.concat([this.#rest, read]);
    if (!this.#isOpen) bytes = this.#handshake(bytes);
    let offset = 0;
    if (this.#isOpen) {
      for (let found = payloadAt(bytes, 0); found !== undefined; found = payloadAt(bytes, offset)) {
        this.#take(bytes.readUInt8(offset) & 0x0f, bytes.subarray(found.begin, found.end));
        offset = found.end;
      }
    }
    this.#rest = offset === bytes.length ? NONE : Buffer.from(bytes.subarray(offset));
    return true;
  }

  /** Reads the head of the answer. Returns the bytes after it. */
  #handshake(bytes: Buffer): Buffer {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return bytes;
    const head = bytes.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 101 ')) {
      this.#lose(`the upgrade was answered with ${head.slice(0, 200)}`);
      this.#socket.destroy();
      return NONE;
    }
    this.#isOpen = true;
    this.#socket.setTimeout(0);
    this.#opened?.resolve();
    this.#opened = undefined;
    return bytes.subarray(end + 4);
  }

  #take(kind: number, payload: Buffer): void {
    if (kind === TEXT && !this.#echoMark(payload)) this.onText(payload);
    if (kind === CLOSE) this.#lose(`closed with ${payload.length < 2 ? 'no code' : payload.readUInt16BE(0)}`);
  }

  /** Answers the registry's occasional marks, which check that the client reads. Returns whether a payload is a mark. */
  #echoMark(payload: Buffer): boolean {
    if (payload.length > MARK_MAX_BYTES || !payload.toString('latin1', 0, MARK.length).startsWith(MARK)) return false;
    const { mark } = JSON.parse(payload.toString()) as { mark: string }; // `as`: the registry's tests check this shape
    this.send(JSON.stringify({ type: 'credit', bytes: payload.length, mark }));
    return true;
  }

  #lose(reason: string): void {
    this.#opened?.reject(new Error(reason));
    this.#opened = undefined;
    this.#lost ??= reason;
    this.onLost(reason);
  }
}
