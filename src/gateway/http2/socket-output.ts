import type { Socket } from 'node:net';

/** Output of a turn that is joined into one write; larger ones are written in parts. */
const JOINED_MAX_BYTES = 256 * 1024;
/** Unread output beyond which a client gets no further frames, and is not read, until it reads. */
const UNREAD_MAX_BYTES = 1024 * 1024;

/** Joins the frames of one turn into one write to a socket, and waits for a client that does not read. */
export class SocketOutput {
  readonly #socket: Socket;
  readonly #drained: () => void;
  #frames: Buffer[] = [];
  #bytes = 0;
  #isScheduled = false;
  #isStopped = false;
  #isClogged = false;
  #isReadPaused = false;

  /** @param drained Called when `isClogged` becomes false. */
  constructor(socket: Socket, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
    socket.on('drain', () => {
      this.#isClogged = false;
      this.#drained();
      this.flush();
      if (this.#isReadPaused && !this.#isClogged) {
        this.#isReadPaused = false;
        socket.resume();
      }
    });
  }

  /** True while the socket waits for the client. Data waits with it; answers without data may still be pushed. */
  get isClogged(): boolean {
    return this.#isClogged;
  }

  push(frames: Buffer): void {
    if (this.#isStopped) return;
    this.#frames.push(frames);
    this.#bytes += frames.length;
    if (this.#bytes >= JOINED_MAX_BYTES) this.flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
  }

  /** Writes what was pushed. */
  flush(): void {
    const [first] = this.#frames;
    if (first === undefined || this.#isStopped) return;
    const bytes = this.#frames.length === 1 ? first : Buffer.concat(this.#frames, this.#bytes);
    this.#frames = [];
    this.#bytes = 0;
    if (!this.#socket.writable) return;
    if (!this.#socket.write(bytes)) this.#isClogged = true;
    if (this.#isClogged && !this.#isReadPaused && this.#socket.writableLength > UNREAD_MAX_BYTES) {
      // A client that does not read could otherwise have its pings and requests answered into our memory.
      this.#isReadPaused = true;
      this.#socket.pause();
    }
  }

  /** Drops what was not written. */
  stop(): void {
    this.#isStopped = true;
    this.#frames = [];
  }
}
