import type { InstanceStatus, Location } from './instance';

/**
 * What callers send about instances and services. Written by `npm run client-types` out of the schemas of
 * src/model: change those.
 */

/** An instance as it describes itself, beside its names. */
export interface InstanceBody {
  /** Cluster label. Default `DEFAULT`. */
  cluster?: string | undefined;
  /** The host it runs on. */
  node?: string | undefined;
  /** IPv4, IPv6 or host name. */
  address?: string | undefined;
  /** Port of the address. */
  port?: number | undefined;
  /** Absolute URL, for what has no port. */
  url?: string | undefined;
  /** Further ports, by name. */
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
  /** What the instance says of itself. Default `up`. */
  status?: InstanceStatus | undefined;
  /** False: no lease; it stays until it is deregistered. Default `true`. */
  ephemeral?: boolean | undefined;
  /** String to string, at most 64 entries and 8 KiB. */
  metadata?: Record<string, string> | undefined;
  /** Labels that reads filter by. */
  tags?: string[] | undefined;
  /** Version of what runs. */
  version?: string | undefined;
  /** Where it runs; where the caller is, when left out. */
  location?: Location | undefined;
  /** Random id of this run of the process: tells a restart from a repeat. */
  incarnation?: string | undefined;
  lease?:
    | {
        /** Unhealthy after this time; 30 s when left out. */
        ttlMs?: number | undefined;
        /** Gone after this time; `ttlMs` when left out, null: never. */
        removeAfterMs?: number | null | undefined;
        /** Hint of how often to renew; a third of `ttlMs` when left out. */
        intervalMs?: number | undefined;
        /** Instead of `removeAfterMs` until the first renewal. */
        firstRemoveAfterMs?: number | undefined;
      }
    | null
    | undefined;
  /** What only one dialect understands, by dialect. */
  extensions?: Record<string, unknown> | undefined;
}

/** A change: metadata is a merge patch, where null takes an entry out; tags replace. */
export interface InstancePatch {
  /** Share of traffic; 0 means none. */
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  metadata?: Record<string, string | null> | undefined;
  tags?: string[] | undefined;
}

/** What an operator sets on an instance: merged over what the instance says. */
export interface OverrideBody {
  enabled?: boolean | undefined;
  /** Share of traffic; 0 means none. */
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  /** Entries that are merged over those of the registration. */
  metadata?: Record<string, string> | undefined;
  /** No traffic in any dialect, until lifted or until `until`. */
  quarantine?:
    | {
        /** RFC 3339. */
        until?: string | undefined;
        reason?: string | undefined;
      }
    | undefined;
}

/** What a service has of its own. */
export interface ServiceBody {
  /** String to string, at most 64 entries and 8 KiB. */
  metadata?: Record<string, string> | undefined;
  /** Share of healthy instances below which resolving no longer asks for health; 0 never. Default `0`. */
  protectThreshold?: number | undefined;
  selector?: { type: string; expression?: string | undefined } | undefined;
}

/** A change of what a service has: metadata is a merge patch, `selector: null` removes it. */
export interface ServicePatchBody {
  metadata?: Record<string, string | null> | undefined;
  /** Share of healthy instances below which resolving no longer asks for health; 0 never. */
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
  /** The record has this revision. */
  ifRevision?: number | undefined;
  /** There is no such record. */
  ifAbsent?: true | undefined;
}

/** One operation of a batch. */
export type BatchOperation =
  | ({ op: 'register' } & OperationNames & InstanceBody)
  | ({ op: 'update' } & OperationNames & InstancePatch)
  | ({ op: 'deregister' } & OperationNames)
  | ({ op: 'override' } & OperationNames & OverrideBody);
