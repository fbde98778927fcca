/**
 * Instances, as the registry shows them. Written by `npm run client-types` out of the schemas of src/model: change
 * those.
 */

/** Status that an instance reports for itself. */
export type InstanceStatus = 'starting' | 'up' | 'draining' | 'down' | 'out-of-service';

/** An additional port of an instance. */
export interface NamedPort {
  port: number;
  /** True: it uses TLS. */
  secure: boolean;
}

/** Location of an instance. Latitude and longitude are in degrees. */
export interface Location {
  region?: string | undefined;
  zone?: string | undefined;
  colo?: string | undefined;
  latitude?: number | undefined;
  longitude?: number | undefined;
}

/** A granted lease. Times are in milliseconds since the last renewal. */
export interface Lease {
  /** Without a renewal for this time, the instance is unhealthy. */
  ttlMs: number;
  /** Without a renewal for this time, it is removed; null: never. */
  removeAfterMs: number | null;
  /** Suggested time between renewals. */
  intervalMs: number;
  firstRemoveAfterMs?: number | undefined;
}

/** An instance: its registration, with an operator's override merged over it, and what the registry derives. */
export interface Instance {
  id: string;
  group: string;
  service: string;
  cluster: string;
  node?: string | undefined;
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
  ports: Record<string, NamedPort>;
  /** Share of traffic; 0 means none. */
  weight: number;
  status: InstanceStatus;
  ephemeral: boolean;
  metadata: Record<string, string>;
  tags: string[];
  version?: string | undefined;
  location?: Location | undefined;
  incarnation?: string | undefined;
  lease: Lease | null;
  extensions: Record<string, unknown>;
  /** False: an operator disabled it. */
  enabled: boolean;
  /** True: no traffic, whatever the instance reports. */
  quarantined: boolean;
  /** The lease is within its time to live. */
  healthy: boolean;
  /** Enabled, healthy, up, not draining or quarantined, weight above 0: resolving returns it. */
  available: boolean;
  /** Its health changed more than twice in five minutes. */
  flapping: boolean;
  /** True: it has an override. */
  overridden: boolean;
  /** Id of the token that registered it. */
  owner: string;
  createdRevision: number;
  revision: number;
  changes: number;
  /** RFC 3339. */
  registeredAt: string;
  /** RFC 3339. */
  updatedAt: string;
}
