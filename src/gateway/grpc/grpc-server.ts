import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import {
  GRPC_CHECK_INTERVAL_MS,
  GRPC_HEADERS_MAX_BYTES,
  GRPC_RESETS_BURST_MAX_COUNT,
  GRPC_RESETS_PER_SECOND_MAX_COUNT,
  GRPC_STREAM_WINDOW_BYTES,
  GRPC_STREAMS_MAX_COUNT,
  GRPC_STREAMS_PER_CONNECTION_MAX_COUNT,
} from '../../model/limits';
import { GrpcConnection } from './grpc-connection';
import { GrpcCode, GrpcError } from './grpc-error';
import type { GrpcLog, GrpcMethods } from './grpc-method';
import { DEADLINE_PASSED, isGrpc, requestRefusal, unknownMethod } from './request-headers';
import { serveCall } from './serve-call';

/** Answers a request over HTTP/2 that is not a call of gRPC, by its content type. */
export type PlainRequest = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface GrpcServerOptions {
  readonly methods: GrpcMethods;
  readonly log: GrpcLog;
  /** Milliseconds of a clock that does not jump; `performance.now` if absent. */
  readonly now?: () => number;
  /** Absent: such requests are refused with 415 or 405. */
  readonly plainRequest?: PlainRequest;
}

/** Options of sessions that Node's types do not list yet. */
const RESETS = { streamResetBurst: GRPC_RESETS_BURST_MAX_COUNT, streamResetRate: GRPC_RESETS_PER_SECOND_MAX_COUNT };

/** Megabytes for headers and unread output of one connection, beyond which it gets no new streams. Node's is 10. */
const SESSION_MEGABYTES = 128;

const SESSION_OPTIONS = {
  ...RESETS,
  maxSessionMemory: SESSION_MEGABYTES,
  settings: {
    maxConcurrentStreams: GRPC_STREAMS_PER_CONNECTION_MAX_COUNT,
    maxHeaderListSize: GRPC_HEADERS_MAX_BYTES,
    initialWindowSize: GRPC_STREAM_WINDOW_BYTES,
    enablePush: false,
  },
};

/** A server of gRPC for connections that others accept. It knows methods by their paths, and messages as bytes. */
export class GrpcServer {
  readonly #methods: GrpcMethods;
  readonly #services: ReadonlySet<string>;
  readonly #log: GrpcLog;
  readonly #now: () => number;
  readonly #plainRequest: PlainRequest | undefined;
  readonly #connections = new Set<GrpcConnection>();
  readonly #timer: NodeJS.Timeout;
  #isClosing = false;
  /** Called when the last connection has ended. */
  #ended: (() => void) | undefined;

  constructor({ methods, log, now = () => performance.now(), plainRequest }: GrpcServerOptions) {
    this.#methods = methods;
    this.#services = new Set([...methods.keys()].map((path) => path.slice(1, path.lastIndexOf('/'))));
    this.#log = log;
    this.#now = now;
    this.#plainRequest = plainRequest;
    this.#timer = setInterval(() => this.check(), GRPC_CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Number of open connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Number of open streams of all connections. */
  get streamCount(): number {
    let count = 0;
    for (const { calls } of this.#connections) count += calls.size;
    return count;
  }

  /** Takes over a connection that speaks HTTP/2. Bytes that were read from it have to be put back before. */
  handleSocket(socket: Socket): void {
    // Errors of a socket end its session, which reports them too.
    socket.on('error', ignoreError);
    if (this.#isClosing || socket.destroyed) return void socket.destroy();
    this.#handleSession(performServerHandshake(socket, SESSION_OPTIONS), socket);
  }

  #handleSession(session: ServerHttp2Session, socket: Socket): void {
    const connection = new GrpcConnection(session, socket, this.#now(), this.#log, (stream, headers, from) =>
      this.#handleStream(stream, headers, from),
    );
    this.#connections.add(connection);
    session.on('error', ignoreError);
    session.on('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#ended?.();
    });
  }

  #handleStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: GrpcConnection): void {
    if (this.#plainRequest !== undefined && !isGrpc(headers)) {
      stream.on('error', ignoreError);
      return this.#plainRequest(stream, headers);
    }
    const call = connection.open(stream, headers);
    const method = this.#methods.get(call.path);
    const refusal = requestRefusal(headers) ?? (method === undefined ? unknownMethod(call.path, this.#services) : undefined);
    if (refusal !== undefined || method === undefined || this.#isFull(connection)) {
      return call.refuse(refusal ?? new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, 'too many open streams'));
    }
    const timeoutMs = call.timeoutMs;
    if (timeoutMs !== undefined && timeoutMs <= 0) return call.refuse(DEADLINE_PASSED);
    serveCall(call, method);
    if (timeoutMs !== undefined) call.endAfter(timeoutMs);
  }

  /** Returns whether all connections together have too many streams. Counts them only if one connection has many. */
  #isFull({ calls }: GrpcConnection): boolean {
    const share = GRPC_STREAMS_MAX_COUNT / Math.max(1, this.#connections.size);
    return calls.size > share && this.streamCount > GRPC_STREAMS_MAX_COUNT;
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
    if (this.#connections.size > 0) await withinMs(ended, graceMs);
    const error = new GrpcError(GrpcCode.UNAVAILABLE, 'the server is shutting down');
    for (const connection of this.#connections) connection.endCalls(error);
    if (this.#connections.size > 0) await withinMs(ended, LAST_STATUS_MS);
    for (const connection of this.#connections) connection.destroy();
    clearInterval(this.#timer);
  }
}

/** Time for clients to read the last status of their calls. */
const LAST_STATUS_MS = 500;

/** Waits for a promise, but no longer than a time. */
async function withinMs(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

function ignoreError(): void {}
