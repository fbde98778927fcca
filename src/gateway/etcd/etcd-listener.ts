import { file_auth } from '../../codecs/etcd/messages/auth_pb';
import { file_kv } from '../../codecs/etcd/messages/kv_pb';
import { file_rpc } from '../../codecs/etcd/messages/rpc_pb';
import { file_v3election } from '../../codecs/etcd/messages/v3election_pb';
import { file_v3lock } from '../../codecs/etcd/messages/v3lock_pb';
import { type GrpcListener, type GrpcListenerOptions, listenForGrpc } from '../grpc/grpc-listener';
import type { EtcdClients } from './etcd-clients';
import { etcdMethods } from './etcd-methods';

/** Options of {@link listenForEtcd}. What is not gRPC on the port is etcd's JSON gateway. */
export interface EtcdListenerOptions extends Omit<GrpcListenerOptions, 'kind' | 'methods' | 'files'> {
  clients: EtcdClients;
}

/** Definitions of etcd's services. */
const FILES = [file_kv, file_auth, file_rpc, file_v3lock, file_v3election];

/**
 * Listens for clients of etcd: by gRPC and JSON on one port, as etcd does.
 *
 * @throws {Error} if the system refuses to listen, such as with `EADDRINUSE`.
 */
export function listenForEtcd({ clients, ...options }: EtcdListenerOptions): Promise<GrpcListener> {
  const onFault = (error: unknown, path: string): void => {
    const text = error instanceof Error ? error.stack : String(error);
    options.log('error', 'a call of a client of etcd failed', { path, error: text });
  };
  const methods = etcdMethods({ clients, isSecure: options.tls !== undefined, onFault });
  return listenForGrpc({ ...options, kind: 'etcd', methods, files: FILES });
}
