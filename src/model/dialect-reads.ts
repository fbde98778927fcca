import type { InstanceView } from './instance';
import type { InstanceList } from './queries';

/** An instance that changed: as it is by the end of what is told, or as it last was where it is gone. */
export interface ChangedInstance {
  instance: InstanceView;
  isGone: boolean;
  /** True: it was not there before. */
  isNew: boolean;
  /** When it, or what an operator says of it, last changed; milliseconds since the epoch. */
  at: number;
}

/** Instances that changed since a moment, each once, in the order of their last changes. */
export interface ChangedInstances {
  instances: ChangedInstance[];
  /** Newest revision that is told of. */
  revision: number;
  /** The registry's time for people; milliseconds since the epoch. */
  now: number;
  /** True: there is more. Go on from the answer's cursor; only the last answer shows one moment. */
  more: boolean;
}

/** Names a service. */
interface NamedService {
  group: string;
  service: string;
}

/** Reads of a service that an isolate answered from what it keeps. */
export interface SharedRead extends NamedService {
  /** Id of the token that read. */
  tokenId: string;
  /** The name of the reader, where it has one, and the cursor of what it was sent before, where that still stands. */
  subscriber?: { id: string; address?: string | undefined; seen?: string | undefined } | undefined;
  /** Reads by readers without a name. */
  count?: number | undefined;
}

/** Services that changed since a cursor. */
export interface ChangedServices {
  /** Null: any may have changed. */
  services: NamedService[] | null;
  /** Intervals that the namespace hands out, where they are not the usual ones. */
  intervals?: { nacosPollMs?: number | undefined; nacosBeatMs?: number | undefined } | undefined;
}

/**
 * A text that instances of a service share, kept once for all of them: what a dialect keeps beside an instance, and its
 * `extensions` are too small for. It is no record: it has no revision, no past, and goes with the last instance that
 * names it.
 */
export interface SharedDocument {
  /** SHA-256 of the text, in hexadecimal: the same text is kept once. */
  id: string;
  /** At most `DOCUMENT_MAX_BYTES`, which the surface that it comes from sees to. */
  text: string;
}

/** A list of instances for a dialect, with the documents that they share where it asked for them. */
export interface ListedInstances extends InstanceList {
  documents?: HeldDocument[] | undefined;
}

/** A document of a service, and the instances of a list that share it. */
export interface HeldDocument {
  text: string;
  /** Their ids. */
  instances: string[];
}
