import {
  GRPC_ANSWER_UNREAD_MAX_MS,
  GRPC_REQUEST_MAX_MS,
  UNREAD_BODY_MAX_BYTES,
  UNREAD_BODY_MAX_MS,
} from '../../model/limits';
import { Http2Code } from '../http2/frames';
import { headerBlock, type Headers as ReceivedHeaders } from '../http2/header-block';
import type { Http2Stream, StreamReceiver } from '../http2/http2-stream';
import { ReceivedBytes } from '../http2/received-bytes';
import type { CallConnection, OpenCall } from './call-stream';

/** Answers requests over HTTP/2 that are not calls of gRPC. */
export interface PlainRequests {
  /** Scheme of the URLs of requests, as TLS ends before. */
  readonly scheme: 'http' | 'https';
  /** @param address Address of the client. */
  answer(request: Request, address: string): Promise<Response>;
}

/** Matches a host name, an IPv4 or a bracketed IPv6 address, with an optional port. */
const AUTHORITY = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/;

/** Headers of HTTP/1 connections, which no answer over HTTP/2 may have (RFC 9113, section 8.2.2). */
const FORBIDDEN = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Answers a request that is not a call of gRPC. */
export function answerPlain(
  stream: Http2Stream,
  headers: ReceivedHeaders,
  connection: CallConnection,
  requests: PlainRequests,
): void {
  const exchange = new PlainExchange(stream, connection, requests);
  stream.receiver = exchange;
  void exchange.run(headers);
}

/** A request and its answer: a `Request` with a body that is read as it arrives, and a `Response` as the client reads. */
class PlainExchange implements StreamReceiver, OpenCall {
  readonly #stream: Http2Stream;
  readonly #connection: CallConnection;
  readonly #requests: PlainRequests;
  readonly #left = new AbortController();
  readonly #received = new ReceivedBytes();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Bytes of the request so far, which the answering side may collect. */
  #bytes = 0;
  /** True while a reader of the body waits. */
  #isWanted = false;
  #isEnded = false;
  #isAnswered = false;
  /** True once the answer has ended. What still comes of the request is dropped. */
  #isDone = false;
  /** Time since which the client is to send or to read. */
  #since: number;

  constructor(stream: Http2Stream, connection: CallConnection, requests: PlainRequests) {
    this.#stream = stream;
    this.#connection = connection;
    this.#requests = requests;
    this.#since = connection.checkedAt;
    stream.maySendRest = true;
    connection.opened(this);
  }

