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
