import type { Instance, InstanceStatus, Lease } from './instance';

/**
 * Responses about instances and services. Written by `npm run client-types` out of the schemas of src/model:
 * change those.
 */

/** A probable mistake, reported in the response to a registration. */
export interface Warning {
  code: 'LOOPBACK_ADDRESS' | 'LINK_LOCAL_ADDRESS' | 'DUPLICATE_ADDRESS' | 'FOREIGN_ADDRESS';
  message: string;
}

/** Response to a registration. */
export interface Registered extends Instance {
  /** RFC 3339; null without a lease. */
  expiresAt: string | null;
  warnings: Warning[];
}

/** Response to a heartbeat. */
export interface Renewal {
  lease: Lease;
  /** Time at which the lease expires unless it is renewed before, RFC 3339. */
  expiresAt: string;
  /** Revision of the renewed registration. */
  revision: number;
}

/** Key of an instance. */
export interface InstanceName {
  group: string;
  service: string;
  id: string;
}

/** Response to a heartbeat for several instances. */
export interface HeartbeatReport {
  renewed: number;
  /** Instances that must register again. */
  unknown: InstanceName[];
}

/** A page of instances, sorted by id. */
export interface InstanceList {
  instances: Instance[];
  /** Pass it as `after` to get the next page. */
  next?: string | undefined;
  /** Threshold of the service, if above 0; absent in lists of the past. */
  protectThreshold?: number | undefined;
}

/** Endpoint of an available instance. */
export interface Endpoint {
  id: string;
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
  ports: Record<string, { port: number; secure: boolean }>;
  weight: number;
  metadata: Record<string, string>;
  cluster: string;
  zone?: string | undefined;
  distanceKm?: number | undefined;
}

/** Endpoints of a service that take traffic. */
export interface Resolution {
  service: string;
  /** True: too few instances are healthy, so unhealthy ones are returned too. */
  protected: boolean;
  /**
   * True: not all fit into one response; these are the nearest, or were chosen at random by weight. Set `limit` to
   * as many as are needed, or list the instances page by page.
   */
  truncated?: true | undefined;
  instances: Endpoint[];
}

/** Result of a drain. */
export interface DrainReport {
  /** Every subscriber has acknowledged that the instance takes no traffic. */
  drained: boolean;
  acknowledged: number;
  subscribers: number;
  /** Subscribers that have not acknowledged in time. */
  laggards: string[];
  /** Number of clients that read without subscribing, by kind; they can't acknowledge. */
  blind: Record<string, number>;
  /**
   * Kinds of readers that may exist uncounted, because the registry woke less than two minutes ago: `cached` and
   * `plain` readers, and subscribers that `poll`. Absent if all are known.
   */
  unknown?: ('cached' | 'plain' | 'poll')[] | undefined;
  /** Longest time that a reader in `blind` or `unknown` may use an old response, in milliseconds. */
  safeAfterMs: number;
  /** Time at which the instance is removed. RFC 3339. */
  removedAt: string;
}

/** An entry in the list of services. */
export interface ServiceSummary {
  name: string;
  group: string;
  instances: number;
  healthy: number;
  available: number;
  /** Created explicitly: it remains after its last instance is removed. */
  persistent: boolean;
  /** Revision of the newest change to the service or an instance of it. */
  revision: number;
}

/** Selector of a service, stored for dialects that have selectors. */
export interface ServiceSelector {
  type: string;
  expression: string;
}

/** A service with its settings. */
export interface Service extends ServiceSummary {
  metadata: Record<string, string>;
  protectThreshold: number;
  selector?: ServiceSelector | undefined;
  /** Null if the service exists only through its instances. */
  createdRevision: number | null;
}

/** A page of services, sorted by group and name. */
export interface ServiceList {
  services: ServiceSummary[];
  /** Pass it as `after` to get the next page. */
  next?: string | undefined;
}

/** An operator's settings for an instance. */
export interface Override {
  enabled?: boolean | undefined;
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  metadata?: Record<string, string> | undefined;
  quarantine?: { until?: string | undefined; reason?: string | undefined } | undefined;
  /** Id of the token that set it. */
  actor: string;
  revision: number;
  /** RFC 3339. */
  updatedAt: string;
}

/** Result of one operation of a batch. */
export interface OperationResult {
  outcome: 'created' | 'changed' | 'unchanged' | 'removed' | 'absent';
  id: string;
  /** Revision of the record after the operation; null if it no longer exists. */
  revision: number | null;
}

/** Response to a batch. */
export interface BatchReport {
  cursor: string;
  revision: number;
  results: OperationResult[];
}

/** A client that watches a service, or polls it with a subscriber name. */
export interface Subscriber {
  id: string;
  kind: 'socket' | 'stream' | 'poll';
  address?: string | undefined;
  /** Newest revision that was sent to it. */
  sentRevision: number;
  /** Newest revision that it has acknowledged; 0: none. */
  acknowledgedRevision: number;
  /** Number of revisions of this service not sent to it yet. */
  lag: number;
}

/** A page of the subscribers of a service. */
export interface SubscriberList {
  subscribers: Subscriber[];
  /** Pass it as `after` to get the next page. */
  next?: string | undefined;
}
