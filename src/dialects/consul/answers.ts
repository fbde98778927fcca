import type { ReadOptions } from '../../codecs/consul/parameters';
import { COMMON_HEADERS } from '../../http/response/answers';
import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';

/** Headers of every response. ACLs of Consul are off: tokens are checked by the registry. */
export const CONSUL_HEADERS = { ...COMMON_HEADERS, 'X-Consul-Default-ACL-Policy': 'allow' } as const;

/** Spaces by which `?pretty` indents. */
const INDENT = 4;

/** Values that the headers of a response to a read repeat. */
export type ReadHeaders = Pick<ReadOptions, 'consistency' | 'cached'>;

/**
 * Returns the headers of a response to a read. The Go client reads the first three in this order, and stops at one that is
 * missing.
 */
export function queryHeaders(index: number, { consistency, cached }: ReadHeaders) {
  return {
    ...CONSUL_HEADERS,
    'X-Consul-Index': String(index),
    'X-Consul-LastContact': '0',
    'X-Consul-KnownLeader': 'true',
    'X-Consul-Effective-Consistency': consistency,
    ...(cached ? { 'X-Cache': 'MISS' } : {}),
  };
}

/** Cache of headers of recent JSON responses: creating ten headers takes as long as the rest of a response. */
const knownHeaders = new Map<string, Headers>();

function jsonHeaders(index: number, options: ReadHeaders): Headers {
  const key = `${index} ${options.consistency} ${options.cached}`;
  const known = knownHeaders.get(key);
  if (known !== undefined) return known;
  const headers = new Headers({ ...queryHeaders(index, options), 'Content-Type': 'application/json' });
  if (knownHeaders.size >= KNOWN_HEADERS_MAX_COUNT) knownHeaders.clear();
  knownHeaders.set(key, headers);
  return headers;
}

/** Returns the result of a read: JSON text with its index. */
export function indexedAnswer(
  text: string,
  index: number,
  options: ReadHeaders & Pick<ReadOptions, 'pretty'>,
  status = 200,
): Response {
  const headers = jsonHeaders(index, options);
  return new Response(options.pretty ? prettyText(text) : text, { status, headers });
}

/** Returns a JSON value without an index. */
export function jsonAnswer(value: unknown, { pretty = false, status = 200 } = {}): Response {
  const text = JSON.stringify(value);
  const headers = { ...CONSUL_HEADERS, 'Content-Type': 'application/json' };
  return new Response(pretty ? prettyText(text) : text, { status, headers });
}

/** Returns the result of a change at an agent: no body. */
export function emptyAnswer(): Response {
  return new Response(null, { status: 200, headers: CONSUL_HEADERS });
}

/** Returns a text. npm's client shows the text of an error only if it has this type. */
export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): Response {
  const all = { ...CONSUL_HEADERS, 'Content-Type': 'text/plain; charset=utf-8', ...headers };
  return new Response(text, { status, headers: all });
}

/** Numbers of more than 53 bits, which flags may be, stay as they are only in text. */
function prettyText(text: string): string {
  return /\d{16}/.test(text) ? text : `${JSON.stringify(JSON.parse(text), null, INDENT)}\n`;
}
