import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { GrpcServer } from '../grpc/grpc-server';
import type { EtcdClients } from './etcd-clients';
import { etcdMethods } from './etcd-methods';

/** Options of {@link listenForEtcd}. */
export interface EtcdListenerOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Certificate chain and key in PEM, and the authority of clients, if they need a certificate. Default: no TLS. */
  tls?: { cert: string; key: string; ca?: string | undefined } | undefined;
  clients: EtcdClients;
  /** Answers a connection of HTTP/1, on which clients use etcd's JSON gateway. */
  acceptHttp(socket: Socket): void;
  log(level: 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
}

/** A port for clients of etcd. */
export interface EtcdListener {
  readonly port: number;
  close(graceMs: number): Promise<void>;
}

/** First bytes of a connection that speaks HTTP/2. No method of HTTP/1 begins with them. */
const PREFACE = 'PRI';

/** Listens for clients of etcd: by gRPC and JSON on one port, as etcd does. */
export async function listenForEtcd(options: EtcdListenerOptions): Promise<EtcdListener> {
  const { host, port, tls, clients, acceptHttp, log } = options;
  const onFault = (error: unknown, path: string): void =>
    log('error', 'a call of a client of etcd failed', {
      path,
      error: String(error instanceof Error ? error.stack : error),
    });
  const grpc = new GrpcServer({
    methods: etcdMethods({ clients, isSecure: tls !== undefined, onFault }),
    log: (message, facts) => log('error', message, facts),
  });
  const accept = (socket: Socket): void => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(10_000, () => socket.destroy());
    socket.once('data', (bytes) => {
      socket.setTimeout(0);
      socket.pause();
      socket.unshift(bytes);
      if (bytes.toString('latin1', 0, PREFACE.length) === PREFACE) grpc.handleSocket(socket);
      else {
        acceptHttp(socket);
        socket.resume();
      }
    });
  };
  const server: Server =
    tls === undefined
      ? createServer({ noDelay: true }, accept)
      : createSecureServer(
          {
            cert: tls.cert,
            key: tls.key,
            ALPNProtocols: ['h2', 'http/1.1'],
            ...(tls.ca !== undefined && { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
          },
          accept,
        );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as { port: number }).port, // `as`: it listens on a port
    close: async (graceMs) => {
      server.close();
      await grpc.close(graceMs);
    },
  };
}
