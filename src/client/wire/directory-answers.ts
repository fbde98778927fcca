import type { Cause } from './history-answers';

/**
 * What the API takes and answers about namespaces, tokens and the audit trail. Written by `npm run client-types`
 * out of the schemas of src/model: change those.
 */

/** Where the object of a namespace lives, decided once. */
export type Placement =
  | { hint: 'wnam' | 'enam' | 'sam' | 'weur' | 'eeur' | 'apac' | 'oc' | 'afr' | 'me' }
  | { jurisdiction: 'eu' | 'fedramp' };

/** How much of its past a namespace keeps, up to the bound that is met first. */
export interface Retention {
  maxAgeMs?: number | undefined;
  /** Revisions. */
  maxCount?: number | undefined;
  maxBytes?: number | undefined;
}

/** What a namespace takes, where that is less than the registry does. */
export interface NamespaceLimits {
  instances?: number | undefined;
  services?: number | undefined;
  /** Of records, as text. */
  bytes?: number | undefined;
  sockets?: number | undefined;
  watches?: number | undefined;
  /** Calls and frames that reach the namespace; cached reads do not. A second’s worth may come at once. */
  requestsPerSecond?: number | undefined;
  /** The same for each token. */
  perToken?:
    | {
        instances?: number | undefined;
        services?: number | undefined;
        /** Of records, as text. */
        bytes?: number | undefined;
        sockets?: number | undefined;
        watches?: number | undefined;
        requestsPerSecond?: number | undefined;
      }
    | undefined;
}

/** How often clients come, where they follow the registry; in milliseconds. */
export interface NamespaceIntervals {
  /** Nacos’ `cacheMillis`: its clients poll each list this often; 3 s when left out. */
  nacosPollMs?: number | undefined;
  /**
   * Nacos’ `clientBeatInterval`; 5 s when left out. Instances that set no times by their metadata are unhealthy
   * after three of it, 15 s at least, and gone after six.
   */
  nacosBeatMs?: number | undefined;
  /**
   * How often sessions ping; 15 s when left out. A session that asks for no time to live gets three of it, 45 s at
   * least.
   */
  sessionPingMs?: number | undefined;
}

/** What a namespace is set to. */
export interface Namespace {
  id: string;
  title?: string | undefined;
  placement?: Placement | undefined;
  retention: Retention;
  limits: NamespaceLimits;
  /**
   * Eureka’s self-preservation: what was registered through that door stays while 15 % or more of it does not renew.
   */
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
  /** Absent for `public`, which is always there. RFC 3339. */
  createdAt?: string | undefined;
  /** Id of the token that made it. */
  createdBy?: string | undefined;
  /** RFC 3339. */
  updatedAt?: string | undefined;
}

/** A page of namespaces. */
export interface NamespaceList {
  namespaces: Namespace[];
  /** Goes on from here, as `after`. */
  next?: string | undefined;
}

/** A namespace to be made. */
export interface NamespaceBody {
  /** Namespace id. */
  id: string;
  /** For people. */
  title?: string | undefined;
  placement?: Placement | undefined;
  retention?: Retention | undefined;
  limits?: NamespaceLimits | undefined;
  /**
   * Eureka’s self-preservation: what was registered through that door stays while 15 % or more of it does not renew.
   */
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
}

/** A change of a namespace: each member is replaced as a whole, and null takes it away. */
export interface NamespacePatchBody {
  title?: string | null | undefined;
  retention?: Retention | null | undefined;
  limits?: NamespaceLimits | null | undefined;
  selfPreservation?: boolean | null | undefined;
  intervals?: NamespaceIntervals | null | undefined;
}

