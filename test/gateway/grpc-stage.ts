import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GrpcServer, type GrpcServerOptions } from '../../src/gateway/grpc/grpc-server';
import { type PortTls, sharedPort } from '../../src/gateway/grpc/shared-port';
import { TEST_METHODS } from './grpc-methods';

/** A server with `TEST_METHODS` on a port that speaks HTTP/1 too. */
export interface GrpcStage {
  readonly server: GrpcServer;
  readonly port: number;
  /** Lines of its log. */
  readonly logged: string[];
  stop(): Promise<void>;
}

/** Options of the server, and of its port. */
export interface StageOptions extends Partial<GrpcServerOptions> {
  tls?: PortTls;
  firstBytesMs?: number;
  connectionsMaxCount?: number;
  dropped?: () => void;
}

/** Starts such a server on a free port. */
export async function startGrpcStage(options: StageOptions = {}): Promise<GrpcStage> {
  const { tls, firstBytesMs, connectionsMaxCount, dropped, ...rest } = options;
  const logged: string[] = [];
  const server = new GrpcServer({ methods: TEST_METHODS, log: (message) => logged.push(message), ...rest });
  const http1 = createHttpServer((request, response) => response.end(`HTTP/1 ${request.url}`));
  const port = sharedPort({
    http1: (socket) => http1.emit('connection', socket),
    http2: (socket) => server.handleSocket(socket),
    ...(tls && { tls }),
    ...(firstBytesMs !== undefined && { firstBytesMs }),
    ...(connectionsMaxCount !== undefined && { connectionsMaxCount }),
    ...(dropped && { dropped }),
  });
  await new Promise<void>((resolve) => port.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    port.close();
    http1.closeAllConnections();
    await server.close(0);
  };
  return { server, port: (port.address() as AddressInfo).port, logged, stop }; // `as`: it listens on a port of TCP
}
