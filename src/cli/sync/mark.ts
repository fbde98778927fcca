import { createHash } from 'node:crypto';
import type { Instance } from '../../client/wire/instance';
import type { SourceInstance } from './source';

/** Under this name the mark of a mirror is kept in the extensions of what it writes, which no dialect shows. */
const EXTENSION = 'mirror';

/** Says of an instance who wrote it, and from what. */
export interface Mark {
  /** Name of the mirror: of its source. */
  mirror: string;
  /** What the source calls it. */
  id: string;
  /** Digest of what was written: another one says that the source has changed it since. */
  content: string;
}

/** Long enough that a change goes unseen once in 2^64. */
const DIGEST_CHARACTERS = 16;

/** JSON with the keys of each object in order, so that the same content is the same text. */
function orderedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** The mark of an instance that is about to be written. @param leaseTtlMs Of the lease that it is given. */
export function markFor(mirror: string, { id, body }: SourceInstance, leaseTtlMs: number): Mark {
  const content = createHash('sha256')
    .update(orderedJson([body, leaseTtlMs]))
    .digest('hex');
  return { mirror, id, content: content.slice(0, DIGEST_CHARACTERS) };
}

/** Extensions with the mark among them. */
export const withMark = (extensions: Record<string, unknown> | undefined, mark: Mark): Record<string, unknown> => ({
  ...extensions,
  [EXTENSION]: mark,
});

/** The mark that an instance carries; undefined where it has none, or something that is no mark. */
export function markOf({ extensions }: Pick<Instance, 'extensions'>): Mark | undefined {
  const found = Object.hasOwn(extensions, EXTENSION) ? extensions[EXTENSION] : undefined;
  if (typeof found !== 'object' || found === null) return undefined;
  const { mirror, id, content }: Partial<Record<keyof Mark, unknown>> = found;
  if (typeof mirror !== 'string' || typeof id !== 'string' || typeof content !== 'string') return undefined;
  return { mirror, id, content };
}

/** Id under which the owner of a token is kept: the one in its text, or `root`. */
export const ownerOf = (token: string | undefined): string => /^rc_([A-Za-z0-9]+)_/.exec(token ?? '')?.[1] ?? 'root';
