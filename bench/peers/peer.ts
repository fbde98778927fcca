import type { Workspace } from '../workspace';
import type { PeerRequests } from './requests';

/** One client process: its connection, and the lease of its registrations. */
export interface PeerConnection {
  /** Registers a new instance; resolves when it is durable. */
  register(service: string, id: string): Promise<void>;
  /** Renews the first registration of this connection. */
  beat(): Promise<void>;
  /** Reads all instances of a service with their data; resolves with their number. */
  read(service: string): Promise<number>;
  /** Like {@link read}, but may return stale data; absent if the peer has no such read. */
  readStale?(service: string): Promise<number>;
  /** Destroys the connection, as if the process were killed. */
  cut(): void;
}

/** A watcher of a service, with a separate connection. */
export interface PeerWatch {
  cut(): void;
}

/** A running registry, which uses its folder alone. */
export interface PeerServer {
  /** Id of the process that does the work. */
  pid: number;
  /** Port for bare TCP connections. */
  port: number;
  /** Requests that `wrk` sends, if the peer speaks HTTP/1.1 and JSON. */
  requests?: PeerRequests | undefined;
  /** @param ttlSeconds Lease time of its registrations. */
  connect(ttlSeconds: number): Promise<PeerConnection>;
  /** Resolves when the watch is active. `heard` is called for each added or removed instance, when its data is known. */
  watch(service: string, heard: (id: string, exists: boolean) => void): Promise<PeerWatch>;
  stop(): Promise<void>;
}

/** A registry that is compared. */
export interface Peer {
  name: string;
  /** Returns the version that the peer reports. */
  version(): string;
  /** Description of the protocol between client and peer. */
  transport: string;
  /** Descriptions of the compared operations at this peer. */
  means: { register: string; beat: string; read: string; stale: string; watch: string };
  /** @param folder Folder on disk. A later start on the same folder finds its data. */
  start(workspace: Workspace, folder: string): Promise<PeerServer>;
}
