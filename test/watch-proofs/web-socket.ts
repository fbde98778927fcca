import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';

const CONTINUATION = 0x0;
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** Code of a connection that broke without a close frame. Source: RFC 6455, 7.4.1. */
export const BROKEN = 1006;

/** Thrown if the answer to an upgrade has a status other than 101. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`the upgrade was answered ${status}: ${text}`);
    this.status = status;
  }
}

export interface SocketEnd {
  code: number;
  reason: string;
}

/**
 * A minimal WebSocket client, with operations that Node's own lacks: read the status of a refused upgrade, stop reading, and
 * cut the connection. Source: RFC 6455.
 */
export class WebSocketClient {
  /** Called with each received text. */
  onText: (text: string) => void = () => {};
  /** Called with the text of each pong. */
  onPong: (text: string) => void = () => {};
  readonly closed: Promise<SocketEnd>;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  #end: SocketEnd = { code: BROKEN, reason: '' };

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.closed = new Promise((resolve) => socket.on('close', () => resolve(this.#end)));
    socket.on('error', () => {}); // `close` follows.
    socket.on('data', (data) => this.#take(data));
    if (head.length > 0) socket.unshift(head);
  }

  /**
   * @param url Begins with `http:`.
   * @throws {UpgradeRefused} if the answer is not 101; the network's error if there is none.
   */
  static connect(url: string, headers: Record<string, string>): Promise<WebSocketClient> {
    return new Promise((resolve, reject) => {
      const call = request(url, {
        agent: false,
        // A registry that is filling the sockets of hundreds of readers is slow to answer on a busy machine, not broken.
        timeout: 180_000,
        headers: {
          ...headers,
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
        },
      });
      call.on('upgrade', (_, socket, head) => {
        socket.setTimeout(0);
        // `as`: an HTTP request without TLS uses a TCP socket.
        resolve(new WebSocketClient(socket as Socket, head));
      });
      call.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('close', () => reject(new UpgradeRefused(response.statusCode ?? 0, text)));
      });
      call.on('timeout', () => call.destroy(new Error('the upgrade was not answered within 3 minutes')));
      call.on('error', reject);
      call.end();
    });
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  /** Sends a ping of the protocol, which the server's platform answers; a text of at most 125 bytes. */
  ping(text: string): void {
    this.#write(PING, Buffer.from(text));
  }

  /** Sends a close frame; {@link closed} resolves when the other side has sent one, too. */
  close(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.#write(CLOSE, payload);
  }

  /** Cuts the connection without a close frame. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Stops reading, so that sent data accumulates on the other side. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #take(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    for (;;) {
      const frame = firstFrame(this.#received);
      if (frame === undefined) return;
      this.#received = this.#received.subarray(frame.size);
      this.#handle(frame);
    }
  }

  #handle({ opcode, isFinal, payload }: Frame): void {
    if (opcode === PING) this.#write(PONG, payload);
    if (opcode === PONG) this.onPong(payload.toString());
    if (opcode === CLOSE) {
      this.#end = payload.length < 2 ? { code: 1005, reason: '' } : endOf(payload);
      this.#write(CLOSE, payload.subarray(0, 2));
      this.#socket.end();
      return;
    }
    if (opcode !== TEXT && opcode !== CONTINUATION) return;
    this.#fragments.push(payload);
    if (isFinal) this.onText(Buffer.concat(this.#fragments.splice(0)).toString());
  }

  #write(opcode: number, payload: Buffer): void {
    if (!this.#socket.writable) return;
    const mask = randomBytes(4);
    const masked = Buffer.alloc(payload.length);
    for (let at = 0; at < payload.length; at++) masked[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
    this.#socket.write(Buffer.concat([headOf(opcode, payload.length), mask, masked]));
  }
}

interface Frame {
  opcode: number;
  isFinal: boolean;
  payload: Buffer;
  /** Size of the whole frame, in bytes. */
  size: number;
}

/** Parses the first frame of some bytes; undefined if it is incomplete. A server's frames have no mask. */
function firstFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const short = bytes.readUInt8(1);
  const headSize = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < headSize) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const size = headSize + length;
  if (bytes.length < size) return undefined;
  return { opcode: first & 0x0f, isFinal: first >= 0x80, payload: bytes.subarray(headSize, size), size };
}

function headOf(opcode: number, length: number): Buffer {
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.from([first, 0x80 | length]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head.writeUInt8(first, 0);
  head.writeUInt8(0x80 | (length < 65_536 ? 126 : 127), 1);
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

function endOf(payload: Buffer): SocketEnd {
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
}
