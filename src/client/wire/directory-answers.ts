import type { Cause } from './history-answers';

/**
 * Requests and responses about namespaces, tokens and the audit trail. Written by `npm run client-types` out of
 * the schemas of src/model: change those.
 */

/** Location of a namespace's object, chosen at creation. */
export type Placement =
  | { hint: 'wnam' | 'enam' | 'sam' | 'weur' | 'eeur' | 'apac' | 'oc' | 'afr' | 'me' }
  | { jurisdiction: 'eu' | 'fedramp' };

/** Amount of history that a namespace keeps. The bound that is reached first applies. */
export interface Retention {
  maxAgeMs?: number | undefined;
  /** Revisions. */
  maxCount?: number | undefined;
  maxBytes?: number | undefined;
}

/** Limits of a namespace that are lower than those of the registry. */
export interface NamespaceLimits {
  instances?: number | undefined;
  services?: number | undefined;
  /** Bytes of records, as text. */
  bytes?: number | undefined;
  sockets?: number | undefined;
  watches?: number | undefined;
  /** Calls and frames that reach the namespace; cached reads do not count. A burst may have one second’s worth. */
  requestsPerSecond?: number | undefined;
  /** The same limits for each token. */
  perToken?:
    | {
        instances?: number | undefined;
        services?: number | undefined;
        /** Bytes of records, as text. */
        bytes?: number | undefined;
        sockets?: number | undefined;
        watches?: number | undefined;
        requestsPerSecond?: number | undefined;
      }
    | undefined;
}

/** Intervals that the namespace configures in its clients, in milliseconds. */
export interface NamespaceIntervals {
  /** Nacos’ `cacheMillis`: its clients poll each list this often; 3 s by default. */
  nacosPollMs?: number | undefined;
  /**
   * Nacos’ `clientBeatInterval`; 5 s by default. Instances whose metadata sets no times become unhealthy after three
   * intervals, at least 15 s, and are removed after six.
   */
  nacosBeatMs?: number | undefined;
  /**
   * Ping interval of sessions; 15 s by default. A session that requests no time to live gets three intervals, at
   * least 45 s.
   */
  sessionPingMs?: number | undefined;
}

/** A namespace with its settings. */
export interface Namespace {
  id: string;
  title?: string | undefined;
  placement?: Placement | undefined;
  retention: Retention;
  limits: NamespaceLimits;
  /**
   * Eureka’s self-preservation: instances registered through the Eureka API are kept while 15 % or more of them fail
   * to renew.
   */
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
  /** Absent for `public`, which always exists. RFC 3339. */
  createdAt?: string | undefined;
  /** Id of the token that created it. */
  createdBy?: string | undefined;
  /** RFC 3339. */
  updatedAt?: string | undefined;
}

/** A page of namespaces. */
export interface NamespaceList {
  namespaces: Namespace[];
  /** Pass it as `after` to get the next page. */
  next?: string | undefined;
}

/** Request for a new namespace. */
export interface NamespaceBody {
  /** Namespace id. */
  id: string;
  /** Title for people. */
  title?: string | undefined;
  placement?: Placement | undefined;
  retention?: Retention | undefined;
  limits?: NamespaceLimits | undefined;
  /**
   * Eureka’s self-preservation: instances registered through the Eureka API are kept while 15 % or more of them fail
   * to renew.
   */
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
}

/** A change of a namespace: each given member is replaced as a whole; null removes it. */
export interface NamespacePatchBody {
  title?: string | null | undefined;
  retention?: Retention | null | undefined;
  limits?: NamespaceLimits | null | undefined;
  selfPreservation?: boolean | null | undefined;
  intervals?: NamespaceIntervals | null | undefined;
}

