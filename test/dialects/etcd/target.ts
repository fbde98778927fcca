/** Address and credentials of a server that speaks etcd's protocol. */
export interface EtcdAccess {
  /** URL without a path, such as `http://127.0.0.1:2379`. */
  endpoint: string;
  user: string;
  password: string;
  /** File with the certificate of the authority that signed the server's, if the endpoint is `https`. */
  ca?: string;
}

/** A running server. It is empty when it starts, and no other client uses it. */
export interface RunningEtcd extends EtcdAccess {
  /** Ends the server without warning, and starts it with the same data at the same address. */
  restart(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** Programs with clients of other makers, by the names that {@link EtcdTarget.differences} uses. */
export type ClientName = 'etcdctl' | 'go' | 'npm' | 'python';

/** A kind of server that the clients are pointed to. */
export interface EtcdTarget {
  name: string;
  start(): Promise<RunningEtcd>;
  /**
   * Checks that clients make in vain, each with the reason; for etcdctl, steps whose output differs. A proof fails when one of
   * them no longer differs.
   */
  differences?: Partial<Record<ClientName, Readonly<Record<string, string>>>>;
}
