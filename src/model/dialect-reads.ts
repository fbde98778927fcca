import type { InstanceView } from './instance';
import type { InstanceList } from './queries';

/** An instance that changed: its state at the reported revision, or its last state if it is gone. */
export interface ChangedInstance {
  instance: InstanceView;
  isGone: boolean;
  /** True: it did not exist before. */
  isNew: boolean;
  /** Time of the last change to it or to its override, in milliseconds since the epoch. */
  at: number;
}

/** Instances that changed since a point in time, each listed once, in the order of their last changes. */
export interface ChangedInstances {
  instances: ChangedInstance[];
  /** Newest revision that this covers. */
  revision: number;
  /** Wall-clock time of the registry, in milliseconds since the epoch. */
  now: number;
  /** True: there is more. Continue from the cursor of this answer; only after the last one is the copy consistent. */
  more: boolean;
}

/** Name of a service. */
interface NamedService {
  group: string;
  service: string;
}

/** Reads of a service that an isolate answered from its cache. */
export interface SharedRead extends NamedService {
  /** Id of the reader's token. */
  tokenId: string;
  /** Name of the reader, if it has one, and the cursor of what it was sent before, if that is still current. */
  subscriber?: { id: string; address?: string | undefined; seen?: string | undefined } | undefined;
  /** Number of reads by readers without a name. */
  count?: number | undefined;
}

/** Services that changed since a cursor. */
export interface ChangedServices {
  /** Null: any service may have changed. */
  services: NamedService[] | null;
  /** Intervals that the namespace configures, if they differ from the defaults. */
  intervals?: { nacosPollMs?: number | undefined; nacosBeatMs?: number | undefined } | undefined;
}

/**
 * A text that instances of a service share, stored once for all of them: data of a dialect that is too large for the
 * `extensions` of an instance. It is not a record: it has no revision and no history, and is deleted with the last
 * instance that references it.
 */
export interface SharedDocument {
  /** SHA-256 of the text, in hexadecimal, so that equal texts are stored once. */
  id: string;
  /** At most `DOCUMENT_MAX_BYTES`; the surface that takes it checks that. */
  text: string;
}

/** A list of instances for a dialect, with what it asked for: their shared documents, and another service. */
export interface ListedInstances extends InstanceList {
  /** Instances of the other service, by id; absent if it has none. */
  alongside?: InstanceView[] | undefined;
  /** Set if `alongside` does not have all of them: pass it as `after` to a list of that service to continue. */
  alongsideNext?: string | undefined;
  documents?: HeldDocument[] | undefined;
}

/** A document of a service, and the listed instances that share it. */
export interface HeldDocument {
  text: string;
  /** Ids of the instances. */
  instances: string[];
}
