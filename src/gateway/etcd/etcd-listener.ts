import type { AddressInfo, Socket } from 'node:net';
import { LOG_REFUSALS_PER_SECOND_MAX_COUNT } from '../../model/limits';
import { LogGate } from '../../model/log';
import { GrpcHealth } from '../grpc/grpc-health';
import { GrpcReflection } from '../grpc/grpc-reflection';
import { GrpcServer } from '../grpc/grpc-server';
import { type PortTls, sharedPort } from '../grpc/shared-port';
import type { EtcdClients } from './etcd-clients';
import { etcdMethods } from './etcd-methods';
import { ETCD_FILES } from './etcd-reflection';

/** Options of {@link listenForEtcd}. */
export interface EtcdListenerOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Certificate of the port, and the authority of clients if they need one. Default: no TLS. */
  tls?: PortTls | undefined;
  clients: EtcdClients;
  /** Answers a connection of HTTP/1, on which clients use etcd's JSON gateway. */
  acceptHttp(socket: Socket): void;
  /** Answers a request over HTTP/2 that is not a call of gRPC: the JSON gateway as well. */
  answerHttp2(request: Request, address: string): Promise<Response>;
  maxConnections?: number | undefined;
  log(level: 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
}

/** A port for clients of etcd. */
export interface EtcdListener {
  readonly port: number;
  /**
   * Stops accepting connections, and ends streams so that clients come back to another server.
   *
   * @param graceMs Time for calls under way.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Listens for clients of etcd: by gRPC and JSON on one port, as etcd does.
 *
 * @throws {Error} if the system refuses to listen, such as with `EADDRINUSE`.
 */
export async function listenForEtcd(options: EtcdListenerOptions): Promise<EtcdListener> {
  const { host, port, tls, clients, acceptHttp, answerHttp2, maxConnections, log } = options;
  const onFault = (error: unknown, path: string): void => {
    const text = error instanceof Error ? error.stack : String(error);
    log('error', 'a call of a client of etcd failed', { path, error: text });
  };
  const methods = etcdMethods({ clients, isSecure: tls !== undefined, onFault });
  const health = new GrpcHealth(ETCD_FILES.flatMap(({ services }) => services));
  const grpc = new GrpcServer({
    methods: new Map([...methods, ...health.methods, ...new GrpcReflection(ETCD_FILES).methods]),
    log: (message, facts) => log('error', message, facts),
    plainRequests: { scheme: tls === undefined ? 'http' : 'https', answer: answerHttp2 },
  });
  const gate = new LogGate(LOG_REFUSALS_PER_SECOND_MAX_COUNT);
  const server = sharedPort({
    http2: (socket) => grpc.handleSocket(socket),
    http1: acceptHttp,
    dropped: () => {
      const leftOut = gate.admit(Date.now());
      if (leftOut === undefined) return;
      log('warn', 'a connection of a client of etcd was closed: there are too many', leftOut > 0 ? { leftOut } : {});
    },
    ...(tls && { tls }),
    ...(maxConnections !== undefined && { connectionsMaxCount: maxConnections }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  await promise;
  server.off('error', reject);
  server.on('error', (error: NodeJS.ErrnoException) => {
    log('error', 'a connection of a client of etcd could not be accepted', { code: error.code });
  });
  return {
    port: (server.address() as AddressInfo).port, // `as`: it listens on a port, and not on a path
    close: async (graceMs) => {
      health.setServing(false);
      server.close();
      await grpc.close(graceMs);
    },
  };
}
