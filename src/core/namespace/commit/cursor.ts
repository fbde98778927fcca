/** A position in the life of a namespace. */
export interface Position {
  /** Random id of the storage; another one means another past. */
  epoch: string;
  revision: number;
  /** 32 random bits of the commit, kept in its journal row: they tell a rewound storage from the one that was read. */
  check: number;
}

/** A cursor is the position in one word. Clients never look inside. */
export function encodeCursor({ epoch, revision, check }: Position): string {
  return `c${epoch}.${revision.toString(36)}.${check.toString(36)}`;
}

/** The position that a cursor names; undefined where the text is no cursor at all. */
export function decodeCursor(cursor: string): Position | undefined {
  const match = /^c([A-Za-z0-9_-]{1,32})\.([0-9a-z]{1,11})\.([0-9a-z]{1,7})$/.exec(cursor);
  if (match === null) return undefined;
  const [, epoch = '', revision = '', check = ''] = match;
  return { epoch, revision: Number.parseInt(revision, 36), check: Number.parseInt(check, 36) };
}
