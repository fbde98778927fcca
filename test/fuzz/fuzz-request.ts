import fc from 'fast-check';
import { maybe, mostly, some } from './odds';
import { type Schema, SchemaValues, wildTexts } from './schema-values';
import { CURSORS, LEASE_IDS, TOKEN_IDS } from './seen-values';

/** A parameter of an operation. */
interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
  example?: string;
  schema: Schema;
}

/** An operation of docs/openapi.json, with the members that the fuzz needs. */
export interface Operation {
  operationId: string;
  method: string;
  path: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
}

/** A request as sent. Header lines may repeat. */
export interface FuzzRequest {
  operation: string;
  /** Dialect of its door and of its error format; undefined for the native API. */
  dialect?: string;
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
  /** True if the response may be slow, because it was asked to wait, or streams. */
  mayWait: boolean;
}

/** Names that recur, so that requests affect what others created. */
const WORDS = ['orders', 'a', 'b', 'c', 'DEFAULT_GROUP', 'g', 'zone-1', '10.0.0.7'] as const;
const COMMON_NAMES: Record<string, readonly [string, ...string[]]> = {
  group: ['DEFAULT_GROUP'],
  service: ['orders'],
  id: ['a', 'b'],
  key: ['a', 'a', 'config/a'],
};
const NAMESPACES = ['public', 'public', 'public', 'fuzz', 'fuzz', 'absent', '*'] as const;
const CONTENT_TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  'application/xml',
  'x',
  '',
  'multipart/form-data',
] as const;
const HEADER_NAMES = [
  'If-Match',
  'If-None-Match',
  'Prefer',
  'Rollcall-Subscriber',
  'Last-Event-ID',
  'X-Forwarded-For',
  'CF-Connecting-IP',
  'Accept',
  'Cookie',
  'Origin',
  'Content-Encoding',
  'Range',
  'Upgrade',
  'Sec-WebSocket-Protocol',
  'Expect-CT',
] as const;

const PATH_TRICKS = ['/../..', '/%2e%2e', '//', '/.', ';a=b', '/%2F', '\\', '/%252e%252e/', '%00'] as const;
const UPGRADE: [string, string][] = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ['Sec-WebSocket-Protocol', 'rollcall.v1'],
];
/** Turns the text of a body into bytes that are not a body of its type, or a very large one. */
const BROKEN: readonly ((text: string) => Buffer)[] = [
  (text) => Buffer.from(text.slice(0, text.length / 2)),
  (text) => Buffer.from(`${text}${text}`),
  (text) => Buffer.from([0xff, 0xfe, ...Buffer.from(text.slice(0, 100)), 0xc3]),
  () => Buffer.from(`{"a":${'['.repeat(20_000)}`),
  (text) => Buffer.from(`${text.slice(0, -1)}, "metadata": {"__proto__": {"x": "y"}}}`),
  () => Buffer.alloc(1_048_576, ' '),
  () => Buffer.from(JSON.stringify({ name: 'x'.repeat(1_000_000) })),
  () => Buffer.alloc(0),
];

/** Values of entries, some of them around the limits of a value and of its body. */
const VALUES = fc.oneof(
  { arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)), weight: 20 },
  { arbitrary: fc.constantFrom(...BROKEN).map((broken) => broken('{"a":1}')), weight: 4 },
  {
    arbitrary: fc.constantFrom(512, 513, 600, 601).map((kibibytes) => Buffer.alloc(kibibytes * 1_024, 'v')),
    weight: 1,
  },
);

/** Returns all operations of the document. */
export function operationsOf(document: { paths: Record<string, Record<string, object>> }): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    // `as`: the document is generated, and its own tests check it.
    Object.entries(methods).map(([method, card]) => ({ ...card, method: method.toUpperCase(), path }) as Operation),
  );
}

/** A part of a URL or a header line. */
type Pair = [name: string, value: string];

/** Generates requests from the document, with every part wrong that a client can get wrong. */
export class NativeRequests {
  readonly operationIds: string[];
  readonly requests: fc.Arbitrary<FuzzRequest>;
  readonly #values: SchemaValues;

