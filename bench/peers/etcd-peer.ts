import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  type Client,
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { freePort } from '../../src/launcher/listening-address';
import type { Workspace } from '../workspace';
import { EtcdRequests, grantLease, keyOf, putBody, rangeBody, rangeOf, VALUE } from './etcd-requests';
import { HttpConnection } from './http-connection';
import type { Peer, PeerConnection, PeerServer, PeerWatch } from './peer';
import { PeerProcess, untilItWorks } from './peer-process';
import type { PeerRequests } from './requests';

/** A client without gRPC, over the JSON gateway. */
class GatewayConnection implements PeerConnection {
  readonly #http: HttpConnection;
  readonly #lease: string;

  private constructor(http: HttpConnection, lease: string) {
    this.#http = http;
    this.#lease = lease;
  }

  static async open(port: number, ttlSeconds: number): Promise<GatewayConnection> {
    const http = new HttpConnection(port);
    return new GatewayConnection(http, await grantLease(http, ttlSeconds));
  }

  async register(service: string, id: string): Promise<void> {
    await this.#http.send('POST', '/v3/kv/put', putBody(service, id, this.#lease));
  }

  async beat(): Promise<void> {
    await this.#http.send('POST', '/v3/lease/keepalive', JSON.stringify({ ID: this.#lease }));
  }

  read(service: string): Promise<number> {
    return this.#range(service, {});
  }

  readStale(service: string): Promise<number> {
    return this.#range(service, { serializable: true });
  }

  cut(): void {
    this.#http.cut();
  }

  async #range(service: string, how: object): Promise<number> {
    const text = await this.#http.send('POST', '/v3/kv/range', rangeBody(service, how));
    const { kvs = [] } = JSON.parse(text) as { kvs?: { value: string }[] }; // `as`: the same
    return kvs.length;
  }
}

/** etcd's services as grpc-js creates them from the definition, without types. */
type Unary = (
  request: object,
  metadata: Metadata,
  answer: (error: ServiceError | null, response: Record<string, unknown>) => void,
) => void;
type Streaming = () => ClientDuplexStream<object, Record<string, unknown>>;
interface Services {
  kv: Client & { Range: Unary; Put: Unary };
  lease: Client & { LeaseGrant: Unary; LeaseKeepAlive: Streaming };
  watch: Client & { Watch: Streaming };
}

