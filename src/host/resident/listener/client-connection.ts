import type { WebSocket } from 'ws';
import type { Connection, ConnectionMemory } from '../../../core/platform/connection';
import { CLOSE_CODES, PING, PONG } from '../../../model/frames';
import { SOCKET_UNREAD_MAX_BYTES } from '../../../model/limits';

/** What comes over a client's socket. */
export interface ClientConnectionListener {
  /** A frame has come, as text; pings are answered already. */
  frame(text: string): void;
  /**
   * The client has closed it, or it broke: once, with its close code, and nothing comes after it. A close frame is
   * answered once what this returns has settled.
   */
  closed(code: number, reason: string): Promise<void>;
}

const PING_BYTES = Buffer.from(PING);

/** Stands for a close frame without a code. Source: RFC 6455, section 7.4.1. */
const NO_CODE = 1005;

/**
 * A client's WebSocket as the core sees it. It answers pings itself, so that a namespace need not wake for them, and is
 * cut off where it leaves too much unread: in bytes here, in time by the listener. It lends no `unreadBytes`: the core would have to be told
 * when that falls, and goes by what clients send back instead, as on Cloudflare.
 */
export class ClientConnection implements Connection {
  readonly memory: ConnectionMemory;
  readonly #socket: WebSocket;
  readonly #closeNow: WebSocket['close'];
  readonly #now: () => number;
  #heardAt = 0;

  /** @param now Milliseconds since the epoch. */
  constructor(socket: WebSocket, memory: ConnectionMemory, listener: ClientConnectionListener, now: () => number) {
    this.#socket = socket;
    this.memory = memory;
    this.#now = now;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary, listener));

    let told: Promise<void> | undefined;
    const tell = (code: number, reason: string): Promise<void> => {
      told ??= listener.closed(code, reason);
      return told;
    };
    socket.once('close', (code, reason) => void tell(code, reason.toString()));
    this.#closeNow = socket.close.bind(socket);
    // `ws` answers a close frame at once, by this method. A client may take the answer for the end of its session, so it
    // waits until that is on disk.
    socket.close = (code, reason) => {
      const answer = () => this.#closeNow(code, reason);
      if (socket.readyState !== socket.OPEN) answer();
      else void tell(code ?? NO_CODE, String(reason ?? '')).then(answer, answer);
    };
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
      this.#closeNow(code, reason);
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
