import { createHash } from 'node:crypto';
import type { Instance } from '../../client/wire/instance';
import type { SourceInstance } from './source';

/** Name of the extension that holds the mark of a mirror; no dialect shows it. */
const EXTENSION = 'mirror';

/** Mark of a mirrored instance: its mirror and its origin. */
export interface Mark {
  /** Name of the mirror, which is that of its source. */
  mirror: string;
  /** Id at the source. */
  id: string;
  /** Digest of the written content; a different one means that the source has changed it since. */
  content: string;
}

/** Long enough that a change is missed only once in 2^64. */
const DIGEST_CHARACTERS = 16;

/** Returns JSON with sorted keys, so that the same content has the same text. */
function orderedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** Returns the mark of an instance to write. @param leaseTtlMs Time to live of its lease. */
export function markFor(mirror: string, { id, body }: SourceInstance, leaseTtlMs: number): Mark {
  const content = createHash('sha256')
    .update(orderedJson([body, leaseTtlMs]))
    .digest('hex');
  return { mirror, id, content: content.slice(0, DIGEST_CHARACTERS) };
}

/** Adds the mark to extensions. */
export const withMark = (extensions: Record<string, unknown> | undefined, mark: Mark): Record<string, unknown> => ({
  ...extensions,
  [EXTENSION]: mark,
});

/** Returns the mark of an instance; undefined if it has none, or an invalid one. */
export function markOf({ extensions }: Pick<Instance, 'extensions'>): Mark | undefined {
  const found = Object.hasOwn(extensions, EXTENSION) ? extensions[EXTENSION] : undefined;
  if (typeof found !== 'object' || found === null) return undefined;
  const { mirror, id, content }: Partial<Record<keyof Mark, unknown>> = found;
  if (typeof mirror !== 'string' || typeof id !== 'string' || typeof content !== 'string') return undefined;
  return { mirror, id, content };
}

/** Returns the owner id of a token: the id in its text, or `root`. */
export const ownerOf = (token: string | undefined): string => /^rc_([A-Za-z0-9]+)_/.exec(token ?? '')?.[1] ?? 'root';
