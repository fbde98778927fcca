/** An instance, with the members that doors can express. */
export interface Written {
  id: string;
  address: string;
  port: number;
  metadata: Record<string, string>;
  weight: number;
  cluster: string;
  version: string;
  /** A second port, which uses TLS; undefined if there is none. */
  securePort: number | undefined;
}

/** Members that not every door can express. */
export type Spoken = 'weight' | 'cluster' | 'version' | 'securePort';

/** Value of a member that was written through a door that can't express it. */
export const DEFAULTS: Pick<Written, Spoken> = { weight: 1, cluster: 'DEFAULT', version: '', securePort: undefined };

/** An instance as a door shows it, without members that the door can't express. */
export interface Seen extends Pick<Written, 'address' | 'port' | 'metadata'>, Partial<Pick<Written, Spoken>> {
  /** True if clients of this door send traffic to it. */
  traffic: boolean;
}

/** Lifetime of an instance without renewals, in milliseconds. */
export interface Lifetime {
  /** Time until no door sends traffic to it, except as {@link Lifetime.showsUntilGone} says. */
  unhealthyMs: number;
  goneMs: number;
  /** True if its own door shows it unchanged until it is gone. */
  showsUntilGone?: boolean;
}

/** Access to the registry, as clients of one protocol use it. All calls are about the service `orders`. */
export interface Door {
  name: string;
  speaks: readonly Spoken[];
  lifetime: Lifetime;
  register(instance: Written): Promise<void>;
  /** Sends a heartbeat. */
  beat(instance: Written): Promise<void>;
  remove(instance: Written): Promise<void>;
  /** Returns everything that this door shows of the service, sorted by address. */
  read(): Promise<Seen[]>;
  /** Operator actions through this door; undefined if it has none. */
  operate?: {
    takeOut(instance: Written): Promise<void>;
    putBack(instance: Written): Promise<void>;
  };
}
