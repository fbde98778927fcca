import type { Workspace } from '../workspace';
import type { PeerRequests } from './requests';

/** One process of a client: its own connection, and a lease that holds what it registers. */
export interface PeerConnection {
  /** Registers a new instance; resolves when that is durable. */
  register(service: string, id: string): Promise<void>;
  /** Renews what this connection registered first. */
  beat(): Promise<void>;
  /** Reads all instances of a service with their data; resolves with their number. */
  read(service: string): Promise<number>;
  /** The same where an answer of the recent past will do; missing where there is no such read. */
  readStale?(service: string): Promise<number>;
  /** Leaves without a word, as a process that was killed. */
  cut(): void;
}

/** One who watches a service, over a connection of its own. */
export interface PeerWatch {
  cut(): void;
}

/** A running registry, alone on its own folder. */
export interface PeerServer {
  /** Number of the process that does the work. */
  pid: number;
  /** Where a bare TCP connection goes. */
  port: number;
  /** Requests that `wrk` sends, if the peer speaks HTTP/1.1 and JSON. */
  requests?: PeerRequests | undefined;
  /** @param ttlSeconds For how long what it registers stays without a beat. */
  connect(ttlSeconds: number): Promise<PeerConnection>;
  /** Resolves when the watch is told what comes; `heard` is called with each instance that came or went, when its data is known. */
  watch(service: string, heard: (id: string, isThere: boolean) => void): Promise<PeerWatch>;
  stop(): Promise<void>;
}

/** A registry that is compared. */
export interface Peer {
  name: string;
  /** As it says itself. */
  version(): string;
  /** How its client speaks to it. */
  transport: string;
  /** What a registration, a beat and a read are here: nothing else is compared. */
  means: { register: string; beat: string; read: string; stale: string; watch: string };
  /** @param folder On disk; another start on the same folder finds what was there. */
  start(workspace: Workspace, folder: string): Promise<PeerServer>;
}
