import type { AddressInfo, Socket } from 'node:net';
import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { file_auth } from '../../codecs/etcd/messages/auth_pb';
import { file_kv } from '../../codecs/etcd/messages/kv_pb';
import { file_rpc } from '../../codecs/etcd/messages/rpc_pb';
import { file_v3election } from '../../codecs/etcd/messages/v3election_pb';
import { file_v3lock } from '../../codecs/etcd/messages/v3lock_pb';
import { deferred } from '../../model/deferred';
import { LOG_REFUSALS_PER_SECOND_MAX_COUNT } from '../../model/limits';
import { LogGate } from '../../model/log';
import { GrpcHealth } from '../grpc/grpc-health';
import { GrpcReflection, type ReflectedFile } from '../grpc/grpc-reflection';
import { GrpcServer } from '../grpc/grpc-server';
import { type PortTls, sharedPort } from '../grpc/shared-port';
import type { EtcdClients } from './etcd-clients';
import { etcdMethods } from './etcd-methods';

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
  const { promise, resolve, reject } = deferred<void>();
  server.once('error', reject);
  server.listen({ host, port }, () => resolve());
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

/** Definitions of etcd's services, for clients that ask the server for them, such as `grpcurl`. */
const ETCD_FILES: readonly ReflectedFile[] = [file_kv, file_auth, file_rpc, file_v3lock, file_v3election].map(
  reflected,
);

function reflected(file: DescFile): ReflectedFile {
  const services = file.services.map(({ typeName }) => typeName);
  return {
    name: file.proto.name,
    descriptor: toBinary(FileDescriptorProtoSchema, file.proto),
    dependencies: file.proto.dependency,
    services,
    symbols: [
      ...services,
      ...file.services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `${typeName}.${name}`)),
      ...file.enums.map(({ typeName }) => typeName),
      ...file.messages.flatMap(symbolsOf),
    ],
  };
}

/** Returns the names of a message and of what is defined in it. */
function symbolsOf(message: DescMessage): string[] {
  const { typeName, nestedEnums, nestedMessages } = message;
  return [typeName, ...nestedEnums.map((each) => each.typeName), ...nestedMessages.flatMap(symbolsOf)];
}
