import type { WebSocket } from 'ws';
import type { Connection, ConnectionMemory } from '../../../core/platform/connection';
import { CLOSE_CODES, PING, PONG } from '../../../model/frames';
import { SOCKET_UNREAD_MAX_BYTES } from '../../../model/limits';

/** Receives the events of a client's socket. */
export interface ClientConnectionListener {
  /** Called with each text frame except pings, which the connection answers itself. */
  frame(text: string): void;
  /**
   * Called once, as the last event, when the client has closed the socket or it broke. A close frame is answered once the
   * promise has settled.
   */
  closed(code: number, reason: string): Promise<void>;
}

const PING_BYTES = Buffer.from(PING);

/** Stands for a close frame without a code. Source: RFC 6455, section 7.4.1. */
const NO_CODE = 1005;

/**
 * Presents a client's WebSocket to the core. It answers pings without waking the namespace, and disconnects a client that
 * leaves too many bytes unread; the listener disconnects one that reads too slowly.
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

    let notified: Promise<void> | undefined;
    const notify = (code: number, reason: string): Promise<void> => {
      notified ??= listener.closed(code, reason);
      return notified;
    };
    socket.once('close', (code, reason) => void notify(code, reason.toString()));
    this.#closeNow = socket.close.bind(socket);
    // `ws` calls this method to answer a close frame. The answer waits until the end of the session is on disk, because a
    // client may rely on it.
    socket.close = (code, reason) => {
      const answer = () => this.#closeNow(code, reason);
      if (socket.readyState !== socket.OPEN) answer();
      else void notify(code ?? NO_CODE, String(reason ?? '')).then(answer, answer);
    };
  }

  /** Time of the client's last ping, in milliseconds since the epoch; 0 if there was none. */
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
      // A close frame can't hold this code or reason; end the socket without one.
      this.#socket.terminate();
    }
  }

  /** Does nothing: a namespace never sleeps while a socket is open, so its memory need not be stored. */
  remember(): void {}

  #take(data: unknown, isBinary: boolean, listener: ClientConnectionListener): void {
    // Ignore data that arrives together with the client's close, or after ours.
    if (!Buffer.isBuffer(data) || this.#socket.readyState !== this.#socket.OPEN) return;
    if (isBinary) this.close(CLOSE_CODES.protocolError, 'frames are text');
    else if (data.equals(PING_BYTES)) {
      this.#heardAt = this.#now();
      this.send(PONG);
    } else listener.frame(data.toString());
  }
}

/** Ignores a failed send: `close` follows it. */
const ignore = (): void => {};