  /** Has the request answered, and writes the answer. */
  async run(headers: ReceivedHeaders): Promise<void> {
    const request = this.#requestOf(headers);
    if (request === undefined) {
      this.#refuse(400, 'the request has no valid method, host or path\n');
      return;
    }
    try {
      await this.#write(await this.#requests.answer(request, this.#connection.peer.address), request.method);
    } catch (error) {
      if (this.#stream.isClosed) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#connection.log('A request over HTTP/2 was not answered', { error: text });
      this.#stream.reset(Http2Code.INTERNAL_ERROR);
    }
  }

  data(bytes: Buffer): void {
    if (this.#isDone) {
      this.#bytes += bytes.length;
      if (this.#bytes > UNREAD_BODY_MAX_BYTES) this.#stream.reset(Http2Code.NO_ERROR);
      return;
    }
    this.#since = this.#connection.checkedAt;
    if (this.#body === undefined) return;
    this.#bytes += bytes.length;
    this.#received.push(bytes);
    if (this.#isWanted) this.#pass();
    this.#received.keep();
    // Until there is an answer, the bytes that were passed on are likely to be collected.
    const held = this.#isAnswered ? this.#received.heldBytes : this.#bytes;
    if (!this.#stream.hold(held)) this.#refuse(413, 'the request is too large\n');
    else if (this.#received.size > 0) this.#stream.pause();
  }

  ended(): void {
    this.#isEnded = true;
    if (this.#received.size === 0) this.#closeBody();
  }

  closed(): void {
    this.#connection.closed(this);
    const reason = new Error('the client disconnected');
    // A reader of what has arrived, and has not been passed on, would wait for ever.
    if (!this.#isEnded || this.#received.size > 0) this.#body?.error(reason);
    this.#body = undefined;
    this.#left.abort(reason);
  }

  check(now: number): void {
    const waited = now - this.#since;
    if (this.#stream.waitingBytes > 0) {
      if (waited > GRPC_ANSWER_UNREAD_MAX_MS) this.#stream.reset(Http2Code.CANCEL);
    } else if (this.#isDone) {
      if (waited > UNREAD_BODY_MAX_MS) this.#stream.reset(Http2Code.NO_ERROR);
    } else if (waited > GRPC_REQUEST_MAX_MS && !this.#isAnswered && !this.#isEnded && this.#received.size === 0) {
      this.#refuse(408, 'the request arrived too slowly\n');
    }
  }

  /** The server stops. An answer that is not complete cannot be ended as one that is. */
  end(): void {
    if (this.#isAnswered) this.#stream.reset(Http2Code.CANCEL);
    else this.#refuse(503, 'the server is shutting down\n');
  }

  #requestOf(received: ReceivedHeaders): Request | undefined {
    const { ':method': method = '', ':path': path = '', ':authority': authority = received.host ?? '' } = received;
    const url = `${this.#requests.scheme}://${authority}${path}`;
    if (!AUTHORITY.test(authority) || !path.startsWith('/') || !URL.canParse(url)) return undefined;
    try {
      const headers = new Headers({ host: authority });
      for (const name in received) if (!name.startsWith(':')) headers.set(name, received[name] ?? '');
      const { signal } = this.#left;
      if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers, signal });
      return new Request(url, { method, headers, signal, body: this.#bodyStream(), duplex: 'half' });
    } catch {
      // A method that is for proxies alone.
      return undefined;
    }
  }

  #bodyStream(): ReadableStream<Uint8Array> {
    const source = {
      start: (controller: ReadableStreamDefaultController<Uint8Array>) => {
        this.#body = controller;
      },
      pull: () => {
        if (this.#received.size > 0) this.#pass();
        else this.#isWanted = true;
        this.#stream.resume();
      },
      // The rest is not read, and dropped as it comes.
      cancel: () => {
        this.#body = undefined;
        this.#received.take(this.#received.size);
        this.#stream.resume();
      },
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  /** Passes on what has arrived, to a reader that waits. */
  #pass(): void {
    this.#isWanted = false;
    this.#body?.enqueue(new Uint8Array(this.#received.take(this.#received.size)));
    if (this.#isEnded) this.#closeBody();
  }

  #closeBody(): void {
    this.#body?.close();
    this.#body = undefined;
  }

  async #write(response: Response, method: string): Promise<void> {
    const { body, status } = response;
    if (this.#stream.isClosed || this.#stream.hasHeaders) {
      await body?.cancel();
      return;
    }
    const fields: [string, string][] = [[':status', String(status)]];
    for (const [name, value] of response.headers) if (!FORBIDDEN.has(name)) fields.push([name, value]);
    this.#isAnswered = true;
    const isEmpty = body === null || method === 'HEAD';
    this.#stream.respond(headerBlock(fields), isEmpty);
    if (isEmpty) {
      this.#finish();
      await body?.cancel();
    } else await this.#copy(body.getReader());
  }

  async #copy(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const { signal } = this.#left;
    // Cancels the source at once when the client leaves: its next chunk may be far away.
    const leave = () => void reader.cancel(signal.reason).catch(() => {});
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
    for (;;) {
      const { done, value } = await reader.read();
      if (this.#stream.isClosed) return;
      if (done) break;
      await new Promise<void>((taken) => {
        this.#since = this.#connection.checkedAt;
        this.#stream.write(value, taken);
      });
    }
    this.#stream.end();
    this.#finish();
  }

  /** Drops the rest of the request. Some clients read no answer before they have sent all of it, or a part. */
  #finish(): void {
    if (this.#stream.isClosed) return;
    this.#isDone = true;
    this.#since = this.#connection.checkedAt;
    this.#bytes = 0;
    this.#body?.error(new Error('the request has been answered'));
    this.#body = undefined;
    this.#received.take(this.#received.size);
    this.#stream.hold(0);
    this.#stream.resume();
  }

  #refuse(status: number, text: string): void {
    if (this.#stream.hasHeaders) {
      this.#stream.reset(Http2Code.ENHANCE_YOUR_CALM);
      return;
    }
    this.#isAnswered = true;
    this.#stream.respond(
      headerBlock([
        [':status', String(status)],
        ['content-type', 'text/plain'],
      ]),
    );
    this.#stream.write(Buffer.from(text));
    this.#stream.end();
    this.#finish();
  }
}
