/** What the API answers about namespaces, tokens and the audit trail. Times are RFC 3339. */

/** Where the object of a namespace lives, decided once. */
export type Placement =
  | { hint: 'wnam' | 'enam' | 'sam' | 'weur' | 'eeur' | 'apac' | 'oc' | 'afr' | 'me' }
  | { jurisdiction: 'eu' | 'fedramp' };

/** How much of its past a namespace keeps: whichever bound is met first. */
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
  requestsPerSecond?: number | undefined;
  /** The same for each token. */
  perToken?:
    | {
        instances?: number | undefined;
        services?: number | undefined;
        bytes?: number | undefined;
        sockets?: number | undefined;
        watches?: number | undefined;
        requestsPerSecond?: number | undefined;
      }
    | undefined;
}

/** How often clients come, where they follow the registry; in milliseconds. */
export interface NamespaceIntervals {
  /** Polls of Nacos' clients; 3 s when left out. */
  nacosPollMs?: number | undefined;
  /** Beats of Nacos' clients; 5 s when left out. */
  nacosBeatMs?: number | undefined;
  /** Pings of sessions; 15 s when left out. */
  sessionPingMs?: number | undefined;
}

/** What a namespace is set to. */
export interface Namespace {
  id: string;
  title?: string | undefined;
  placement?: Placement | undefined;
  retention: Retention;
  limits: NamespaceLimits;
  /** True: Eureka's self-preservation. */
  selfPreservation?: boolean | undefined;
  intervals?: NamespaceIntervals | undefined;
  /** Absent for `public`, which is always there. */
  createdAt?: string | undefined;
  createdBy?: string | undefined;
  updatedAt?: string | undefined;
}

/** A page of namespaces. */
export interface NamespaceList {
  namespaces: Namespace[];
  next?: string | undefined;
}

/** One thing that a token is good for, and where. */
export interface Grant {
  scope: 'admin' | 'operate' | 'register' | 'read' | 'metrics';
  /** Namespace id, or `*` for all. */
  ns: string;
  /** Patterns; the whole namespace without it. */
  services?: string[] | undefined;
}

/** A token, without its secret. */
export interface Token {
  id: string;
  name: string;
  grants: Grant[];
  pathWrite: boolean;
  createdAt: string;
  /** Id of the token that made it. */
  createdBy: string;
  expiresAt?: string | undefined;
  /** When its secret was last replaced. */
  rotatedAt?: string | undefined;
  /** To the hour, and up to an hour late. */
  lastUsedAt?: string | undefined;
}

/** A token with its secret, as it is shown this once. */
export interface IssuedToken extends Token {
  token: string;
}

/** A page of tokens, in the order of their ids. */
export interface TokenList {
  tokens: Token[];
  next?: string | undefined;
}

/** What can be used once, in the place of a token, for one socket or stream. */
export interface Ticket {
  ticket: string;
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
  at: string;
  action: AuditAction;
  /** Id of the token. */
  actor: string;
  address?: string | undefined;
  ns?: string | undefined;
  target?: string | undefined;
  detail?: string | undefined;
  /** `begun`: nobody has told yet how it ended. */
  outcome: 'begun' | 'done' | 'refused';
  /** Why it was refused. */
  code?: string | undefined;
}

/** A page of the audit trail, newest first. */
export interface AuditTrail {
  entries: AuditEntry[];
  next?: string | undefined;
}

/** A namespace to be made. */
export interface NamespaceBody {
  id: string;
  title?: string | undefined;
  placement?: Placement | undefined;
  retention?: Retention | undefined;
  limits?: NamespaceLimits | undefined;
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

/** A token to be made. */
export interface TokenBody {
  /** For people: who uses it, where. */
  name: string;
  grants: Grant[];
  /** It ends after this time; without it, when it is revoked. */
  expiresInMs?: number | undefined;
  /** Taken from the path `/t/<token>/` though it can write; for `register` on one namespace alone. */
  pathWrite?: boolean | undefined;
}
