import type { InstanceList } from './queries';

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
