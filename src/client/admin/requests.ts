import type { InstanceStatus } from '../wire/instance';
import type { InstanceDefinition, InstancePatch, LeaseRequest } from '../wire/registration';

/** What every call takes. */
export interface CallSettings {
  /** Default: the namespace of the client. */
  ns?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Until the answer begins; default ten seconds, and what is waited for beside. */
  timeoutMs?: number | undefined;
  /** Takes the answer as it came: `Rollcall-Cursor`, `ETag`, `Location` and `Age` are headers of it. Not its body. */
  onAnswer?: ((answer: Response) => void) | undefined;
}

/** Names a service. */
export interface ServiceNames extends CallSettings {
  /** Default `DEFAULT_GROUP`. */
  group?: string | undefined;
  service: string;
}

/** Names an instance. */
export interface InstanceNames extends ServiceNames {
  id: string;
}

/** What has to hold for a change, or it is refused with `REVISION_MISMATCH`. */
export interface Condition {
  /** The record is unchanged since this cursor; `*`: there is such a record. */
  ifMatch?: string | undefined;
  /** There is no such record. */
  ifNoneMatch?: '*' | undefined;
}

/** How fresh an answer has to be. */
export interface Freshness {
  /** Default `strong`; `cached`: an answer up to `maxAge` old will do. */
  consistency?: 'strong' | 'cached' | undefined;
  /** Such as `5s`. */
  maxAge?: string | undefined;
}

/** A page of a list. */
export interface Page {
  /** At most so many; all where it is left out, up to 8 MiB of text. */
  limit?: number | undefined;
  /** The `next` of the page before. */
  after?: string | undefined;
}

/** An instance as it describes itself, beside its names. */
export interface InstanceBody extends Omit<InstanceDefinition, 'service' | 'group' | 'id' | 'lease'> {
  /** Default true; false: no lease, it stays until it is deregistered. */
  ephemeral?: boolean | undefined;
  lease?: (LeaseRequest & { firstRemoveAfterMs?: number | undefined }) | null | undefined;
}

/** What an operator sets on an instance: merged over what the instance says. */
export interface OverrideBody {
  enabled?: boolean | undefined;
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  metadata?: Record<string, string> | undefined;
  /** No traffic, until lifted or until `until`, RFC 3339. */
  quarantine?: { until?: string | undefined; reason?: string | undefined } | undefined;
}

/** What a service has of its own. */
export interface ServiceBody {
  metadata?: Record<string, string> | undefined;
  /** Share of healthy instances below which callers no longer ask for health; default 0: never. */
  protectThreshold?: number | undefined;
  selector?: { type: string; expression?: string | undefined } | undefined;
}

/** A change of what a service has: metadata is a merge patch, `selector: null` removes it. */
export interface ServicePatchBody {
  metadata?: Record<string, string | null> | undefined;
  protectThreshold?: number | undefined;
  selector?: { type: string; expression?: string | undefined } | null | undefined;
}

/** Names and preconditions of one operation of a batch. */
interface OperationNames {
  group?: string | undefined;
  service: string;
  id: string;
  /** The record has this revision. */
  ifRevision?: number | undefined;
  /** There is no such record. */
  ifAbsent?: true | undefined;
}

/** One operation of a batch. */
export type BatchOperation = OperationNames &
  (
    | ({ op: 'register' } & InstanceBody)
    | ({ op: 'update' } & InstancePatch)
    | { op: 'deregister' }
    | ({ op: 'override' } & OverrideBody)
  );
