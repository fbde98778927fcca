export type * from '../wire/bodies';

/** Settings of every call. */
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

/** Condition of a change: where it does not hold, the change is refused with `REVISION_MISMATCH`. */
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

/** Liveness of a registry. */
export interface Health {
  /** `degraded` if it answers, but something does not work; see `problems`. */
  status: 'ok' | 'degraded';
  problems?: string[] | undefined;
  version: string;
  /** Where the deployer told it. */
  commit?: string | undefined;
}
