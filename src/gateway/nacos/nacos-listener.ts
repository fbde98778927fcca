import { file_google_protobuf_any } from '@bufbuild/protobuf/wkt';
import { file_nacos_grpc_service } from '../../codecs/nacos/messages/nacos_grpc_service_pb';
import { NACOS_RESET_MAX_MS } from '../../model/limits';
import { type GrpcListener, type GrpcListenerOptions, listenForGrpc } from '../grpc/grpc-listener';
import type { NacosClients } from './nacos-clients';
import { NacosServer } from './nacos-server';

/** Options of {@link listenForNacos}. What is not gRPC on the port is Nacos' HTTP API, as on the port below it. */
export interface NacosListenerOptions extends Omit<GrpcListenerOptions, 'kind' | 'methods' | 'files'> {
  clients: NacosClients;
}

/** A port for Nacos' clients that speak gRPC. */
export interface NacosListener extends Pick<GrpcListener, 'port' | 'close'> {
  /** Number of clients that are connected. */
  readonly connections: number;
}

/**
 * Listens for clients of Nacos 2 and 3.
 *
 * @throws {Error} if the system refuses to listen, such as with `EADDRINUSE`.
 */
export async function listenForNacos({ clients, ...options }: NacosListenerOptions): Promise<NacosListener> {
  const onFault = (error: unknown, type: string): void => {
    const text = error instanceof Error ? error.stack : String(error);
    options.log('error', 'a request of a client of Nacos failed', { type, error: text });
  };
  const server = new NacosServer({ clients, onFault });
  const files = [file_google_protobuf_any, file_nacos_grpc_service];
  const listener = await listenForGrpc({ ...options, kind: 'Nacos', methods: server.methods, files });
  return {
    port: listener.port,
    get connections() {
      return server.connectionCount;
    },
    close: async (graceMs) => {
      // First, so that clients that are asked to go do not come back here.
      listener.refuse();
      await server.close(Math.min(graceMs, NACOS_RESET_MAX_MS));
      await listener.close(0);
    },
  };
}
