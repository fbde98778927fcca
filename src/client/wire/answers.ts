import type { Instance, InstanceStatus, Lease } from './instance';

/**
 * What the API answers about instances and services. Written by `npm run client-types` out of the schemas of
 * src/model: change those.
 */

/** Something that looks like a mistake, in the answer to a registration. */
export interface Warning {
  code: 'LOOPBACK_ADDRESS' | 'LINK_LOCAL_ADDRESS' | 'DUPLICATE_ADDRESS' | 'FOREIGN_ADDRESS';
  message: string;
}

/** Answer to a registration. */
export interface Registered extends Instance {
  /** RFC 3339; null without a lease. */
  expiresAt: string | null;
  warnings: Warning[];
}

/** Answer to a heartbeat. */
export interface Renewal {
  lease: Lease;
  /** When it ends unless it is renewed before, RFC 3339. */
  expiresAt: string;
  /** Of the registration that was renewed. */
  revision: number;
}

/** Names an instance. */
export interface InstanceName {
  group: string;
  service: string;
  id: string;
}

/** Answer to a heartbeat for many. */
export interface HeartbeatReport {
  renewed: number;
  /** Those that have to register again. */
  unknown: InstanceName[];
}

/** A page of instances, in the order of their ids. */
export interface InstanceList {
  instances: Instance[];
  /** Goes on from here, as `after`. */
  next?: string | undefined;
  /** Of the service, where it has one above 0; not in lists of the past. */
  protectThreshold?: number | undefined;
}

/** One endpoint, ready to use. */
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
  /** Too few are healthy: health was not asked for. */
  protected: boolean;
  /**
   * There are more than one answer carries: these are the nearest, or else chosen at random by weight. Ask with
   * `limit` for as many as are needed, or list the instances page by page.
   */
  truncated?: true | undefined;
  instances: Endpoint[];
}

/** What a drain came to. */
export interface DrainReport {
  /** Every subscriber has acknowledged that the instance takes no traffic. */
  drained: boolean;
  acknowledged: number;
  subscribers: number;
  /** Those who have not acknowledged in time. */
  laggards: string[];
  /** Those who read without subscribing, by kind; they can't acknowledge. */
  blind: Record<string, number>;
  /**
   * Kinds of reader that may exist uncounted, because the registry woke less than two minutes ago: `cached` and
   * `plain` readers, and subscribers that `poll`. Absent where all are known.
   */
  unknown?: ('cached' | 'plain' | 'poll')[] | undefined;
  /** Longest time that a reader in `blind` or `unknown` may keep an old answer, in milliseconds. */
  safeAfterMs: number;
  /** When the instance is removed. RFC 3339. */
  removedAt: string;
}

/** A line in the list of services. */
export interface ServiceSummary {
  name: string;
  group: string;
  instances: number;
  healthy: number;
  available: number;
  /** Created on purpose: it stays when its last instance goes. */
  persistent: boolean;
  /** Revision of the newest change to the service or an instance of it. */
  revision: number;
}

/** Which instances of which callers a service is meant for; kept for the dialects that know selectors. */
export interface ServiceSelector {
  type: string;
  expression: string;
}

/** One service with what it has of its own. */
export interface Service extends ServiceSummary {
  metadata: Record<string, string>;
  protectThreshold: number;
  selector?: ServiceSelector | undefined;
  /** Null where the service exists by its instances alone. */
  createdRevision: number | null;
}

/** A page of services, in the order of group and name. */
export interface ServiceList {
  services: ServiceSummary[];
  /** Goes on from here, as `after`. */
  next?: string | undefined;
}

/** What an operator set on an instance. */
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

/** What became of one operation of a batch. */
export interface OperationResult {
  outcome: 'created' | 'changed' | 'unchanged' | 'removed' | 'absent';
  id: string;
  /** Of the record after it; null where it is gone. */
  revision: number | null;
}

/** Answer to a batch. */
export interface BatchReport {
  cursor: string;
  revision: number;
  results: OperationResult[];
}

/** A client that watches a service, or polls it by name. */
export interface Subscriber {
  id: string;
  kind: 'socket' | 'stream' | 'poll';
  address?: string | undefined;
  /** Newest revision that it was sent. */
  sentRevision: number;
  /** Newest revision that it has acknowledged; 0: none yet. */
  acknowledgedRevision: number;
  /** Revisions of this service that it was not sent yet. */
  lag: number;
}

/** A page of the subscribers of a service. */
export interface SubscriberList {
  subscribers: Subscriber[];
  /** Goes on from here, as `after`. */
  next?: string | undefined;
}
