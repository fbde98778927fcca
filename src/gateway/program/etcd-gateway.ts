import { createServer } from 'node:http';
import { listenForEtcd } from '../etcd/etcd-listener';
import { FarClients } from '../etcd/far-clients';
import type { PortTls } from '../grpc/shared-port';
import { etcdDoor } from './etcd-door';
import { Forwarder } from './forwarder';

/** Time for calls under way when the gateway stops. Watches take longer, and are ended so that clients go elsewhere. */
const STOP_GRACE_MS = 1_000;

/** Time after which an idle connection is closed. Clients of etcd's JSON gateway open another. */
const IDLE_CONNECTION_MS = 120_000;

/** Parameters of {@link startEtcdGateway}. */
export interface EtcdGatewayOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  /** Token of the gateway, which holds its lease. */
  token: string;
  namespace: string;
  host: string;
  /** Port for gRPC and JSON; 0 for any free port. */
  etcdPort: number;
  /** Default: no TLS. */
  tls: PortTls | undefined;
  /** True: calls without a token are made with that of the gateway. */
  defaultToken: boolean;
  note(line: string): void;
}

/** A running gateway for clients of etcd. */
export interface EtcdGateway {
  readonly port: number;
  /** Number of leases of clients that it keeps. */
  readonly leases: number;
  /** Stops. Leases have their whole time to live from then on, to be kept by another gateway. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway for clients of etcd: by gRPC and JSON on one port.
 *
 * @throws {Error} if the port can't be opened.
 * @throws {RegistryError} if the registry does not grant the gateway a lease.
 */
export async function startEtcdGateway(options: EtcdGatewayOptions): Promise<EtcdGateway> {
  const { url, token, namespace, host, etcdPort, tls, defaultToken, note } = options;
  const clients = new FarClients({ url, token, namespace, defaultToken });
  const forwarder = new Forwarder({ url, door: etcdDoor(namespace), defaultToken: defaultToken ? token : undefined });
  // Connections come from the shared port.
  const http = createServer({ requestTimeout: 0, keepAliveTimeout: IDLE_CONNECTION_MS }, (message, response) =>
    forwarder.handle(message, response),
  );
  const stop = async (): Promise<void> => {
    await clients.close();
    forwarder.close();
    http.closeAllConnections();
  };
  try {
    await clients.start();
    const listener = await listenForEtcd({
      host,
      port: etcdPort,
      tls,
      clients,
      acceptHttp: (socket) => void http.emit('connection', socket),
      answerHttp2: (request, address) => forwarder.answer(request, address),
      log: (_level, message, facts) => note([message, ...Object.values(facts ?? {})].join(': ')),
    });
    return {
      port: listener.port,
      get leases() {
        return clients.leases;
      },
      stop: async () => {
        await listener.close(STOP_GRACE_MS);
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
