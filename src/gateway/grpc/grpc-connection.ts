import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  GRPC_IDLE_CONNECTION_MAX_MS,
  GRPC_KEEPALIVE_INTERVAL_MS,
  GRPC_KEEPALIVE_TIMEOUT_MS,
} from '../../model/limits';
import { type CallConnection, CallStream } from './call-stream';
import type { GrpcError } from './grpc-error';
import type { GrpcLog, GrpcPeer } from './grpc-method';

/** Returns the other end of a connection. */
function peerOf(socket: Socket): GrpcPeer {
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  // Without a certificate Node returns an empty object, whatever its type says.
  const name: string | string[] | undefined = certificate?.subject?.CN;
  return {
    address: socket.remoteAddress ?? '',
    port: socket.remotePort ?? 0,
    certificateName: typeof name === 'string' ? name : name?.[0],
  };
}

/** One connection: its open calls, and whether its client still answers. */
export class GrpcConnection implements CallConnection {
  readonly peer: GrpcPeer;
  readonly log: GrpcLog;
  readonly calls = new Set<CallStream>();
  checkedAt: number;
  readonly #session: ServerHttp2Session;
  #usedAt: number;
  #pingedAt: number;
  /** True while a ping is not acknowledged. */
  #isPinged = false;

  /** @param serve Called for each new stream. */
  constructor(
    session: ServerHttp2Session,
    socket: Socket,
    now: number,
    log: GrpcLog,
    serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: GrpcConnection) => void,
  ) {
    this.#session = session;
    this.peer = peerOf(socket);
    this.log = log;
    this.checkedAt = now;
    this.#usedAt = now;
    this.#pingedAt = now;
    session.on('stream', (stream, headers) => serve(stream, headers, this));
  }

  /** Opens a call for a stream. */
  open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): CallStream {
    return new CallStream(stream, headers, this);
  }

  /** Applies deadlines: of calls, of pings, and of a connection without calls. */
  check(now: number): void {
    this.checkedAt = now;
    for (const call of this.calls) call.check(now);
    if (this.calls.size > 0) this.#usedAt = now;
    if (this.#session.destroyed) return;
    if (this.#isPinged) {
      if (now - this.#pingedAt >= GRPC_KEEPALIVE_TIMEOUT_MS) this.destroy();
    } else if (now - this.#usedAt >= GRPC_IDLE_CONNECTION_MAX_MS) {
      this.close();
    } else if (now - this.#pingedAt >= GRPC_KEEPALIVE_INTERVAL_MS) {
      this.#ping(now);
    }
  }

  /** Accepts no further calls. The connection ends with the last one. */
  close(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close();
  }

  /** Ends all calls with a status. */
  endCalls(error: GrpcError): void {
    for (const call of this.calls) call.end(error);
  }

  /** Ends the connection at once. */
  destroy(): void {
    if (!this.#session.destroyed) this.#session.destroy();
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    this.#isPinged = true;
    try {
      this.#session.ping(() => {
        this.#isPinged = false;
      });
    } catch {
      // The session is closing, which ends it without a ping.
      this.#isPinged = false;
    }
  }
}
