import type { WireKeys } from './watch';

const NAMES = ['key', 'prefix', 'from', 'to'] as const;

/** Members of keys, as a query has them. */
type QueryKeys = Partial<Record<(typeof NAMES)[number], string>>;

/** Returns keys as a query has them: text, or all of them base64url if one can't be text in a URL. */
export function inQuery(keys: readonly WireKeys[]): { keys: QueryKeys[]; base64: true | undefined } {
  const isText = keys.every((each) =>
    Object.entries(each).every(([name, text]) => !name.endsWith('64') && !text.includes('\0')),
  );
  const encoded = (each: WireKeys): QueryKeys =>
    Object.fromEntries(
      NAMES.flatMap((name) => {
        const text = each[name];
        const base64 = text === undefined ? each[`${name}Base64`] : base64Of(text);
        return base64 === undefined ? [] : [[name, inUrl(base64)]];
      }),
    );
  return isText ? { keys: [...keys], base64: undefined } : { keys: keys.map(encoded), base64: true };
}

/** Returns keys as the query of a stream has them. */
export function keysQuery(wireKeys: readonly WireKeys[]): Record<string, readonly string[] | true | undefined> {
  const { keys, base64 } = inQuery(wireKeys);
  const intervals = keys.filter(({ from }) => from !== undefined);
  return {
    key: keys.flatMap(({ key = [] }) => key),
    prefix: keys.flatMap(({ prefix = [] }) => prefix),
    from: intervals.map(({ from = '' }) => from),
    to: intervals.map(({ to = '' }) => to),
    base64,
  };
}

/** Returns the base64 of text as UTF-8. */
export const base64Of = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const inUrl = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
