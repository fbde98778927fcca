import { RegistryError } from '../../model/errors';
import { invalid } from './field-errors';

/** Returns the index of the path in a URL. Does not parse the URL, as this runs for every request. */
export function pathStart(url: string): number {
  return url.indexOf('/', url.indexOf('://') + 3);
}

/** Returns the origin that a request was sent to, such as `https://registry.example`. */
export function requestOrigin({ url }: Pick<Request, 'url'>): string {
  return url.slice(0, pathStart(url));
}

/** Returns the start and the end of the path in a URL. */
function pathBounds(url: string): { start: number; end: number } {
  const start = pathStart(url);
  const query = url.indexOf('?', start);
  const fragment = url.indexOf('#', start);
  let end = query === -1 ? url.length : query;
  if (fragment !== -1 && fragment < end) end = fragment;
  return { start, end };
}

/** Returns the path as it was sent, still percent-encoded, so that a `%2F` in a name does not split it. */
export function rawPath({ url }: Pick<Request, 'url'>): string {
  const { start, end } = pathBounds(url);
  return url.slice(start, end);
}

/** Returns the query of a URL as it was sent, without the question mark; empty if there is none. */
export function queryText(url: string): string {
  if (!url.includes('?')) return '';
  const { end } = pathBounds(url);
  if (url[end] !== '?') return '';
  const fragment = url.indexOf('#', end);
  return url.slice(end + 1, fragment === -1 ? undefined : fragment);
}

/** Returns path and query as they were sent. */
export function pathAndQuery({ url }: Pick<Request, 'url'>): string {
  const { start } = pathBounds(url);
  const fragment = url.indexOf('#', start);
  return fragment === -1 ? url.slice(start) : url.slice(start, fragment);
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `${what} has a "%" that does not start an encoded UTF-8 character; write a literal % as %25`,
      {},
      { cause },
    );
  }
}

/**
 * Refuses a path that can't be decoded; the router, which decodes each part once, would pass it on undecoded.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function assertDecodable(path: string): void {
  if (path.includes('%')) decoded(path, 'the path');
}

const formDecoded = (text: string): string =>
  /[%+]/.test(text) ? decoded(text.replaceAll('+', ' '), 'the query') : text;

const NO_LISTS: ReadonlySet<string> = new Set();

/** Prefix of parameters that filter by metadata. */
const METADATA_PREFIX = 'metadata.';

/**
 * Reads the parameters of a query as text; `metadata.<key>=<value>` are collected under `metadata`.
 *
 * The objects have no prototype, so a parameter named `__proto__` is treated like any other and refused as unknown.
 *
 * @param lists Parameters that may be repeated: their value is a list.
 * @throws {RegistryError} `INVALID_REQUEST` if another parameter is repeated, or one can't be decoded.
 */
export function readQuery(url: string, lists: ReadonlySet<string> = NO_LISTS): Record<string, unknown> {
  const parameters: Record<string, unknown> = Object.create(null);
  const metadata: Record<string, unknown> = Object.create(null);
  for (const pair of queryText(url).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = formDecoded(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : formDecoded(pair.slice(equals + 1));
    const filters = name.startsWith(METADATA_PREFIX);
    const holder = filters ? metadata : parameters;
    const key = filters ? name.slice(METADATA_PREFIX.length) : name;
    if (!filters && lists.has(name)) {
      const values = parameters[name];
      if (Array.isArray(values)) values.push(value);
      else parameters[name] = [value];
      continue;
    }
    if (key in holder) throw invalid('query', [{ path: name, message: 'appears twice; send it once' }]);
    holder[key] = value;
  }
  // A parameter named just `metadata` stays text, which the schema refuses.
  if (Object.keys(metadata).length > 0) parameters.metadata = metadata;
  return parameters;
}
