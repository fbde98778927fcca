import { RegistryError } from '../../model/errors';
import { CLOSE_CODES, type WatchScope } from '../../model/frames';
import {
  CREDIT_INITIAL_BYTES,
  EVENT_STREAM_FLUSH_MAX_MS,
  EVENT_STREAM_KEEPALIVE_MS,
  EVENT_STREAM_MAX_MS,
} from '../../model/limits';
import type { NamespaceSocket, NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { type FrameHead, headOf, readFrameHead, readNamespaceFrame, refusalIn, watchRequest } from './namespace-frames';
import { jittered } from './waits';

/** Bytes on their way to a client. A write ends when the client's side has taken it, and fails when the client is gone. */
export interface BytePipe {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** What an event stream is opened with. */
export interface EventStreamOptions {
  sockets: NamespaceSockets;
  purpose: SocketPurpose;
  scope: WatchScope;
  /** Go on from here; undefined: a snapshot first. */
  cursor: string | undefined;
  /** Aborted when the client is gone, as far as the platform tells. */
  gone: AbortSignal;
}

/** A piece of the stream, and what goes back to the namespace once it is read. */
interface Piece {
  /** Empty for a mark, which only the namespace cares about. */
  text: string;
  credit: number;
  mark?: string;
}

const encoder = new TextEncoder();

/** A comment: it keeps proxies from closing a quiet stream, and finds out whether the reader is still there. */
export const KEEPALIVE_TEXT = ':\n\n';

/**
 * A frame as an event: its type, the frame itself as data, and its cursor as id where it counts. A browser resumes from
 * the last id it saw, so a part that is not the last has none.
 *
 * @param text The frame as it came: JSON, and so a single line.
 */
export function eventText({ type, cursor }: FrameHead, text: string): string {
  return `event: ${type}\n${cursor === undefined ? '' : `id: ${cursor}\n`}data: ${text}\n\n`;
}

/**
 * One watch as Server-Sent Events. The stream is a request of its own, kept here and not in the namespace's object: a
 * socket connects the two, on which the object may sleep, while comments keep the client's side alive.
 *
 * Credit goes back to the namespace as the client reads. One that does not read runs out of it, is closed there in the
 * end, and comes back with the last id it has.
 */
export class EventStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #opened = Promise.withResolvers<void>();
  #socket: NamespaceSocket | undefined;
  #queue: Piece[] = [];
  #isWriting = false;
  /** Nothing more is taken in; what is queued is still written. */
  #isEnding = false;
  #toGrant = 0;
  /** What is left to do when the stream is over, each thing once: timers to stop, and whoever wants to know. */
  readonly #atEnd: (() => void)[];

  /** @param over Called when the stream is over, once. */
  constructor({ writable }: BytePipe, over: () => void) {
    this.#writer = writable.getWriter();
    // A client that leaves is found out by the next write; the promise of the writer itself is nobody's.
    this.#writer.closed.catch(() => {});
    this.#atEnd = [over];
  }

  /**
   * Opens the stream; resolves once the namespace has taken the watch. What is written from then on comes out of the
   * pipe.
   *
   * @throws {RegistryError} What the namespace refuses the watch with, `UNAVAILABLE` where its socket breaks before.
   */
  async open(options: EventStreamOptions): Promise<void> {
    try {
      await this.#start(options);
    } catch (error) {
      this.#stop();
      throw error;
    }
  }

  async #start({ sockets, purpose, scope, cursor, gone }: EventStreamOptions): Promise<void> {
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
    this.#socket.send(watchRequest('stream', scope, cursor));
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
      const { reconnectWithinMs } = frame.body as { reconnectWithinMs: number }; // `as`: what a watch is answered
      // How long a browser waits before it comes back, in milliseconds.
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

  /** The namespace's side is gone: the client comes back and goes on from its last id. */
  #lost(code: number): void {
    const message = 'the namespace closed the stream before it began; come back and go on from the last id';
    this.#opened.reject(new RegistryError('UNAVAILABLE', message, { retryAfterSeconds: 1 }));
    this.#socket = undefined;
    // Who is too slow would read the rest too slowly as well.
    if (code === CLOSE_CODES.slowConsumer) this.#stop();
    else this.#finish();
  }

  #write(text: string, credit: number): void {
    // A comment is to keep a quiet stream alive; while something is on its way there is no need.
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

  /** Gives credit back when the namespace asks by a mark, or in lumps: a quiet stream never wakes it for credit. */
  #grant({ credit, mark }: Piece): void {
    this.#toGrant += credit;
    if (mark === undefined && this.#toGrant < CREDIT_INITIAL_BYTES / 2) return;
    this.#socket?.send(JSON.stringify({ type: 'credit', bytes: this.#toGrant, mark }));
    this.#toGrant = 0;
  }

  /** Ends the stream once what is queued is written. */
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

  /** Ends the stream at once: there is nobody to read it. */
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
