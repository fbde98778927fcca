import type { ServerResponse } from 'node:http';

/** Takes the bytes of a pipe. */
interface Taker {
  /** Resolves once they are taken; rejects when nobody is there to take them. */
  take(chunk: Uint8Array): Promise<void>;
  end(): void;
  /** Ends with an error: the other end must not think that it has everything. */
  breakOff(): void;
}

/** Pipes by their readable ends, by which an answer names them. */
const pipes = new WeakMap<ReadableStream, Pipe>();

/** Returns what writes the body of an answer itself, where that is the readable end of a pipe. */
export function pipeOf(body: ReadableStream): Pipe | undefined {
  return pipes.get(body);
}

/** A pipe whose writer writes to the client's connection, once there is one to write to. */
export class Pipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #taker = Promise.withResolvers<Taker>();

  constructor() {
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => (await this.#taker.promise).take(chunk),
      close: async () => (await this.#taker.promise).end(),
      abort: () => {
        // Where nobody reads yet, whoever comes finds the end.
        void this.#taker.promise.then((taker) => taker.breakOff());
      },
    });
    this.readable = new ReadableStream<Uint8Array>(new StreamTaker((taker) => this.#taker.resolve(taker)), {
      highWaterMark: 0,
    });
    pipes.set(this.readable, this);
  }

  /** Has the bytes written to an answer whose headers have been sent. */
  writeTo(response: ServerResponse): void {
    this.#taker.resolve(new ResponseTaker(response));
  }

  /** Nobody will read: the next write fails. */
  cancel(): void {
    const gone = () => Promise.reject(new Error('nobody reads this answer'));
    this.#taker.resolve({ take: gone, end: () => {}, breakOff: () => {} });
  }
}

/** Opens a pipe: a write ends when the client's side has taken it, and fails when the client is gone. */
export function openPipe(): Pipe {
  return new Pipe();
}

/** Writes to a client, one piece at a time. */
class ResponseTaker implements Taker {
  readonly #response: ServerResponse;
  #fail: ((error: Error) => void) | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => this.#fail?.(new Error('the client is gone')));
  }

  take(chunk: Uint8Array): Promise<void> {
    if (this.#response.destroyed) return Promise.reject(new Error('the client is gone'));
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

/** Gives the bytes to whoever reads the readable end as a stream, such as a test. */
class StreamTaker implements Taker {
  readonly #begin: (taker: Taker) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #asked = Promise.withResolvers<void>();
  #hasLeft = false;

  /** @param begin Called when the first piece is asked for. */
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
    if (this.#hasLeft) throw new Error('the reader has left');
    this.#asked = Promise.withResolvers();
    this.#controller?.enqueue(chunk);
  }

  end(): void {
    this.#controller?.close();
  }

  breakOff(): void {
    this.#controller?.error(new Error('the stream broke off'));
  }
}
