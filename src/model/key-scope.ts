import * as z from 'zod';
import { utf8ByteString } from './bytes';
import { bytesOfBase64 } from './entry';
import { intervalOf, intervalOfPrefix, type KeyInterval } from './key-interval';
import { ENTRY_KEY_MAX_BYTES } from './limits';

/** Returns a member with text. */
export const textMember = (description: string) => z.string().optional().meta({ description });

/** Members of a single key. */
export const keyMembers = { key: textMember('Key'), keyBase64: textMember('Key as base64, if it is not valid UTF-8') };

/** Members of a key or an interval of keys. Each may be base64 instead. */
export const intervalMembers = {
  ...keyMembers,
  prefix: textMember('All keys that begin with this; every key if it is empty'),
  prefixBase64: textMember('Prefix as base64'),
  from: textMember('First key of an interval; absent: from the first key of all'),
  fromBase64: textMember('First key as base64'),
  to: textMember('End of the interval, itself not included; absent: no end'),
  toBase64: textMember('End as base64'),
};

type Texts<Name extends string> = { [Member in Name | `${Name}Base64`]?: string | undefined };

/** Context of a transform: collects what is wrong. */
interface Issues {
  addIssue(issue: { code: 'custom'; message: string; path: string[] }): void;
}

/** Reads bytes that are given as text or as base64; undefined if they are absent, or not valid. */
export function bytesGiven<Name extends string>(members: Texts<Name>, name: Name, issues: Issues): string | undefined {
  const base64Name = `${name}Base64` as const;
  const [plain, encoded]: (string | undefined)[] = [members[name], members[base64Name]];
  const report = (message: string, path: string) => issues.addIssue({ code: 'custom', message, path: [path] });
  if (plain !== undefined && encoded !== undefined) report(`give ${name} or ${base64Name}, not both`, base64Name);
  if (plain?.isWellFormed() === false) report('must be well-formed Unicode; send other bytes as base64', name);
  if (encoded === undefined) return plain === undefined ? undefined : utf8ByteString(plain);
  const bytes = bytesOfBase64(encoded);
  if (bytes === undefined) report('must be base64', base64Name);
  return bytes;
}

/** Reads a key or the end of an interval. */
function keyGiven<Name extends string>(members: Texts<Name>, name: Name, issues: Issues): string | undefined {
  const key = bytesGiven(members, name, issues);
  if (key === undefined || key.length <= ENTRY_KEY_MAX_BYTES) return key;
  issues.addIssue({ code: 'custom', message: `a key has at most ${ENTRY_KEY_MAX_BYTES} bytes`, path: [name] });
  return key;
}

/** Reads the members of a single key. */
export function singleKey(members: Texts<'key'>, issues: Issues): string {
  const key = keyGiven(members, 'key', issues);
  if (!key) issues.addIssue({ code: 'custom', message: 'must be a key of at least one byte', path: ['key'] });
  return key ?? '';
}

/** Reads the members of a key or an interval of keys. */
export function intervalGiven(members: Texts<'key' | 'prefix' | 'from' | 'to'>, issues: Issues): KeyInterval {
  const prefix = keyGiven(members, 'prefix', issues);
  const from = keyGiven(members, 'from', issues);
  const to = keyGiven(members, 'to', issues);
  // Queries take an empty one for no end; in JSON that could delete more than was meant.
  if (to === '') issues.addIssue({ code: 'custom', message: 'must not be empty; omit it for no end', path: ['to'] });
  const isSingle = members.key !== undefined || members.keyBase64 !== undefined;
  if ([isSingle || undefined, prefix, from ?? to].filter((each) => each !== undefined).length !== 1) {
    issues.addIssue({ code: 'custom', message: 'give one of key, prefix, or from and to', path: [] });
  }
  if (isSingle) return intervalOf(singleKey(members, issues));
  return prefix === undefined ? { from: from ?? '', to } : intervalOfPrefix(prefix);
}

/** Keys in JSON: a key, all keys with a prefix, or those from one up to, but not including, another. */
export const KeyScope = z.strictObject(intervalMembers).transform(intervalGiven);

/** Returns keys in that form. A single key is named as such: the end of its interval may be longer than a key. */
export function keyScopeOf({ from, to }: KeyInterval): z.input<typeof KeyScope> {
  if (to === intervalOf(from).to) return { keyBase64: btoa(from) };
  return { fromBase64: btoa(from), ...(to !== undefined && { toBase64: btoa(to) }) };
}

/** Keys that a request names, or the reasons why it names none. */
export interface NamedKeys {
  keys?: KeyInterval | undefined;
  issues: { message: string; path: string[] }[];
}

/** Keys in a query, one of whose parameters says that all of them are base64url. */
interface QueriedKeys extends Partial<Record<'key' | 'prefix' | 'from' | 'to', string | undefined>> {
  base64?: boolean | undefined;
}

/** Reads the keys of JSON. */
export function keysInJson(members: z.input<typeof KeyScope>): NamedKeys {
  const { data: keys, error } = KeyScope.safeParse(members);
  return { keys, issues: (error?.issues ?? []).map(({ message, path }) => ({ message, path: path.map(String) })) };
}

/** Reads the keys of a query. An empty `to` is no end. */
export function keysInQuery({ base64: isBase64 = false, to, ...others }: QueriedKeys): NamedKeys {
  const texts = { ...others, to: to || undefined };
  if (!isBase64) return keysInJson(texts);
  const encoded = Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${name}Base64`, text]));
  const { keys, issues } = keysInJson(encoded);
  return { keys, issues: issues.map(({ message, path }) => ({ message, path: path.map(withoutEncoding) })) };
}

const withoutEncoding = (name: string): string => name.replace(/Base64$/, '');