  constructor(document: Parameters<typeof operationsOf>[0] & { components: object }) {
    const operations = operationsOf(document);
    const { schemas } = document.components as { schemas: Record<string, Schema> }; // `as`: see operationsOf
    this.#values = new SchemaValues(schemas, WORDS);
    this.operationIds = operations.map(({ operationId }) => operationId);
    this.requests = fc.oneof(...operations.map((operation) => this.#request(operation)));
  }

  #request(operation: Operation): fc.Arbitrary<FuzzRequest> {
    const parts = {
      method: mostly(
        0.97,
        fc.constant(operation.method),
        fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      ),
      path: this.#path(operation),
      query: this.#query(operation),
      isRaw: mostly(0.9, fc.constant(false), fc.constant(true)),
      headers: this.#headers(operation),
      content: this.#content(operation),
    };
    return fc.record(parts).map(({ method, path, query, isRaw, headers, content }) => {
      const text = query.map(([name, value]) => `${escaped(name)}=${isRaw ? raw(value) : escaped(value)}`).join('&');
      const sent = method === 'GET' || method === 'HEAD' ? undefined : content;
      const asksToWait = query.some(([name]) => name === 'wait') || headers.some(([name]) => name === 'Prefer');
      return {
        operation: operation.operationId,
        method,
        target: text === '' ? path : `${path}?${text}`,
        headers: sent === undefined ? headers : [...headers, ['Content-Type', sent.type]],
        body: sent?.body,
        mayWait: asksToWait || /\/(watch|socket|drain)$/.test(operation.path),
      };
    });
  }

  #path({ path }: Operation): fc.Arbitrary<string> {
    const segments = path.split('/').map((segment) => {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      if (name === undefined) return fc.constant(segment);
      const wild = fc.oneof(wildTexts.map(escaped), wildTexts.map(raw));
      return mostly(0.94, this.#name(path, name), wild);
    });
    const filled = fc.tuple(...segments).map((parts) => parts.join('/'));
    const tricked = fc.tuple(filled, fc.constantFrom(...PATH_TRICKS), fc.nat(200)).map(([text, trick, position]) => {
      const at = 1 + (position % text.length);
      return text.slice(0, at) + trick + text.slice(at);
    });
    return mostly(0.97, filled, tricked);
  }

  /** Generates names that are mostly the same few, so that many requests are about something that exists. */
  #name(path: string, name: string): fc.Arbitrary<string> {
    if (name === 'ns') return fc.constantFrom(...NAMESPACES);
    if (path.startsWith('/api/v1/tokens/'))
      return fc.oneof({ arbitrary: TOKEN_IDS, weight: 9 }, fc.constant('missing'));
    if (name === 'lease') return LEASE_IDS;
    return mostly(0.7, fc.constantFrom(...(COMMON_NAMES[name] ?? WORDS)), fc.constantFrom(...WORDS));
  }

  #text(path: string, parameter: Parameter): fc.Arbitrary<string> {
    return mostly(0.95, this.#usualText(path, parameter), wildTexts);
  }

