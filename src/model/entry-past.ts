import * as z from 'zod';
import { EntryContent, keyed, keyIn, keyProblem, shownKey } from './entry';
import { RegistryError } from './errors';
import { MomentView } from './history';
import { intervalOf, intervalOfPrefix, type KeyInterval } from './key-interval';
import { keyMembers, keysInJson, keysInQuery, type NamedKeys, textMember } from './key-scope';
import { AUDITED_KEY_MAX_CHARACTERS } from './limits';
import { FlagParameter, PAGE_LIMIT, PageCount, PointInTime } from './query-values';

/** Comparison and rollback of entries: queries, bodies, commands and answers. */

const ALL = 'Only keys that begin with this; empty: all';
const FROM = 'Only this key and those after it, in the order of bytes';

interface Selection {
  key?: string | undefined;
  prefix?: string | undefined;
  fromKey?: string | undefined;
  toKey?: string | undefined;
  base64?: boolean | undefined;
}

const queried = ({ fromKey: from, toKey: to, base64, ...others }: Selection) => {
  const isAll = [others.key, others.prefix, from, to || undefined].every((each) => each === undefined);
  return keysInQuery({ ...(isAll ? { prefix: '' } : { ...others, from, to }), base64 });
};

const named = ({ to: _, fromKey, fromKeyBase64, toKey, toKeyBase64, ...others }: EntryRollbackMembers) =>
  keysInJson({ ...others, from: fromKey, fromBase64: fromKeyBase64, to: toKey, toBase64: toKeyBase64 });

/** Returns the faults of selected keys. `from` and `to` of these requests are points in time, so those of keys have longer names. */
function issuesOf({ issues }: NamedKeys, input: object): z.core.$ZodRawIssue[] {
  return issues.map(({ message, path: [name] }) => {
    if (name === undefined) {
      return { code: 'custom', message: 'give one of key, prefix, or fromKey and toKey', path: [], input };
    }
    return { code: 'custom', message, path: [name.replace(/^(from|to)/, '$1Key')], input };
  });
}

/** Parameters of a comparison of entries. */
export const EntryDiffQuery = z
  .strictObject({
    key: textMember('Only this key'),
    prefix: textMember(ALL),
    fromKey: textMember(FROM),
    toKey: textMember('Only keys before this one; empty: no end'),
    base64: FlagParameter.meta({
      description: 'Keys in this request are base64url of their bytes, which any key can be sent as',
    }),
    from: PointInTime.meta({ description: 'First point in time: a cursor, a time or a revision' }),
    to: PointInTime.optional().meta({
      description: 'Second point in time: a cursor, a time or a revision; by default, now',
    }),
    limit: PageCount.optional().meta({ description: PAGE_LIMIT }),
    after: z.string().optional().meta({ description: 'The `next` of the previous page' }),
  })
  .check(({ value, issues }) => {
    const { key, prefix, fromKey, toKey, base64, after } = value;
    issues.push(...issuesOf(queried({ key, prefix, fromKey, toKey, base64 }), value));
    if (after === undefined || keyIn(after, true) !== undefined) return;
    issues.push({ code: 'custom', message: keyProblem(true), path: ['after'], input: after });
  });
export type EntryDiffQuery = z.output<typeof EntryDiffQuery>;

/** Returns the keys that a valid query selects: all if it names none. */
export function comparedKeys({ key, prefix, fromKey, toKey, base64 }: EntryDiffQuery): KeyInterval {
  return queried({ key, prefix, fromKey, toKey, base64 }).keys ?? { from: '' };
}

/** An entry that differs between two points in time. */
export const EntryDifference = z
  .object({ ...keyed, before: EntryContent.nullable(), after: EntryContent.nullable() })
  .meta({ id: 'EntryDifference' });
export type EntryDifference = z.output<typeof EntryDifference>;

