/** An instance, in what doors have words for. */
export interface Written {
  id: string;
  address: string;
  port: number;
  metadata: Record<string, string>;
  weight: number;
  cluster: string;
  version: string;
  /** A further port that speaks TLS; undefined where there is none. */
  securePort: number | undefined;
}

/** Members that not every door has a word for. */
export type Spoken = 'weight' | 'cluster' | 'version' | 'securePort';

/** What is read of a member that was written through a door without a word for it. */
export const DEFAULTS: Pick<Written, Spoken> = { weight: 1, cluster: 'DEFAULT', version: '', securePort: undefined };

/** An instance as a door shows it: what it has no word for is not there. */
export interface Seen extends Pick<Written, 'address' | 'port' | 'metadata'>, Partial<Pick<Written, Spoken>> {
  /** Whether those who come through this door send traffic to it. */
  traffic: boolean;
}

/** How long an instance is there, in milliseconds, when nobody renews it. */
export interface Lifetime {
  /** Taken out of traffic everywhere but where {@link Lifetime.showsUntilGone}. */
  unhealthyMs: number;
  goneMs: number;
  /** True: its own door shows it as it was until it is gone. */
  showsUntilGone?: boolean;
}

/** A way into the registry and out of it, as its clients go. All is about the service `orders`. */
export interface Door {
  name: string;
  speaks: readonly Spoken[];
  lifetime: Lifetime;
  register(instance: Written): Promise<void>;
  /** Says that it lives. */
  beat(instance: Written): Promise<void>;
  remove(instance: Written): Promise<void>;
  /** All that this door shows of the service, in the order of addresses. */
  read(): Promise<Seen[]>;
  /** What an operator says through this door; undefined where it has no word for that. */
  operate?: {
    takeOut(instance: Written): Promise<void>;
    putBack(instance: Written): Promise<void>;
  };
}
