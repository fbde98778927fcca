import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { FIRST_BYTES_MAX_MS, GRPC_CONNECTIONS_MAX_COUNT, TLS_HANDSHAKE_MAX_MS } from '../../model/limits';
import { PREFACE } from '../http2/frames';

/** Certificates of a port with TLS, in PEM. */
export interface PortTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Authority of clients' certificates. If given, a client without a valid certificate is disconnected. */
  readonly ca?: string | Buffer;
}

export interface SharedPortOptions {
  /** Takes connections that speak HTTP/2. The bytes that were read have been put back. */
  http2(socket: Socket): void;
  /** Takes all other connections, with the bytes put back, too. */
  http1(socket: Socket): void;
  readonly tls?: PortTls;
  readonly connectionsMaxCount?: number;
  /** Time for a connection to send its first bytes. */
  readonly firstBytesMs?: number;
  /** A connection was closed because there are too many. Deno 2.9.5 closes them without this. */
  dropped?(): void;
}

/**
 * Creates a server whose port speaks HTTP/1 and HTTP/2, with or without TLS. The first bytes of a connection tell them
 * apart; with TLS, ALPN has asked for the same, but not all clients use it.
 */
export function sharedPort(options: SharedPortOptions): Server {
  const { tls, connectionsMaxCount = GRPC_CONNECTIONS_MAX_COUNT } = options;
  const accept = (socket: Socket) => acceptSocket(socket, options);
  const server = tls
    ? createTlsServer(
        {
          cert: tls.cert,
          key: tls.key,
          ...(tls.ca !== undefined && { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
          ALPNProtocols: ['h2', 'http/1.1'],
          handshakeTimeout: TLS_HANDSHAKE_MAX_MS,
          noDelay: true,
        },
        accept,
      )
    : createServer({ noDelay: true }, accept);
  server.maxConnections = connectionsMaxCount;
  server.on('drop', () => options.dropped?.());
  // A failed handshake concerns its client alone.
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  return server;
}

/** Reads the first bytes of a connection and hands it on. */
function acceptSocket(socket: Socket, { http2, http1, firstBytesMs = FIRST_BYTES_MAX_MS }: SharedPortOptions): void {
  const ignoreError = () => {};
  socket.on('error', ignoreError);
  const timer = setTimeout(() => socket.destroy(), firstBytesMs);
  const stop = () => clearTimeout(timer);
  socket.on('close', stop);
  let seen: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const bytes: Buffer | null = socket.read();
    if (bytes !== null) seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const size = Math.min(DECIDING_BYTES, seen.length);
    const isHttp2 = PREFACE.compare(seen, 0, size, 0, size) === 0;
    if (isHttp2 && size < DECIDING_BYTES) {
      socket.once('readable', look);
      return;
    }
    clearTimeout(timer);
    socket.off('close', stop);
    // Both runtimes hand over a socket whose bytes were read in this way and put back. After `data` and `pause`, Node
    // leaves HTTP/1 waiting.
    socket.unshift(seen);
    if (isHttp2) http2(socket);
    else http1(socket);
  };
  socket.once('readable', look);
}

/** Bytes of the preface that no request of HTTP/1 begins with: `PRI * HTTP/2`. */
const DECIDING_BYTES = 12;
