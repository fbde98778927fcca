import { RegistryError } from '../../model/errors';
import { invalid } from './field-errors';

/** Where the path of a request's URL begins, without parsing the URL: this runs for every request. */
export function pathStart(url: string): number {
  return url.indexOf('/', url.indexOf('://') + 3);
}

/** The origin that a request was sent to, such as `https://registry.example`. */
export function requestOrigin({ url }: Pick<Request, 'url'>): string {
  return url.slice(0, pathStart(url));
}

/** Where it begins and ends. */
function pathBounds(url: string): { start: number; end: number } {
  const start = pathStart(url);
  const query = url.indexOf('?', start);
  const fragment = url.indexOf('#', start);
  let end = query === -1 ? url.length : query;
  if (fragment !== -1 && fragment < end) end = fragment;
  return { start, end };
}

/** The path as it was sent, still percent-encoded, so that a `%2F` inside a name does not part it. */
export function rawPath({ url }: Pick<Request, 'url'>): string {
  const { start, end } = pathBounds(url);
  return url.slice(start, end);
}

/** The query of a URL as it was sent, without its question mark; empty where there is none. */
export function queryText(url: string): string {
  if (!url.includes('?')) return '';
  const { end } = pathBounds(url);
  if (url[end] !== '?') return '';
  const fragment = url.indexOf('#', end);
  return url.slice(end + 1, fragment === -1 ? undefined : fragment);
}

/** Path and query as they were sent. */
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
      `${what} has a "%" that begins no UTF-8 character; write it as %25`,
      {},
      { cause },
    );
  }
}

/**
 * Refuses a path that can't be decoded; the router, which decodes each part once, would let it through as it is.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function assertDecodable(path: string): void {
  if (path.includes('%')) decoded(path, 'the path');
}

const formDecoded = (text: string): string =>
  /[%+]/.test(text) ? decoded(text.replaceAll('+', ' '), 'the query') : text;

const NO_LISTS: ReadonlySet<string> = new Set();

/** Begins the name of a parameter that filters by an entry of the metadata. */
const METADATA_PREFIX = 'metadata.';

/**
 * The parameters of a query, each with its text; `metadata.<key>=<value>` are gathered under `metadata`.
 *
 * The objects have no prototype, so a parameter named `__proto__` is one like any other, and is refused as unknown.
 *
 * @param lists Parameters that may come many times: their value is a list.
 * @throws {RegistryError} `INVALID_REQUEST` for another parameter that comes twice, or one that can't be decoded.
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
    if (key in holder) throw invalid('query', [{ path: name, message: 'comes twice; once is enough' }]);
    holder[key] = value;
  }
  // A parameter called just `metadata` meets the schema as the text it is, and is refused there.
  if (Object.keys(metadata).length > 0) parameters.metadata = metadata;
  return parameters;
}
