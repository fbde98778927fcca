import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import {
  CREDIT_INITIAL_BYTES,
  EVENT_STREAM_FLUSH_MAX_MS,
  EVENT_STREAM_KEEPALIVE_MS,
  EVENT_STREAM_MAX_MS,
} from '../../model/limits';
import type { NamespaceSocket, NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import {
  type FrameHead,
  headOf,
  readFrameHead,
  readNamespaceFrame,
  refusalIn,
  type WatchRequest,
  watchRequest,
} from './namespace-frames';
import { jittered } from './waits';

/** Pipe of bytes to a client. A write completes when the client's side has accepted it, and fails if the client is gone. */
export interface BytePipe {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** Options of {@link EventStream.open}. */
export interface EventStreamOptions {
  sockets: NamespaceSockets;
  purpose: SocketPurpose;
  watch: WatchRequest;
  /** Aborted when the client is gone, if the platform reports it. */
  gone: AbortSignal;
}

/** A piece of the stream, and the credit to return to the namespace once it is read. */
interface Piece {
  /** Empty for a mark, which the client does not get. */
  text: string;
  credit: number;
  mark?: string;
}

const encoder = new TextEncoder();

/** A comment: it keeps proxies from closing an idle stream, and detects that the reader is gone. */
export const KEEPALIVE_TEXT = ':\n\n';

/**
 * Formats a frame as an event: its type, the frame itself as data, and its cursor as id. A browser resumes from the last
 * id it saw, so only the last part of a frame in several parts has an id.
 *
 * @param text The original frame: JSON on a single line.
 */
export function eventText({ type, cursor }: FrameHead, text: string): string {
  return `event: ${type}\n${cursor === undefined ? '' : `id: ${cursor}\n`}data: ${text}\n\n`;
}

/**
 * A watch as Server-Sent Events. The stream is held here and not in the namespace's object: a socket connects the two,
 * on which the object can hibernate, while comments keep the client's connection alive.
 *
 * Credit is returned to the namespace as the client reads. A client that does not read runs out of credit; the namespace
 * eventually closes its watch, and the client reconnects with the last id it has.
 */
export class EventStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #opened = Promise.withResolvers<void>();
  #socket: NamespaceSocket | undefined;
  #queue: Piece[] = [];
  #isWriting = false;
  /** True if the stream accepts nothing more; queued pieces are still written. */
  #isEnding = false;
  #toGrant = 0;
  /** Cleanup at the end of the stream, each run once: timers to stop, and the callback. */
  readonly #atEnd: (() => void)[];

  /** @param over Called when the stream is over, once. */
  constructor({ writable }: BytePipe, over: () => void) {
    this.#writer = writable.getWriter();
    // The next write detects that the client is gone; nothing waits for this promise.
    this.#writer.closed.catch(() => {});
    this.#atEnd = [over];
  }

  /**
   * Opens the stream; resolves once the namespace has accepted the watch. From then on, events come out of the pipe.
   *
   * @throws {RegistryError} The error that the namespace refused the watch with; `UNAVAILABLE` if its socket breaks
   * before.
   */
  async open(options: EventStreamOptions): Promise<void> {
    try {
      await this.#start(options);
    } catch (error) {
      this.#stop();
      throw error;
    }
  }

  async #start({ sockets, purpose, watch, gone }: EventStreamOptions): Promise<void> {
    this.#socket = await sockets.open(
      { ...purpose, proof: 'marks' },
      {
        frame: (text) => this.#take(text),
        closed: (code) => this.#lost(code),
      },
    );
    gone.addEventListener('abort', () => this.#stop());
    const keepalive = setInterval(() => this.#write(KEEPALIVE_TEXT, 0), EVENT_STREAM_KEEPALIVE_MS);
    const end = setTimeout(() => this.#finish(), jittered(EVENT_STREAM_MAX_MS));
    this.#atEnd.push(
      () => clearInterval(keepalive),
      () => clearTimeout(end),
    );
    this.#socket.send(watchRequest('stream', watch));
    if (gone.aborted) this.#stop();
    await this.#opened.promise;
  }

  #take(text: string): void {
    if (this.#isEnding) return;
    const head = readFrameHead(text);
    if (head !== undefined) {
      this.#write(eventText(head, text), text.length);
      return;
    }
    const frame = readNamespaceFrame(text);
    if (frame.type === 'answer') {
      const { reconnectWithinMs } = frame.body as { reconnectWithinMs: number }; // `as`: the answer to a watch
      // Time that a browser waits before it reconnects, in milliseconds.
      this.#write(`retry: ${Math.ceil(Math.random() * reconnectWithinMs)}\n\n`, 0);
      this.#opened.resolve();
    } else if (frame.type === 'error') {
      this.#opened.reject(refusalIn(frame));
    } else if (frame.type === 'mark') {
      this.#enqueue({ text: '', credit: text.length, mark: frame.mark });
    } else {
      this.#write(eventText(headOf(frame), text), text.length);
    }
  }

  /** Ends the stream because the namespace's side is gone: the client reconnects and resumes from its last id. */
  #lost(code: number): void {
    const message = 'the namespace closed the stream before it started; reconnect and resume from the last id';
    this.#opened.reject(new RegistryError('UNAVAILABLE', message, { retryAfterSeconds: 1 }));
    this.#socket = undefined;
    // A slow consumer would be too slow for the rest as well.
    if (code === CLOSE_CODES.slowConsumer) this.#stop();
    else this.#finish();
  }

  #write(text: string, credit: number): void {
    // Comments keep an idle stream alive; none is needed during a write.
    if (this.#isEnding || (text === KEEPALIVE_TEXT && this.#isWriting)) return;
    this.#enqueue({ text, credit });
  }

  #enqueue(piece: Piece): void {
    this.#queue.push(piece);
    if (!this.#isWriting) void this.#writeQueued();
  }

  async #writeQueued(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
        if (piece.text !== '') await this.#writer.write(encoder.encode(piece.text));
        this.#grant(piece);
      }
      if (this.#isEnding) {
        await this.#writer.close();
        this.#leave();
      }
    } catch {
      // The client is gone.
      this.#stop();
    }
    this.#isWriting = false;
  }

  /** Returns credit when the namespace sends a mark, or in large amounts: a quiet stream never wakes it for credit. */
  #grant({ credit, mark }: Piece): void {
    this.#toGrant += credit;
    if (mark === undefined && this.#toGrant < CREDIT_INITIAL_BYTES / 2) return;
    this.#socket?.send(JSON.stringify({ type: 'credit', bytes: this.#toGrant, mark }));
    this.#toGrant = 0;
  }

  /** Ends the stream once all queued pieces are written. */
  #finish(): void {
    if (this.#isEnding) return;
    this.#leave();
    if (!this.#isWriting) {
      void this.#writeQueued();
      return;
    }
    const flush = setTimeout(() => this.#stop(), EVENT_STREAM_FLUSH_MAX_MS);
    this.#atEnd.push(() => clearTimeout(flush));
  }

  /** Ends the stream at once, as the client is gone or too slow. */
  #stop(): void {
    this.#opened.resolve();
    this.#leave();
    this.#queue = [];
    this.#writer.abort().catch(() => {});
  }

  #leave(): void {
    this.#isEnding = true;
    for (const act of this.#atEnd.splice(0)) act();
    this.#socket?.close(1000, 'the stream is over');
    this.#socket = undefined;
  }
}
