import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  GRPC_CONNECTION_WINDOW_BYTES,
  GRPC_HEADERS_MAX_BYTES,
  GRPC_HELD_PER_CONNECTION_MAX_BYTES,
  GRPC_IDLE_CONNECTION_MAX_MS,
  GRPC_IDLE_FRAMES_BURST_MAX_COUNT,
  GRPC_IDLE_FRAMES_PER_SECOND_MAX_COUNT,
  GRPC_KEEPALIVE_INTERVAL_MS,
  GRPC_KEEPALIVE_TIMEOUT_MS,
  GRPC_RESETS_BURST_MAX_COUNT,
  GRPC_RESETS_PER_SECOND_MAX_COUNT,
  GRPC_STREAM_WINDOW_BYTES,
  GRPC_STREAMS_PER_CONNECTION_MAX_COUNT,
} from '../../model/limits';
import type { Headers } from '../http2/header-block';
import { HeldBytes } from '../http2/held-bytes';
import { Http2Connection, type Http2Limits } from '../http2/http2-connection';
import type { Http2Stream } from '../http2/http2-stream';
import type { CallConnection, OpenCall } from './call-stream';
import type { GrpcLog, GrpcPeer } from './grpc-method';
import type { Status } from './request-headers';

const LIMITS: Http2Limits = {
  streamsMaxCount: GRPC_STREAMS_PER_CONNECTION_MAX_COUNT,
  headersMaxBytes: GRPC_HEADERS_MAX_BYTES,
  streamWindowBytes: GRPC_STREAM_WINDOW_BYTES,
  connectionWindowBytes: GRPC_CONNECTION_WINDOW_BYTES,
  resetsBurstMaxCount: GRPC_RESETS_BURST_MAX_COUNT,
  resetsPerSecondMaxCount: GRPC_RESETS_PER_SECOND_MAX_COUNT,
  idleFramesBurstMaxCount: GRPC_IDLE_FRAMES_BURST_MAX_COUNT,
  idleFramesPerSecondMaxCount: GRPC_IDLE_FRAMES_PER_SECOND_MAX_COUNT,
};

/** Returns the other end of a connection. */
function peerOf(socket: Socket): GrpcPeer {
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  // Without a certificate Node returns an empty object, whatever its type says.
  const name: string | string[] | undefined = certificate?.subject?.CN;
  return {
    // An IPv4 address may be mapped to IPv6.
    address: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    port: socket.remotePort ?? 0,
    certificateName: typeof name === 'string' ? name : name?.[0],
  };
}

/** The server of a connection, as the connection sees it. */
export interface ConnectionOwner {
  readonly log: GrpcLog;
  /** Bytes that all connections hold. */
  readonly held: HeldBytes;
  now(): number;
  /** The number of open streams has changed. */
  count(change: number): void;
  serve(stream: Http2Stream, headers: Headers, connection: GrpcConnection): void;
  /** The connection has ended. */
  forget(connection: GrpcConnection): void;
}

/** One connection: its open calls, and whether its client still answers. */
export class GrpcConnection implements CallConnection {
  readonly peer: GrpcPeer;
  readonly log: GrpcLog;
  readonly calls = new Set<OpenCall>();
  checkedAt: number;
  readonly #owner: ConnectionOwner;
  readonly #http2: Http2Connection;
  #usedAt: number;
  #pingedAt: number;
  /** True while nothing has come since a ping. */
  #isPinged = false;

  /** @param socket One that speaks HTTP/2. Bytes that were read from it have to be put back before. */
  constructor(socket: Socket, owner: ConnectionOwner) {
    const now = owner.now();
    this.#owner = owner;
    this.peer = peerOf(socket);
    this.log = owner.log;
    this.checkedAt = now;
    this.#usedAt = now;
    this.#pingedAt = now;
    const held = new HeldBytes(GRPC_HELD_PER_CONNECTION_MAX_BYTES, owner.held);
    const receiver = {
      open: (stream: Http2Stream, headers: Headers) => owner.serve(stream, headers, this),
      failed: (error: unknown) => {
        const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.log('A connection of gRPC failed', { error: cause });
      },
      closed: () => owner.forget(this),
    };
    this.#http2 = new Http2Connection(socket, LIMITS, receiver, held, () => owner.now());
  }

  opened(call: OpenCall): void {
    this.calls.add(call);
    // Most calls end before the next check.
    this.#usedAt = this.checkedAt;
    this.#owner.count(1);
  }

  closed(call: OpenCall): void {
    if (this.calls.delete(call)) this.#owner.count(-1);
  }

  /** Applies deadlines: of calls, of pings, and of a connection without calls. */
  check(now: number): void {
    this.checkedAt = now;
    for (const call of this.calls) call.check(now);
    if (this.calls.size > 0) this.#usedAt = now;
    if (this.#isPinged) {
      if (now - this.#pingedAt >= GRPC_KEEPALIVE_TIMEOUT_MS) this.destroy();
    } else if (now - this.#usedAt >= GRPC_IDLE_CONNECTION_MAX_MS && !this.#http2.isClosing) {
      this.close();
    } else if (now - this.#pingedAt >= GRPC_KEEPALIVE_INTERVAL_MS) {
      this.#pingedAt = now;
      this.#isPinged = true;
      this.#http2.ping(() => {
        this.#isPinged = false;
      });
    }
  }

  /** Accepts no further calls. The connection ends with the last one. */
  close(): void {
    this.#http2.close();
  }

  /** Ends all calls with a status. */
  endCalls(status: Status): void {
    for (const call of this.calls) call.end(status);
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#http2.destroy();
  }
}