function servicesAt(port: number): Services {
  const definition = loadSync('rpc.proto', {
    includeDirs: ['src/codecs/etcd/proto'],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  const { etcdserverpb } = loadPackageDefinition(definition);
  // `as`: see the definition.
  const { KV, Lease, Watch } = etcdserverpb as unknown as Record<
    'KV' | 'Lease' | 'Watch',
    new (
      address: string,
      security: unknown,
      options: object,
    ) => Client
  >;
  // Without this option, all clients of a process share one connection.
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  const first = new KV(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  const shared = { ...options, channelOverride: first.getChannel() };
  const make = (Service: typeof Lease) => new Service(`127.0.0.1:${port}`, credentials.createInsecure(), shared);
  // `as`: the same.
  return { kv: first, lease: make(Lease), watch: make(Watch) } as Services;
}

function unary(call: Unary, client: Client, request: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    call.call(client, request, new Metadata(), (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

/** A client over gRPC, with all its calls on one connection. */
class GrpcConnection implements PeerConnection {
  readonly #services: Services;
  readonly #lease: string;
  readonly #beats: ReturnType<Streaming>;
  #awaited: PromiseWithResolvers<void> | undefined;

  private constructor(services: Services, lease: string) {
    this.#services = services;
    this.#lease = lease;
    this.#beats = services.lease.LeaseKeepAlive();
    this.#beats.on('data', () => this.#awaited?.resolve());
    this.#beats.on('error', (error: Error) => this.#awaited?.reject(error));
  }

  static async open(port: number, ttlSeconds: number): Promise<GrpcConnection> {
    const services = servicesAt(port);
    const { ID } = await unary(services.lease.LeaseGrant, services.lease, { TTL: ttlSeconds });
    return new GrpcConnection(services, String(ID));
  }

  async register(service: string, id: string): Promise<void> {
    const { kv } = this.#services;
    await unary(kv.Put, kv, { key: keyOf(service, id), value: VALUE, lease: this.#lease });
  }

  async beat(): Promise<void> {
    this.#awaited = Promise.withResolvers();
    this.#beats.write({ ID: this.#lease });
    await this.#awaited.promise;
  }

  read(service: string): Promise<number> {
    return this.#range(service, {});
  }

  readStale(service: string): Promise<number> {
    return this.#range(service, { serializable: true });
  }

  cut(): void {
    this.#beats.cancel();
    for (const client of Object.values(this.#services)) client.close();
  }

  async #range(service: string, how: object): Promise<number> {
    const { kv } = this.#services;
    const { kvs } = await unary(kv.Range, kv, { ...rangeOf(service), ...how });
    return (kvs as unknown[]).length; // `as`: repeated in the definition
  }
}

class EtcdServer implements PeerServer {
  readonly #process: PeerProcess;
  readonly port: number;
  readonly requests: PeerRequests | undefined;
  readonly #open: (port: number, ttlSeconds: number) => Promise<PeerConnection>;

  constructor(process: PeerProcess, port: number, isGateway: boolean) {
    this.#process = process;
    this.port = port;
    this.requests = isGateway ? new EtcdRequests(port) : undefined;
    this.#open = isGateway ? GatewayConnection.open : GrpcConnection.open;
  }

  get pid(): number {
    return this.#process.pid;
  }

  connect(ttlSeconds: number): Promise<PeerConnection> {
    return this.#open(this.port, ttlSeconds);
  }

  async watch(service: string, heard: (id: string, exists: boolean) => void): Promise<PeerWatch> {
    const services = servicesAt(this.port);
    const stream = services.watch.Watch();
    const begun = Promise.withResolvers<void>();
    stream.on('error', (error: Error) => begun.reject(error));
    stream.on('data', ({ created, events }: { created: boolean; events: { type: string; kv: { key: Buffer } }[] }) => {
      if (created) begun.resolve();
      for (const { type, kv } of events) heard(kv.key.toString().split('/').at(-1) ?? '', type === 'PUT');
    });
    stream.write({ create_request: rangeOf(service) });
    await begun.promise;
    const cut = () => {
      stream.cancel();
      for (const client of Object.values(services)) client.close();
    };
    return { cut };
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** Returns one etcd as packaged by Debian, with its default settings. It syncs its log to the disk before it answers. */
export function etcd(transport: 'gateway' | 'gRPC'): Peer {
  const isGateway = transport === 'gateway';
  return {
    name: isGateway ? 'etcd, JSON gateway' : 'etcd, gRPC',
    transport: isGateway ? 'HTTP/1.1 and JSON; watches over gRPC' : 'gRPC, all calls of a client on one connection',
    means: {
      register: isGateway
        ? 'a put with one of 1,000 leases'
        : 'a put with the lease that the connection was granted before',
      beat: isGateway ? 'a keep-alive of one of these leases' : 'a keep-alive of that lease',
      read: 'a range over the prefix of the service',
      stale: 'the same, `serializable`: from the member that is asked, which may lag behind',
      watch: 'a watch of the prefix, on a connection of its own',
    },
    version: () => execFileSync('etcd', ['--version'], { encoding: 'utf8' }).split('\n')[0]?.split(' ').at(-1) ?? '',
    start: async (workspace: Workspace, folder: string) => {
      const [port, peerPort] = [await freePort(), await freePort()];
      const url = `http://127.0.0.1:${port}`;
      const peerUrl = `http://127.0.0.1:${peerPort}`;
      const process = new PeerProcess(workspace, 'etcd', [
        ...['--name', 'bench', '--data-dir', join(folder, 'etcd'), '--logger', 'zap', '--log-level', 'error'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `bench=${peerUrl}`],
      ]);
      await untilItWorks(
        () => new HttpConnection(port).send('POST', '/v3/kv/range', '{"key":"YQ=="}'),
        `etcd: ${process.printed}`,
      );
      return new EtcdServer(process, port, isGateway);
    },
  };
}
