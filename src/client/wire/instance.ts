/**
 * What the registry says of instances. Written by `npm run client-types` out of the schemas of src/model: change
 * those.
 */

/** What an instance says of itself. */
export type InstanceStatus = 'starting' | 'up' | 'draining' | 'down' | 'out-of-service';

/** A further port of an instance. */
export interface NamedPort {
  port: number;
  /** True: it speaks TLS. */
  secure: boolean;
}

/** Where an instance runs. Latitude and longitude in degrees. */
export interface Location {
  region?: string | undefined;
  zone?: string | undefined;
  colo?: string | undefined;
  latitude?: number | undefined;
  longitude?: number | undefined;
}

/** A lease as it was granted. Times in milliseconds since the last renewal. */
export interface Lease {
  /** Silent for so long, the instance is unhealthy. */
  ttlMs: number;
  /** Silent for so long, it is gone; null: never. */
  removeAfterMs: number | null;
  /** How often to renew. */
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
  /** False: an operator took it out. */
  enabled: boolean;
  /** True: no traffic, whatever the instance says. */
  quarantined: boolean;
  /** The lease is within its time to live. */
  healthy: boolean;
  /** Enabled, healthy, up, not draining or quarantined, weight above 0: resolving returns it. */
  available: boolean;
  /** More than two changes of health in five minutes. */
  flapping: boolean;
  /** An operator set something; see the override. */
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
