import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyWait, ConnectionGuard } from './connection-guard';

/** The body of a request. It is read from the socket only when the app asks for it. */
export class RequestBody {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #guard: ConnectionGuard;
  #isAwaited: boolean;
  #isUsed = false;

  /** @param isAwaited True if the client waits for a `100 Continue` before it sends its body. */
  constructor(message: IncomingMessage, response: ServerResponse, guard: ConnectionGuard, isAwaited: boolean) {
    this.#message = message;
    this.#response = response;
    this.#guard = guard;
    this.#isAwaited = isAwaited;
  }

  /** True if the client announces a body, even with GET, where `Request` has none. */
  get isSent(): boolean {
    const { headers } = this.#message;
    const length = headers['content-length'];
    return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
  }

  /** True if there is a body that the app can read. */
  get exists(): boolean {
    const { method } = this.#message;
    return method !== 'GET' && method !== 'HEAD' && this.isSent;
  }

  /** True once the app has asked for the body. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** True while the client waits for a `100 Continue`. */
  get isHeldBack(): boolean {
    return this.#isAwaited;
  }

  /** Reads the whole body. Rejects if the client disconnects before its end or sends it too slowly. */
  read(): Promise<Uint8Array<ArrayBuffer>> {
    const message = this.#begin();
    // A message that is already closed emits no further `close`.
    if (message.destroyed) return Promise.reject(new Error('the body ended early'));
    // A small body arrives together with the head, and is complete by the time the app asks for it.
    const announced = Number(message.headers['content-length']);
    if (message.readableLength === announced) {
      const piece = message.read() as Buffer | null; // `as`: no encoding is set
      if (piece?.length === announced) return Promise.resolve(new Uint8Array(piece));
      if (piece !== null) message.unshift(piece);
    }
    return new Promise((resolve, reject) => new WholeBody(message, this.#guard, resolve, reject));
  }

  /** Returns the body as a stream that reads from the socket only on demand. */
  stream(): ReadableStream<Uint8Array> {
    const message = this.#begin();
    const pieces = message[Symbol.asyncIterator]();
    // Deno's iterator never settles if the client has disconnected.
    const { promise: brokenOff, reject: breakOff } = Promise.withResolvers<never>();
    brokenOff.catch(() => {});
    const leave = () => breakOff(new Error('the body ended early'));
    if (message.destroyed) leave();
    else message.once('close', () => message.readableEnded || leave());
    let waitedMs = 0;
    let bytes = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { promise: late, reject } = Promise.withResolvers<never>();
          const maxMs = this.#guard.deadlines.streamedBodyMs;
          const tooSlow = () => reject(new Error('the body arrived too slowly'));
          const wait = { since: 0, waitedMs, bytes, maxMs, tooSlow };
          this.#guard.awaitBody(wait);
          try {
            const { done, value } = await Promise.race([pieces.next(), late, brokenOff]);
            if (done) {
              controller.close();
              return;
            }
            bytes += value.length;
            controller.enqueue(new Uint8Array(value));
          } finally {
            waitedMs += this.#guard.endBody(wait);
          }
        },
      },
      { highWaterMark: 0 },
    );
  }

  #begin(): IncomingMessage {
    if (this.#isUsed) throw new TypeError('the body has been read already');
    this.#isUsed = true;
    if (this.#isAwaited) this.#response.writeContinue();
    this.#isAwaited = false;
    // `close` follows an error, and rejects the read.
    this.#message.on('error', ignore);
    return this.#message;
  }
}

/** Ignores an error: `close` follows it. */
const ignore = (): void => {};

/** Collects a whole body. It is its own {@link BodyWait}, which saves an object on each call with a body. */
class WholeBody implements BodyWait {
  since = 0;
  bytes = 0;
  readonly waitedMs = 0;
  readonly maxMs: number;
  readonly #message: IncomingMessage;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];

  constructor(
    message: IncomingMessage,
    guard: ConnectionGuard,
    resolve: (bytes: Uint8Array<ArrayBuffer>) => void,
    reject: (error: Error) => void,
  ) {
    this.maxMs = guard.deadlines.bodyMs;
    this.#message = message;
    this.#reject = reject;
    guard.awaitBody(this);
    message.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.#chunks.push(chunk);
    });
    message.on('end', () => {
      guard.endBody(this);
      resolve(joined(this.#chunks, this.bytes));
    });
    message.on('close', () => {
      if (message.readableEnded) return;
      guard.endBody(this);
      reject(new Error('the body ended early'));
    });
  }

  tooSlow(): void {
    this.#reject(new Error('the body arrived too slowly'));
    this.#message.pause();
  }
}

function joined(chunks: readonly Buffer[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
