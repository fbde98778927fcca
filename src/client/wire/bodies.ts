import type { InstanceStatus, Location } from './instance';

/**
 * Bodies of requests about instances and services. Written by `npm run client-types` out of the schemas of
 * src/model: change those.
 */

/** An instance as it describes itself, without its names. */
export interface InstanceBody {
  /** Cluster label. Default `DEFAULT`. */
  cluster?: string | undefined;
  /** Host that it runs on. */
  node?: string | undefined;
  /** IPv4, IPv6 or host name. */
  address?: string | undefined;
  /** Port of the address. */
  port?: number | undefined;
  /** Absolute URL, for an instance without address and port. */
  url?: string | undefined;
  /** Additional ports by name. */
  ports?:
    | Record<
        string,
        {
          port: number;
          /** Default `false`. */
          secure?: boolean | undefined;
        }
      >
    | undefined;
  /** Share of traffic; default 1, and 0 means none. */
  weight?: number | undefined;
  /** Status that the instance reports for itself. Default `up`. */
  status?: InstanceStatus | undefined;
  /** False: no lease; it remains until it is deregistered. Default `true`. */
  ephemeral?: boolean | undefined;
  /** Map of strings to strings, at most 64 entries and 8 KiB. */
  metadata?: Record<string, string> | undefined;
  /** Labels that reads filter by. */
  tags?: string[] | undefined;
  /** Version of the software that it runs. */
  version?: string | undefined;
  /** Location where it runs; by default, that of the caller. */
  location?: Location | undefined;
  /** Random id of this run of the process, which distinguishes a restart from a repeated request. */
  incarnation?: string | undefined;
  lease?:
    | {
        /** Unhealthy after this time; 30 s by default. */
        ttlMs?: number | undefined;
        /** Removed after this time; `ttlMs` by default, null: never. */
        removeAfterMs?: number | null | undefined;
        /** Suggested time between renewals; a third of `ttlMs` by default. */
        intervalMs?: number | undefined;
        /** Replaces `removeAfterMs` until the first renewal. */
        firstRemoveAfterMs?: number | undefined;
      }
    | null
    | undefined;
  /** Data of single dialects, keyed by dialect. */
  extensions?: Record<string, unknown> | undefined;
}

/** A change: metadata is a merge patch, where null removes an entry; tags are replaced. */
export interface InstancePatch {
  /** Share of traffic; 0 means none. */
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  metadata?: Record<string, string | null> | undefined;
  tags?: string[] | undefined;
}

/** An operator's settings for an instance, merged over its registration. */
export interface OverrideBody {
  enabled?: boolean | undefined;
  /** Share of traffic; 0 means none. */
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  /** Entries merged over those of the registration. */
  metadata?: Record<string, string> | undefined;
  /** No traffic through any protocol, until lifted or until `until`. */
  quarantine?:
    | {
        /** RFC 3339. */
        until?: string | undefined;
        reason?: string | undefined;
      }
    | undefined;
}

/** Settings of a service, without its instances. */
export interface ServiceBody {
  /** Map of strings to strings, at most 64 entries and 8 KiB. */
  metadata?: Record<string, string> | undefined;
  /** Share of healthy instances below which resolving ignores health; 0: never. Default `0`. */
  protectThreshold?: number | undefined;
  selector?: { type: string; expression?: string | undefined } | undefined;
}

/** A change of the settings of a service: metadata is a merge patch, `selector: null` removes the selector. */
export interface ServicePatchBody {
  metadata?: Record<string, string | null> | undefined;
  /** Share of healthy instances below which resolving ignores health; 0: never. */
  protectThreshold?: number | undefined;
  selector?: { type: string; expression?: string | undefined } | null | undefined;
}

/** Names and preconditions of one operation of a batch. */
export interface OperationNames {
  /** Default `DEFAULT_GROUP`. */
  group?: string | undefined;
  /** Service name. */
  service: string;
  /** Instance id. */
  id: string;
  /** Only if the record has this revision. */
  ifRevision?: number | undefined;
  /** Only if the record does not exist. */
  ifAbsent?: true | undefined;
}

/** One operation of a batch. */
export type BatchOperation =
  | ({ op: 'register' } & OperationNames & InstanceBody)
  | ({ op: 'update' } & OperationNames & InstancePatch)
  | ({ op: 'deregister' } & OperationNames)
  | ({ op: 'override' } & OperationNames & OverrideBody);
