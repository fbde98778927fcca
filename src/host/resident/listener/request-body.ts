import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyWait, ConnectionGuard } from './connection-guard';

/** Body of a request, read from the socket without a detour, and only once the app asks for it. */
export class RequestBody {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #guard: ConnectionGuard;
  #isAwaited: boolean;
  #isUsed = false;

  /** @param isAwaited The client sends its body once it is told to go on: `Expect: 100-continue`. */
  constructor(message: IncomingMessage, response: ServerResponse, guard: ConnectionGuard, isAwaited: boolean) {
    this.#message = message;
    this.#response = response;
    this.#guard = guard;
    this.#isAwaited = isAwaited;
  }

  /** True where the client announces a body; one of GET, which no `Request` has, is among them. */
  get isSent(): boolean {
    const { headers } = this.#message;
    const length = headers['content-length'];
    return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
  }

  /** True where the app can read a body. */
  get exists(): boolean {
    const { method } = this.#message;
    return method !== 'GET' && method !== 'HEAD' && this.isSent;
  }

  /** True once the body has been asked for. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** True where the client has not sent its body and waits to be told to. */
  get isHeldBack(): boolean {
    return this.#isAwaited;
  }

  /** Reads all of it. @throws {Error} Where its sender left before its end, or sends it too slowly. */
  read(): Promise<Uint8Array<ArrayBuffer>> {
    const message = this.#begin();
    // One that is closed already says so no more.
    if (message.destroyed) return Promise.reject(new Error('the body broke off'));
    // A small one has come with its head, in one piece, and waits as a whole, since the app asks for it a little later.
    if (message.readableLength === Number(message.headers['content-length'])) {
      const piece = message.read() as Buffer | null; // `as`: no encoding is set
      if (piece?.length === Number(message.headers['content-length'])) return Promise.resolve(new Uint8Array(piece));
      if (piece !== null) message.unshift(piece);
    }
    return new Promise((resolve, reject) => new WholeBody(message, this.#guard, resolve, reject));
  }

  /** Makes a stream of it, which takes in no more than is asked for. */
  stream(): ReadableStream<Uint8Array> {
    const message = this.#begin();
    const pieces = message[Symbol.asyncIterator]();
    // Deno's iterator waits on for ever where the sender has left.
    const { promise: brokenOff, reject: breakOff } = Promise.withResolvers<never>();
    brokenOff.catch(() => {});
    const leave = () => breakOff(new Error('the body broke off'));
    if (message.destroyed) leave();
    else message.once('close', () => message.readableEnded || leave());
    let waitedMs = 0;
    let bytes = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { promise: late, reject } = Promise.withResolvers<never>();
          const maxMs = this.#guard.deadlines.streamedBodyMs;
          const tooSlow = () => reject(new Error('the body came too slowly'));
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
    // An error is followed by `close`, which tells the reader.
    this.#message.on('error', ignore);
    return this.#message;
  }
}

/** What an error says is said by `close`, too. */
const ignore = (): void => {};

/** A body that is read as a whole. One object stands for its parts and its deadline: most calls with a body are small. */
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
      reject(new Error('the body broke off'));
    });
  }

  tooSlow(): void {
    this.#reject(new Error('the body came too slowly'));
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
