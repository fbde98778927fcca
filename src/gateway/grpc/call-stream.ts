import { GRPC_ANSWER_UNREAD_MAX_MS, GRPC_REQUEST_MAX_MS } from '../../model/limits';
import { Http2Code } from '../http2/frames';
import type { Headers } from '../http2/header-block';
import type { Http2Stream } from '../http2/http2-stream';
import { GrpcCode, GrpcError } from './grpc-error';
import type { GrpcCall, GrpcLog, GrpcPeer } from './grpc-method';
import { framedOne } from './message-frames';
import {
  ANSWER_HEADERS,
  DEADLINE_PASSED,
  OK_TRAILERS,
  parseTimeout,
  type Status,
  statusHeaders,
  statusTrailers,
} from './request-headers';

const OK: Status = { code: GrpcCode.OK, details: '' };

/** Longest delay that timers take. A later deadline needs none: the connection will not last. */
const TIMER_MAX = 2 ** 31 - 1;

/** The connection of a stream, as its calls see it. */
export interface CallConnection {
  readonly peer: GrpcPeer;
  readonly log: GrpcLog;
  /** Time of the last check, in milliseconds. Reading a clock for each call would cost more than it tells. */
  readonly checkedAt: number;
  /** Adds a call whose stream is open. */
  opened(call: OpenCall): void;
  /** Removes a call whose stream is closed. */
  closed(call: OpenCall): void;
}

/** A call or another request whose stream is open. */
export interface OpenCall {
  /** Applies deadlines. */
  check(now: number): void;
  /** Ends it with an error of the server. */
  end(status: Status): void;
}

/** The stream of one call: its deadline, its signal, and the status with which it ends. */
export class CallStream implements GrpcCall, OpenCall {
  readonly path: string;
  readonly metadata: Headers;
  readonly stream: Http2Stream;
  readonly #connection: CallConnection;
  readonly #openedAt: number;
  #endedAt: number | undefined;
  /** Time since which the rest of a message is expected. */
  #cutAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  /** True if the client may take its time to send messages. */
  isStreaming = false;

  constructor(stream: Http2Stream, headers: Headers, connection: CallConnection) {
    this.path = headers[':path'] ?? '';
    this.metadata = headers;
    this.stream = stream;
    this.#connection = connection;
    this.#openedAt = connection.checkedAt;
    connection.opened(this);
  }

  get authority(): string {
    return this.metadata[':authority'] ?? this.metadata.host ?? '';
  }

  get peer(): GrpcPeer {
    return this.#connection.peer;
  }

  get signal(): AbortSignal {
    // Most calls do without one, and it costs as much as the rest of their bookkeeping.
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** True once the answer has ended or the stream is gone. */
  get isOver(): boolean {
    return this.#endedAt !== undefined;
  }

  /** Milliseconds that the client gives the call; undefined if it sets no deadline. */
  get timeoutMs(): number | undefined {
    const timeout = this.metadata['grpc-timeout'];
    return timeout === undefined ? undefined : parseTimeout(timeout);
  }

  /** Starts the deadline of the call. */
  endAfter(ms: number): void {
    if (ms > TIMER_MAX || this.#endedAt !== undefined) return;
    this.#timer = setTimeout(() => this.end(DEADLINE_PASSED), Math.ceil(ms));
  }

  /**
   * Sets the bytes that the call holds of its request.
   *
   * @throws {GrpcError} If all clients make the server hold too much.
   */
  hold(bytes: number): void {
    if (this.stream.hold(bytes)) return;
    throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, 'too many bytes of incomplete requests and unread answers');
  }

  /** Sets whether the rest of a message is expected, for which the client has limited time. */
  expectRest(isExpected: boolean): void {
    this.#cutAt = isExpected ? (this.#cutAt ?? this.#connection.checkedAt) : undefined;
  }

  /** Answers with one message and OK. */
  answer(message: Uint8Array): void {
    if (this.#endedAt !== undefined) return;
    this.#finish();
    this.stream.answer(ANSWER_HEADERS, framedOne(message), OK_TRAILERS);
  }

  /** Writes frames of messages. `taken` is called once the window of HTTP/2 had room for them. */
  write(frames: Uint8Array, taken: () => void): void {
    if (this.#endedAt !== undefined) return;
    if (!this.stream.hasHeaders) this.stream.respond(ANSWER_HEADERS);
    this.stream.write(frames, taken);
  }

  /** Ends the answer with a status, OK unless an error is given, after the frames that were written. */
  end(error?: Status): void {
    if (this.#endedAt !== undefined) return;
    this.#finish();
    if (!this.stream.hasHeaders) this.stream.respond(statusHeaders(error ?? OK), true);
    else this.stream.end(error === undefined ? OK_TRAILERS : statusTrailers(error));
    if (error !== undefined || this.isStreaming) this.#abort();
  }

  /** Returns the status that an exception of a method stands for. Logs it unless it is one. */
  statusOf(error: unknown): GrpcError {
    if (error instanceof GrpcError) return error;
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#connection.log('A gRPC method failed', { path: this.path, error: cause });
    return new GrpcError(GrpcCode.UNKNOWN, 'internal error');
  }

  /** Ends the call with the status that an exception of a method stands for. */
  fail(error: unknown): void {
    if (this.#endedAt === undefined) this.end(this.statusOf(error));
  }

  /** Ends the stream at once, and drops what was not sent. */
  reset(code: Http2Code): void {
    this.#endedAt ??= this.#connection.checkedAt;
    this.stream.reset(code);
    this.#abort();
  }

  /** Ends the call if its client sends or reads nothing for too long. */
  check(now: number): void {
    if (this.#endedAt !== undefined) {
      if (now - this.#endedAt > GRPC_ANSWER_UNREAD_MAX_MS) this.reset(Http2Code.CANCEL);
      return;
    }
    const awaitedAt = this.isStreaming ? this.#cutAt : this.#openedAt;
    if (awaitedAt !== undefined && !this.stream.isRequestEnded && now - awaitedAt > GRPC_REQUEST_MAX_MS) {
      this.end(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, 'the request did not arrive in time'));
    }
  }

  #finish(): void {
    this.#endedAt = this.#connection.checkedAt;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  #abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  /** The stream is closed. */
  closed(): void {
    this.#connection.closed(this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#endedAt === undefined || this.isStreaming) {
      this.#endedAt ??= this.#connection.checkedAt;
      this.#abort();
    }
  }
}
