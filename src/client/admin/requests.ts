export type * from '../wire/bodies';

/** Settings of every call. */
export interface CallSettings {
  /** Default: the namespace of the client. */
  ns?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Time until the response starts, in milliseconds; default: ten seconds plus the time that the call asks to wait. */
  timeoutMs?: number | undefined;
  /** Receives the response, for headers such as `Rollcall-Cursor`, `ETag`, `Location` and `Age`. Must not read the body. */
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

/** Condition of a change: if it does not hold, the change is refused with `REVISION_MISMATCH`. */
export interface Condition {
  /** The record is unchanged since this cursor; `*`: the record exists. */
  ifMatch?: string | undefined;
  /** The record does not exist. */
  ifNoneMatch?: '*' | undefined;
}

/** Required freshness of a read. */
export interface Freshness {
  /** Default `strong`; `cached` allows a response up to `maxAge` old. */
  consistency?: 'strong' | 'cached' | undefined;
  /** A duration such as `5s`. */
  maxAge?: string | undefined;
}

/** A page of a list. */
export interface Page {
  /** Maximum number of items; default: all, up to 8 MiB of text. */
  limit?: number | undefined;
  /** `next` of the previous page. */
  after?: string | undefined;
}

/** Liveness of a registry. */
export interface Health {
  /** `degraded` if it answers, but something does not work; see `problems`. */
  status: 'ok' | 'degraded';
  problems?: string[] | undefined;
  version: string;
  /** Set if the deployer provided it. */
  commit?: string | undefined;
}
