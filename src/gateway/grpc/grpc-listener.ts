import type { AddressInfo, Socket } from 'node:net';
import type { DescFile } from '@bufbuild/protobuf';
import { deferred } from '../../model/deferred';
import { LOG_REFUSALS_PER_SECOND_MAX_COUNT } from '../../model/limits';
import { LogGate } from '../../model/log';
import { GrpcHealth } from './grpc-health';
import type { GrpcMethods } from './grpc-method';
import { GrpcReflection, reflectedFile } from './grpc-reflection';
import { GrpcServer } from './grpc-server';
import { type PortTls, sharedPort } from './shared-port';

/** Writes to the log of the process. */
export type ListenerLog = (level: 'warn' | 'error', message: string, facts?: Record<string, unknown>) => void;

/** Options of {@link listenForGrpc}. */
export interface GrpcListenerOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Certificate of the port, and the authority of clients if they need one. Default: no TLS. */
  tls?: PortTls | undefined;
  /** Whose clients come to the port, for messages of the log: `etcd`. */
  kind: string;
  methods: GrpcMethods;
  /** Definitions of the services. */
  files: readonly DescFile[];
  /** Answers a connection of HTTP/1. */
  acceptHttp(socket: Socket): void;
  /** Answers a request over HTTP/2 that is not a call of gRPC. */
  answerHttp2(request: Request, address: string): Promise<Response>;
  maxConnections?: number | undefined;
  log: ListenerLog;
}

/** A port for clients that speak gRPC. */
export interface GrpcListener {
  readonly port: number;
  /** Stops accepting connections; those that are open go on. */
  refuse(): void;
  /**
   * Stops accepting connections, and ends streams so that clients come back to another server.
   *
   * @param graceMs Time for calls under way.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Listens for calls of gRPC, with the services for health and reflection, and for HTTP on the same port.
 *
 * @throws {Error} if the system refuses to listen, such as with `EADDRINUSE`.
 */
export async function listenForGrpc(options: GrpcListenerOptions): Promise<GrpcListener> {
  const { host, port, tls, kind, acceptHttp, answerHttp2, maxConnections, log } = options;
  const files = options.files.map(reflectedFile);
  const health = new GrpcHealth(files.flatMap(({ services }) => services));
  const grpc = new GrpcServer({
    methods: new Map([...options.methods, ...health.methods, ...new GrpcReflection(files).methods]),
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
      log('warn', `a connection of a client of ${kind} was closed: there are too many`, leftOut > 0 ? { leftOut } : {});
    },
    ...(tls && { tls }),
    ...(maxConnections !== undefined && { connectionsMaxCount: maxConnections }),
  });
  const { promise, resolve, reject } = deferred<void>();
  server.once('error', reject);
  server.listen({ host, port }, () => resolve());
  await promise;
  server.off('error', reject);
  server.on('error', (error: NodeJS.ErrnoException) => {
    log('error', `a connection of a client of ${kind} could not be accepted`, { code: error.code });
  });
  const refuse = (): void => {
    health.setServing(false);
    server.close();
  };
  return {
    port: (server.address() as AddressInfo).port, // `as`: it listens on a port, and not on a path
    refuse,
    close: async (graceMs) => {
      refuse();
      await grpc.close(graceMs);
    },
  };
}
