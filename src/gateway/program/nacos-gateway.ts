import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { PortTls } from '../grpc/shared-port';
import { FarNacosClients } from '../nacos/far-clients';
import { listenForNacos } from '../nacos/nacos-listener';
import { Forwarder } from './forwarder';
import { listen } from './listen';
import { nacosDoor } from './nacos-door';

/** Time for calls under way, and for clients to go elsewhere, when the gateway stops. */
const STOP_GRACE_MS = 1_000;

/** Time after which an idle connection of HTTP is closed. */
const IDLE_CONNECTION_MS = 120_000;

/** Parameters of {@link startNacosGateway}. */
export interface NacosGatewayOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  /** Token of the gateway, for requests without one if they may have it. */
  token: string;
  /** Namespace of all requests; undefined: that which each of them names. */
  namespace: string | undefined;
  host: string;
  /** Port for HTTP; 0 for any free port. */
  nacosPort: number;
  /** Port for gRPC: the one 1,000 above, which clients find by themselves. */
  grpcPort: number;
  /** Default: no TLS. */
  tls: PortTls | undefined;
  /** True: requests without a token are made with that of the gateway. */
  defaultToken: boolean;
  note(line: string): void;
}

/** A running gateway for clients of Nacos. */
export interface NacosGateway {
  readonly port: number;
  readonly grpcPort: number;
  /** Number of clients that are connected over gRPC. */
  readonly connections: number;
  /** Asks clients to go elsewhere, and stops. Their instances have their time to live from then on, to be taken with them. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway for clients of Nacos: its HTTP API, and its protocol over gRPC.
 *
 * @throws {Error} if a port can't be opened.
 */
export async function startNacosGateway(options: NacosGatewayOptions): Promise<NacosGateway> {
  const { url, token, namespace, host, tls, note } = options;
  const defaultToken = options.defaultToken ? token : undefined;
  const forwarder = new Forwarder({ url, door: nacosDoor(namespace), defaultToken });
  const settings = { requestTimeout: 0, keepAliveTimeout: IDLE_CONNECTION_MS };
  const http: Server = tls === undefined ? createServer(settings) : createSecureServer({ ...settings, ...tls });
  const plain = tls === undefined ? http : createServer(settings);
  for (const server of new Set([http, plain])) {
    server.on('request', (message, response) => forwarder.handle(message, response));
  }
  await listen(http, host, options.nacosPort);
  const stopHttp = (): void => {
    http.close();
    for (const server of [http, plain]) server.closeAllConnections();
    forwarder.close();
  };
  try {
    const listener = await listenForNacos({
      host,
      port: options.grpcPort,
      tls,
      clients: new FarNacosClients({ url, namespace, defaultToken }),
      acceptHttp: (socket) => void plain.emit('connection', socket),
      answerHttp2: (request, address) => forwarder.answer(request, address),
      log: (_level, message, facts) => note([message, ...Object.values(facts ?? {})].join(': ')),
    });
    return {
      port: (http.address() as AddressInfo).port, // `as`: it listens on a port
      grpcPort: listener.port,
      get connections() {
        return listener.connections;
      },
      stop: async () => {
        await listener.close(STOP_GRACE_MS);
        stopHttp();
      },
    };
  } catch (error) {
    stopHttp();
    throw error;
  }
}
