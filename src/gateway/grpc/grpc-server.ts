import type { Socket } from 'node:net';
import { GRPC_CHECK_INTERVAL_MS, GRPC_HELD_MAX_BYTES, GRPC_STREAMS_MAX_COUNT } from '../../model/limits';
import { Http2Code } from '../http2/frames';
import type { Headers } from '../http2/header-block';
import { HeldBytes } from '../http2/held-bytes';
import type { Http2Stream } from '../http2/http2-stream';
import { CallStream } from './call-stream';
import { type ConnectionOwner, GrpcConnection } from './grpc-connection';
import { GrpcCode } from './grpc-error';
import type { GrpcLog, GrpcMethods } from './grpc-method';
import { answerPlain, type PlainRequests } from './plain-request';
import { DEADLINE_PASSED, isGrpc, requestRefusal, type Status, unknownMethod } from './request-headers';
import { dropRequest, serveCall } from './serve-call';
import { within } from './within';

export interface GrpcServerOptions {
  readonly methods: GrpcMethods;
  readonly log: GrpcLog;
  /** Milliseconds of a clock that does not jump; `performance.now` if absent. */
  readonly now?: () => number;
  /** Answers requests that are not calls, by their content type. Absent: they are refused with 415 or 405. */
  readonly plainRequests?: PlainRequests;
  /** Bytes that all connections may hold; a test sets fewer. */
  readonly heldMaxBytes?: number;
  /** Streams that all connections may have open; a test sets fewer. */
  readonly streamsMaxCount?: number;
}

const TOO_MANY: Status = { code: GrpcCode.RESOURCE_EXHAUSTED, details: 'too many open streams' };
const SHUTTING_DOWN: Status = { code: GrpcCode.UNAVAILABLE, details: 'the server is shutting down' };

/** A server of gRPC for connections that others accept. It knows methods by their paths, and messages as bytes. */
export class GrpcServer {
  readonly #methods: GrpcMethods;
  readonly #services: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #plainRequests: PlainRequests | undefined;
  readonly #streamsMaxCount: number;
  readonly #held: HeldBytes;
  readonly #connections = new Set<GrpcConnection>();
  readonly #timer: NodeJS.Timeout;
  readonly #owner: ConnectionOwner;
  #streamCount = 0;
  #isClosing = false;
  /** Called when the last connection has ended. */
  #ended: (() => void) | undefined;

  constructor({
    methods,
    log,
    now = () => performance.now(),
    plainRequests,
    heldMaxBytes = GRPC_HELD_MAX_BYTES,
    streamsMaxCount = GRPC_STREAMS_MAX_COUNT,
  }: GrpcServerOptions) {
    this.#methods = methods;
    this.#services = new Set([...methods.keys()].map((path) => path.slice(1, path.lastIndexOf('/'))));
    this.#now = now;
    this.#held = new HeldBytes(heldMaxBytes);
    this.#streamsMaxCount = streamsMaxCount;
    this.#owner = {
      log,
      held: this.#held,
      now,
      serve: (stream, headers, connection) => this.#serve(stream, headers, connection),
      count: (change) => {
        this.#streamCount += change;
      },
      forget: (connection) => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#ended?.();
      },
    };
    this.#plainRequests = plainRequests;
    this.#timer = setInterval(() => this.check(), GRPC_CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Number of open connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Number of open streams of all connections. */
  get streamCount(): number {
    return this.#streamCount;
  }

  /** Bytes of incomplete requests and unread answers of all connections. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** Takes over a connection that speaks HTTP/2. Bytes that were read from it have to be put back before. */
  handleSocket(socket: Socket): void {
    if (this.#isClosing || socket.destroyed) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#connections.add(new GrpcConnection(socket, this.#owner));
  }

  #serve(stream: Http2Stream, headers: Headers, connection: GrpcConnection): void {
    if (this.#plainRequests !== undefined && !isGrpc(headers)) {
      if (this.#isFull(connection)) stream.reset(Http2Code.REFUSED_STREAM);
      else answerPlain(stream, headers, connection, this.#plainRequests);
      return;
    }
    const call = new CallStream(stream, headers, connection);
    const method = this.#methods.get(call.path);
    const { timeoutMs } = call;
    let refusal = requestRefusal(headers) ?? (method ? undefined : unknownMethod(call.path, this.#services));
    if (this.#isFull(connection)) refusal ??= TOO_MANY;
    if (timeoutMs !== undefined && timeoutMs <= 0) refusal ??= DEADLINE_PASSED;
    if (refusal !== undefined || method === undefined) {
      stream.receiver = dropRequest(call);
      call.end(refusal);
      return;
    }
    stream.receiver = serveCall(call, method);
    if (timeoutMs !== undefined) call.endAfter(timeoutMs);
  }

  /** Returns whether all connections together have too many streams for a further one of this connection. */
  #isFull({ calls }: GrpcConnection): boolean {
    const max = this.#streamsMaxCount;
    if (this.#streamCount <= max) return false;
    return this.#streamCount > 2 * max || calls.size > max / this.#connections.size;
  }

  /** Applies the deadlines of connections and calls. A timer calls this. */
  check(): void {
    const now = this.#now();
    for (const connection of this.#connections) connection.check(now);
  }

  /**
   * Accepts no further connections and calls, and ends the calls that remain with UNAVAILABLE.
   *
   * @param graceMs Time for calls to end by themselves.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    for (const connection of this.#connections) connection.close();
    if (this.#connections.size > 0) await within(ended, graceMs);
    for (const connection of this.#connections) connection.endCalls(SHUTTING_DOWN);
    if (this.#connections.size > 0) await within(ended, LAST_STATUS_MS);
    for (const connection of this.#connections) connection.destroy();
    clearInterval(this.#timer);
  }
}

/** Time for clients to read the last status of their calls. */
const LAST_STATUS_MS = 500;