  #usualText(path: string, { schema, name, example }: Parameter): fc.Arbitrary<string> {
    // A requested wait takes its time: short ones show as much.
    if (name === 'wait' || name === 'grace' || name === 'maxAge')
      return fc.constantFrom('0s', '10ms', '50ms', '1s', '6m', '-1s');
    if (name === 'Prefer') return fc.constantFrom('wait=0', 'wait=1', 'wait=-1', 'wait=x', 'respond-async');
    if (name.startsWith('If-')) {
      const tags = CURSORS.chain((cursor) => fc.constantFrom(`"${cursor}"`, `W/"${cursor}"`));
      return fc.oneof(tags, fc.constantFrom('*', '"x"', '"', '"1", "2"'));
    }
    if (name === 'lease' || (name === 'after' && path.endsWith('/leases'))) return LEASE_IDS;
    if (['cursor', 'at', 'since', 'until', 'from', 'to', 'after', 'Last-Event-ID'].includes(name)) {
      return path.includes('/kv') && name !== 'at'
        ? mostly(0.6, fc.constantFrom('a', 'config/', 'YQ'), CURSORS)
        : CURSORS;
    }
    const values = this.#values.valid(schema, example);
    return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  }

  #query({ parameters, path }: Operation): fc.Arbitrary<Pair[]> {
    const own = parameters
      .filter((parameter) => parameter.in === 'query')
      .map((parameter) =>
        fc.tuple(
          fc.constantFrom(...WORDS).map((word) => parameter.name.replace('<key>', word)),
          this.#text(path, parameter),
        ),
      );
    return withRepeats(some(0.2, own), maybe(0.03, fc.tuple(wildTexts, wildTexts)));
  }

  #headers({ parameters, path }: Operation): fc.Arbitrary<Pair[]> {
    const own = parameters
      .filter((parameter) => parameter.in === 'header')
      .map((parameter) => fc.tuple(fc.constant(parameter.name), this.#text(path, parameter)));
    const extra = maybe(0.04, fc.tuple(fc.constantFrom(...HEADER_NAMES), wildTexts));
    const upgrade: fc.Arbitrary<Pair[] | undefined> = path.endsWith('/socket')
      ? maybe(0.7, fc.constant(UPGRADE))
      : fc.constant(undefined);
    return fc
      .tuple(withRepeats(some(0.1, own), extra), upgrade)
      .map(([pairs, more]) => [...pairs, ...(more ?? [])].map(([name, value]) => [name, headerText(value)]));
  }

  /** Generates a body and its declared type. */
  #content({ requestBody }: Operation): fc.Arbitrary<{ type: string; body: Buffer } | undefined> {
    if (requestBody?.content['*/*'] !== undefined) {
      return fc.record({ type: fc.constantFrom('application/json', ...CONTENT_TYPES), body: VALUES });
    }
    const content = requestBody?.content['application/json'];
    const texts = this.#values
      .mixed(content?.schema ?? {}, content?.example)
      .chain((value) => withSeen(JSON.stringify(value) ?? ''));
    const bodies = mostly(
      0.96,
      texts.map((text) => Buffer.from(text)),
      fc.tuple(fc.constantFrom(...BROKEN), texts).map(([broken, text]) => broken(text)),
    );
    const type = mostly(0.97, fc.constant('application/json'), fc.constantFrom(...CONTENT_TYPES));
    const whole = fc.record({ type, body: bodies });
    return content === undefined ? maybe(0.1, whole) : whole;
  }
}

/** Generates a list with another entry at its end, or with its first entry repeated. */
function withRepeats(pairs: fc.Arbitrary<Pair[]>, extra: fc.Arbitrary<Pair | undefined>): fc.Arbitrary<Pair[]> {
  const repeats = mostly(0.95, fc.constant(false), fc.constant(true));
  return fc
    .tuple(pairs, extra, repeats)
    .map(([own, last, isRepeated]) => [
      ...own,
      ...(last === undefined ? [] : [last]),
      ...(isRepeated ? own.slice(0, 1) : []),
    ]);
}

/** Generates a text with cursors and leases of the run in the members that take one. */
function withSeen(text: string): fc.Arbitrary<string> {
  const hasCursor = /"(?:cursor|to)":"/.test(text);
  const hasLease = LEASE_MEMBER.test(text);
  if (!hasCursor && !hasLease) return fc.constant(text);
  return fc
    .tuple(CURSORS, LEASE_IDS)
    .map(([cursor, lease]) =>
      text
        .replace(/"(cursor|to)":"[^"]*"/g, (_, name) => `"${name}":"${cursor}"`)
        .replace(LEASE_MEMBER, `$1"${lease}"`),
    );
}

/** The id of a lease that holds an entry or an instance. */
const LEASE_MEMBER = /("lease":(?:\{"id":)?)"[^"]*"/;

/** Returns what HTTP can carry of a text; a client can send bytes beyond ASCII, but no control characters. */
const headerText = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');

/** Encodes a text. A URL can't contain half of a surrogate pair; a client can send one only as invalid UTF-8. */
export function escaped(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

/** Returns a text unchanged, except for characters that would end the target or its line. */
function raw(text: string): string {
  return escaped(text).replace(/%(2F|25|5C|3B|2E|2A|40|3D|26|3F)/g, (sequence) => decodeURIComponent(sequence));
}
