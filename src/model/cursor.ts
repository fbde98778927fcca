/** A position in the history of a namespace. */
export interface Position {
  /** Random id of the epoch; a different one means a different history. */
  epoch: string;
  revision: number;
  /** 32 random bits of the commit, kept in its journal row: they reveal a storage that was rolled back from outside. */
  check: number;
}

/** Encodes a position as a cursor, which is opaque to clients. */
export function encodeCursor({ epoch, revision, check }: Position): string {
  return `c${epoch}.${revision.toString(36)}.${check.toString(36)}`;
}

/** Decodes a cursor; undefined if the text is not a cursor. */
export function decodeCursor(cursor: string): Position | undefined {
  const match = /^c([A-Za-z0-9_-]{1,32})\.([0-9a-z]{1,11})\.([0-9a-z]{1,7})$/.exec(cursor);
  if (match === null) return undefined;
  const [, epoch = '', revision = '', check = ''] = match;
  return { epoch, revision: Number.parseInt(revision, 36), check: Number.parseInt(check, 36) };
}

/** Returns the revision of a cursor from an answer, for dialects whose clients count revisions; 0 for any other text. */
export function revisionOf(cursor: string): number {
  return decodeCursor(cursor)?.revision ?? 0;
}