/** Differences of entries between two points in time. Applied to the first, they give the second. */
export const EntryDiff = z
  .object({
    from: MomentView,
    to: MomentView,
    entries: z.array(EntryDifference).meta({
      description: 'Entries that differ, in the order of their keys; null: the entry did not exist',
    }),
    more: z.boolean().meta({ description: 'true: continue with `next`, even if this page has no entries' }),
    next: z.string().optional().meta({
      description:
        'Pass it as `after`, and the cursor in `to` as `to`, so that all pages compare the same two points in time',
    }),
  })
  .meta({ id: 'EntryDiff' });
export type EntryDiff = z.output<typeof EntryDiff>;

const rollbackMembers = {
  ...keyMembers,
  prefix: textMember(ALL),
  prefixBase64: textMember('Prefix as base64'),
  fromKey: textMember(FROM),
  fromKeyBase64: textMember('First key as base64'),
  toKey: textMember('Only keys before this one'),
  toKeyBase64: textMember('The same as base64'),
  to: PointInTime,
};
type EntryRollbackMembers = Partial<Record<keyof typeof rollbackMembers, string | undefined>>;

/** Body of a rollback of entries. It names its keys, so that an omission never rolls back all of them. */
export const EntryRollbackRequest = z
  .strictObject(rollbackMembers)
  .check(({ value, issues }) => {
    const { to: _, ...members } = value;
    if (Object.values(members).some((each) => each !== undefined)) issues.push(...issuesOf(named(value), value));
    else
      issues.push({
        code: 'custom',
        message: 'give key, prefix, or fromKey and toKey; an empty prefix is all keys',
        path: ['prefix'],
        input: value,
      });
  })
  .meta({ id: 'EntryRollback' });
export type EntryRollbackRequest = z.output<typeof EntryRollbackRequest>;

/** Returns the keys that a valid body selects. */
export function rolledBackKeys(body: EntryRollbackRequest): KeyInterval {
  const { keys } = named(body);
  if (keys === undefined) throw new RegistryError('INVALID_REQUEST', 'give key, prefix, or fromKey and toKey');
  return keys;
}

const count = (description: string) => z.int().meta({ description });

/** Result of a rollback of entries. */
export const EntryRollbackReport = z
  .object({
    to: MomentView,
    cursor: z.string(),
    revision: z.int().nullable().meta({ description: 'Revision that the rollback created; null if nothing changed' }),
    restored: count('Entries that have their earlier value and type again'),
    deleted: count('Entries that were deleted because they did not exist then'),
    held: count('Entries that were left as they are because a lease holds them or has locked them, or held them then'),
  })
  .meta({ id: 'EntryRollbackReport' });
export type EntryRollbackReport = z.output<typeof EntryRollbackReport>;

/** Describes keys for the audit trail: `kv/config/*`, `kv/config/db`, or from one key up to another. */
export function intervalText({ from, to }: KeyInterval): string {
  if (to === intervalOf(from).to) return `kv/${auditedKey(from)}`;
  if (to === intervalOfPrefix(from).to) return `kv/${auditedKey(from)}*`;
  return `kv/${auditedKey(from)} to ${to === undefined ? 'the last key' : auditedKey(to)}`;
}

function auditedKey(key: string): string {
  const shown = shownKey(key);
  // The trail is text in SQLite, which Deno cuts at NUL when it reads.
  const text = 'key' in shown && !shown.key.includes('\u0000') ? shown.key : `base64:${btoa(key)}`;
  if (text.length <= AUDITED_KEY_MAX_CHARACTERS) return text;
  // The cut may split a surrogate pair.
  return `${text.slice(0, AUDITED_KEY_MAX_CHARACTERS).toWellFormed()}...`;
}

/** A read of a page of the history of a key. */
export interface EntryHistoryCommand {
  /** Id of the token whose rate the call counts towards, if the namespace limits it. */
  tokenId?: string | undefined;
  key: string;
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** A comparison of entries. */
export interface EntryDiffCommand {
  /** Id of the token whose rate the call counts towards, if the namespace limits it. */
  tokenId?: string | undefined;
  interval: KeyInterval;
  from: PointInTime;
  /** Now by default. */
  to?: PointInTime | undefined;
  limit?: number | undefined;
  /** The last key of the previous page. */
  after?: string | undefined;
}