/** Contents of a namespace, and counters of its work and cost since its process started. */
export interface Stats {
  /** Newest revision. */
  revision: number;
  /** Newest revision that is no longer in the journal. */
  compactedRevision: number;
  /** Random id of this storage. */
  epoch: string;
  /** Services, created explicitly or through instances. */
  services: number;
  /** Instances. */
  instances: number;
  /** Instances within their time to live. */
  healthyInstances: number;
  /** Instances that resolving returns. */
  availableInstances: number;
  /** Instances that changed health more than twice in five minutes. */
  flappingInstances: number;
  /** Overrides, including those of removed instances. */
  overrides: number;
  /** Leases held. */
  leases: number;
  /** Sessions held, open or within their time to live. */
  sessions: number;
  /** Open sockets, including those of event streams and polls. */
  sockets: number;
  /** Watches on them. */
  watches: number;
  /** Text of all records, in bytes, as the limit counts it. */
  recordBytes: number;
  /** Tokens that hold the most bytes, largest first. */
  largestHolders: {
    /** Id of the token. */
    token: string;
    /** Instances that it registered. */
    instances: number;
    /** Services that it created, explicitly or by an instance. */
    services: number;
    /** Text of its instances, and of overrides and services that it set last. */
    recordBytes: number;
  }[];
  journal: {
    /** Revisions kept. */
    revisions: number;
    /** Text kept, in bytes. */
    bytes: number;
  };
  /** Counters that start at zero with the process that runs the object. */
  sinceStart: {
    /** Time at which the counters were zero. RFC 3339. */
    startedAt: string;
    /** Time at which the object last woke. RFC 3339. */
    wokeAt: string;
    /** Wakes of the object. */
    wakes: number;
    /** Calls answered, including refusals. */
    requests: number;
    /** Revisions made. */
    commits: number;
    /** Storage transactions that made them durable. */
    commitGroups: number;
    /** Leases renewed. */
    renewals: number;
    /** Instances removed, by cause. */
    removed: Record<Cause, number>;
    /** Instances that became unhealthy. */
    unhealthy: number;
    /** Instances that became healthy again. */
    recovered: number;
    /** Silences that the registry attributed to an outage of its own. */
    outages: number;
    /** Checkpoints of renewals written. */
    checkpoints: number;
    /** Alarms run. */
    alarms: number;
    /** Alarms armed; each is a row written. */
    alarmsArmed: number;
    /** Rows written, including alarms. */
    rowsWritten: number;
    /** Frames received over sockets, without pings. */
    messagesReceived: number;
    /** Frames sent over sockets, without pongs. */
    messagesSent: number;
  };
}

/** A permission of a token, and the namespace and services it applies to. */
export interface Grant {
  scope: 'admin' | 'operate' | 'register' | 'read' | 'metrics';
  /** Namespace id, or `*` for all. */
  ns: string;
  /** Only these services; absent: the whole namespace. */
  services?: string[] | undefined;
}

/** A token, without its secret. */
export interface Token {
  id: string;
  name: string;
  grants: Grant[];
  pathWrite: boolean;
  /** RFC 3339. */
  createdAt: string;
  /** Id of the token that created it. */
  createdBy: string;
  /** RFC 3339. */
  expiresAt?: string | undefined;
  /** Time at which its secret was last replaced. RFC 3339. */
  rotatedAt?: string | undefined;
  /** Rounded to the hour, and updated up to an hour late. RFC 3339. */
  lastUsedAt?: string | undefined;
}

/** A token with its secret, which is shown only in this response. */
export interface IssuedToken extends Token {
  /** Credential to send; shown only once. */
  token: string;
}

/** A page of tokens, sorted by id. */
export interface TokenList {
  tokens: Token[];
  /** Pass it as `after` to get the next page. */
  next?: string | undefined;
}

/** Request for a new token. */
export interface TokenBody {
  /** Name for people: what uses the token, and where. */
  name: string;
  grants: Grant[];
  /** The token expires after this time; by default, it is valid until revoked. */
  expiresInMs?: number | undefined;
  /**
   * For clients that can’t send a header, such as the proxy of go-micro: the token is accepted in the path
   * /t/<token>/ although it can write. Only for `register` on one namespace. Default `false`.
   */
  pathWrite?: boolean | undefined;
}

/** A credential that replaces a token once, to open one socket or stream. */
export interface Ticket {
  ticket: string;
  /** RFC 3339. */
  expiresAt: string;
}

/** An audited action. */
export type AuditAction =
  | 'namespace-created'
  | 'namespace-changed'
  | 'namespace-deleted'
  | 'token-created'
  | 'token-revoked'
  | 'token-rotated'
  | 'service-changed'
  | 'service-deleted'
  | 'overridden'
  | 'quarantined'
  | 'override-cleared'
  | 'drained'
  | 'changed'
  | 'deregistered'
  | 'rolled-back'
  | 'imported';

/** An entry of the audit trail: actor, action, time and address. */
export interface AuditEntry {
  /** Increases with each entry. */
  id: number;
  /** RFC 3339. */
  at: string;
  action: AuditAction;
  /** Id of the token. */
  actor: string;
  address?: string | undefined;
  ns?: string | undefined;
  target?: string | undefined;
  detail?: string | undefined;
  /** `begun`: the outcome is not known yet. */
  outcome: 'begun' | 'done' | 'refused';
  /** Error code of a refused action. */
  code?: string | undefined;
}

/** A page of the audit trail, newest entry first. */
export interface AuditTrail {
  entries: AuditEntry[];
  /** Pass it as `after` to get the next page. */
  next?: string | undefined;
}
