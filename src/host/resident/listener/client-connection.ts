import type { WebSocket } from 'ws';
import type { Connection, ConnectionMemory } from '../../../core/platform/connection';
import { CLOSE_CODES, PING, PONG } from '../../../model/frames';
import { SOCKET_UNREAD_MAX_BYTES } from '../../../model/limits';

/** What comes over a client's socket. */
export interface ClientConnectionListener {
  /** A frame has come, as text; pings are answered already. */
  frame(text: string): void;
  /** The socket is gone, with its close code: once, and nothing comes after it. */
  closed(code: number, reason: string): void;
}

const PING_BYTES = Buffer.from(PING);

/**
 * A client's WebSocket as the core sees it. It answers pings itself, so that a namespace need not wake for them, and is
 * cut off where it leaves too much unread: in bytes here, in time by the listener.
 */
export class ClientConnection implements Connection {
  readonly memory: ConnectionMemory;
  readonly #socket: WebSocket;
  readonly #now: () => number;
  #heardAt = 0;

  /** @param now Milliseconds since the epoch. */
  constructor(socket: WebSocket, memory: ConnectionMemory, listener: ClientConnectionListener, now: () => number) {
    this.#socket = socket;
    this.memory = memory;
    this.#now = now;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary, listener));
    socket.once('close', (code, reason) => listener.closed(code, reason.toString()));
  }

  /** When it last sent a ping, in milliseconds since the epoch; 0 if it never did. */
  get heardAt(): number {
    return this.#heardAt;
  }

  send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame, ignore);
    if (this.#socket.bufferedAmount > SOCKET_UNREAD_MAX_BYTES) this.#socket.terminate();
  }

  close(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // A code or reason that no close frame can hold: the socket ends all the same.
      this.#socket.terminate();
    }
  }

  /** Nothing: this process never sleeps with a socket open, so what it knows need not be kept. */
  remember(): void {}

  #take(data: unknown, isBinary: boolean, listener: ClientConnectionListener): void {
    // Data that came in the same piece as a close, or after ours, has nobody to hear it.
    if (!Buffer.isBuffer(data) || this.#socket.readyState !== this.#socket.OPEN) return;
    if (isBinary) this.close(CLOSE_CODES.protocolError, 'frames are text');
    else if (data.equals(PING_BYTES)) {
      this.#heardAt = this.#now();
      this.send(PONG);
    } else listener.frame(data.toString());
  }
}

/** What a failed send says is said by `close`, too. */
const ignore = (): void => {};
