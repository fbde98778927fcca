import type { ServerResponse } from 'node:http';

/** Receives the bytes of a pipe. */
interface Taker {
  /** Resolves once the reader has taken the bytes; rejects if the reader is gone. */
  take(chunk: Uint8Array): Promise<void>;
  end(): void;
  /** Ends with an error, so that the reader knows the data to be incomplete. */
  breakOff(): void;
}

/** Maps the readable end of a pipe, which is the body of a response, to the pipe. */
const pipes = new WeakMap<ReadableStream, Pipe>();

/** Returns the pipe whose readable end is this body; undefined if there is none. */
export function pipeOf(body: ReadableStream): Pipe | undefined {
  return pipes.get(body);
}

/** A pipe that writes directly to the client's connection once the response has one. */
export class Pipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #taker = Promise.withResolvers<Taker>();

  constructor() {
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => (await this.#taker.promise).take(chunk),
      close: async () => (await this.#taker.promise).end(),
      abort: () => {
        // If there is no reader yet, the first one gets the error.
        void this.#taker.promise.then((taker) => taker.breakOff());
      },
    });
    this.readable = new ReadableStream<Uint8Array>(new StreamTaker((taker) => this.#taker.resolve(taker)), {
      highWaterMark: 0,
    });
    pipes.set(this.readable, this);
  }

  /** Writes the bytes to a response whose headers have been sent. */
  writeTo(response: ServerResponse): void {
    this.#taker.resolve(new ResponseTaker(response));
  }

  /** Cancels the pipe if its response will not be read. The next write fails. */
  cancel(): void {
    const refuse = () => Promise.reject(new Error('the response is not read'));
    this.#taker.resolve({ take: refuse, end: () => {}, breakOff: () => {} });
  }
}

/** Opens a pipe. A write resolves once the client's connection has taken it, and rejects if the client is gone. */
export function openPipe(): Pipe {
  return new Pipe();
}

/** Writes to a client's connection, one chunk at a time. */
class ResponseTaker implements Taker {
  readonly #response: ServerResponse;
  #fail: ((error: Error) => void) | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => this.#fail?.(new Error('the client disconnected')));
  }

  take(chunk: Uint8Array): Promise<void> {
    if (this.#response.destroyed) return Promise.reject(new Error('the client disconnected'));
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#response.write(chunk, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  end(): void {
    this.#response.end();
  }

  breakOff(): void {
    this.#response.destroy();
  }
}

/** Passes the bytes to a reader of the readable end, such as a test. */
class StreamTaker implements Taker {
  readonly #begin: (taker: Taker) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #asked = Promise.withResolvers<void>();
  #hasLeft = false;

  /** @param begin Called when the reader asks for the first chunk. */
  constructor(begin: (taker: Taker) => void) {
    this.#begin = begin;
  }

  pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#begin(this);
    this.#asked.resolve();
  }

  cancel(): void {
    this.#hasLeft = true;
    this.#begin(this);
    this.#asked.resolve();
  }

  async take(chunk: Uint8Array): Promise<void> {
    if (!this.#hasLeft) await this.#asked.promise;
    if (this.#hasLeft) throw new Error('the reader stopped reading');
    this.#asked = Promise.withResolvers();
    this.#controller?.enqueue(chunk);
  }

  end(): void {
    this.#controller?.close();
  }

  breakOff(): void {
    this.#controller?.error(new Error('the stream ended early'));
  }
}