/** What a namespace holds, and what it has done and cost since its process started. */
export interface Stats {
  /** Newest revision. */
  revision: number;
  /** Newest revision that is no longer in the journal. */
  compactedRevision: number;
  /** Random id of this storage. */
  epoch: string;
  /** Services, by record or by instances. */
  services: number;
  /** Instances. */
  instances: number;
  /** Instances within their time to live. */
  healthyInstances: number;
  /** Instances that resolving returns. */
  availableInstances: number;
  /** Instances that changed health more than twice in five minutes. */
  flappingInstances: number;
  /** Overrides, also of instances that are gone. */
  overrides: number;
  /** Leases held. */
  leases: number;
  /** Sessions held, open or within their time to live. */
  sessions: number;
  /** Sockets open, those of event streams and polls among them. */
  sockets: number;
  /** Watches on them. */
  watches: number;
  /** Text of all records, in bytes: what the limit counts. */
  recordBytes: number;
  /** Tokens that hold most bytes, the largest first. */
  largestHolders: {
    /** Its id. */
    token: string;
    /** Instances that it registered. */
    instances: number;
    /** Services that it brought, by an instance or by record. */
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
  /** Counters that start at zero with the process that the object is in. */
  sinceStart: {
    /** When they were zero. RFC 3339. */
    startedAt: string;
    /** When the object last woke. RFC 3339. */
    wokeAt: string;
    /** Times the object woke. */
    wakes: number;
    /** Calls answered, refusals too. */
    requests: number;
    /** Revisions made. */
    commits: number;
    /** Storage transactions that made them durable. */
    commitGroups: number;
    /** Leases renewed. */
    renewals: number;
    /** Instances removed, by cause. */
    removed: Record<Cause, number>;
    /** Instances that turned unhealthy. */
    unhealthy: number;
    /** Instances that turned healthy again. */
    recovered: number;
    /** Times the registry took a silence for its own fault. */
    outages: number;
    /** Checkpoints of renewals written. */
    checkpoints: number;
    /** Alarms run. */
    alarms: number;
    /** Alarms armed; each is a row written. */
    alarmsArmed: number;
    /** Rows written, alarms included. */
    rowsWritten: number;
    /** Frames received over sockets, pings left out. */
    messagesReceived: number;
    /** Frames sent over sockets, pongs left out. */
    messagesSent: number;
  };
}

/** One thing that a token is good for, and where. */
export interface Grant {
  scope: 'admin' | 'operate' | 'register' | 'read' | 'metrics';
  /** Namespace id, or `*` for all. */
  ns: string;
  /** Only these services; without it, the whole namespace. */
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
  /** Id of the token that made it. */
  createdBy: string;
  /** RFC 3339. */
  expiresAt?: string | undefined;
  /** When its secret was last replaced. RFC 3339. */
  rotatedAt?: string | undefined;
  /** To the hour, and up to an hour late. RFC 3339. */
  lastUsedAt?: string | undefined;
}

/** A token with its secret, as it is shown this once. */
export interface IssuedToken extends Token {
  /** What to send; shown once and never again. */
  token: string;
}

/** A page of tokens, in the order of their ids. */
export interface TokenList {
  tokens: Token[];
  /** Goes on from here, as `after`. */
  next?: string | undefined;
}

/** A token to be made. */
export interface TokenBody {
  /** For people: who uses it, where. */
  name: string;
  grants: Grant[];
  /** It ends after this time; without it, when it is revoked. */
  expiresInMs?: number | undefined;
  /**
   * For clients that can send no header, such as the proxy of go-micro: taken from the path /t/<token>/ though it
   * can write. Only for `register` on one namespace. Default `false`.
   */
  pathWrite?: boolean | undefined;
}

/** What can be used once, in the place of a token, for one socket or stream. */
export interface Ticket {
  ticket: string;
  /** RFC 3339. */
  expiresAt: string;
}

/** What was done to the registry by people. */
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

/** Who did what, when, and from where. */
export interface AuditEntry {
  /** They count up. */
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
  /** `begun`: it is not known yet how it ended. */
  outcome: 'begun' | 'done' | 'refused';
  /** Why it was refused. */
  code?: string | undefined;
}

/** A page of the audit trail, newest first. */
export interface AuditTrail {
  entries: AuditEntry[];
  /** Goes on from here, as `after`. */
  next?: string | undefined;
}
