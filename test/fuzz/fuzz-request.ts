import type { SeededRandom } from '../simulation/seeded-random';
import { type Nearness, type Schema, SchemaValues } from './schema-values';

/** An operation of docs/openapi.json, with the members that the fuzz needs. */
export interface Operation {
  operationId: string;
  method: string;
  path: string;
  parameters: { in: 'path' | 'query' | 'header'; name: string; example?: string; schema: Schema }[];
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

/** Values that the run has seen so far, for reuse in requests. */
export interface Seen {
  cursors: string[];
  tokenIds: string[];
}

/** Returns all operations of the document. */
export function operationsOf(document: { paths: Record<string, Record<string, object>> }): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    // `as`: the document is generated, and its own tests check it.
    Object.entries(methods).map(([method, card]) => ({ ...card, method: method.toUpperCase(), path }) as Operation),
  );
}

/** Creates requests from the document, with every part wrong that a client can get wrong. */
export class RequestMaker {
  readonly #operations: readonly [Operation, ...Operation[]];
  readonly #random: SeededRandom;
  readonly #values: SchemaValues;
  readonly #seen: Seen;

  constructor(document: Parameters<typeof operationsOf>[0] & { components: object }, random: SeededRandom, seen: Seen) {
    const [first, ...rest] = operationsOf(document);
    if (first === undefined) throw new Error('docs/openapi.json names no operation');
    this.#operations = [first, ...rest];
    this.#random = random;
    this.#seen = seen;
    const { schemas } = document.components as { schemas: Record<string, Schema> }; // `as`: see operationsOf
    this.#values = new SchemaValues(random, schemas, WORDS);
  }

  get operationIds(): string[] {
    return this.#operations.map(({ operationId }) => operationId);
  }

  next(): FuzzRequest {
    const random = this.#random;
    const operation = random.pick(this.#operations);
    const method = random.chance(0.97)
      ? operation.method
      : random.pick(['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
    const query = this.#query(operation);
    const headers = this.#headers(operation);
    const body = method === 'GET' || method === 'HEAD' ? undefined : this.#body(operation, headers);
    const asksToWait = query.some(([name]) => name === 'wait') || headers.some(([name]) => name === 'Prefer');
    const text = query
      .map(([name, value]) => `${escaped(name)}=${random.chance(0.9) ? escaped(value) : raw(value)}`)
      .join('&');
    const target = this.#path(operation) + (text === '' ? '' : `?${text}`);
    const mayWait = asksToWait || /\/(watch|socket|drain)$/.test(operation.path);
    return { operation: operation.operationId, method, target, headers, body, mayWait };
  }

  #path({ path }: Operation): string {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (this.#random.chance(0.06))
        return this.#random.chance(0.5) ? escaped(this.#values.wildText()) : raw(this.#values.wildText());
      if (name === 'ns') return this.#random.pick(NAMESPACES);
      if (path.startsWith('/api/v1/tokens/')) return this.#random.pick(['nobody', ...this.#seen.tokenIds]);
      // Mostly the same few, so that many requests are about something that exists.
      if (this.#random.chance(0.7)) return this.#random.pick(COMMON_NAMES[name] ?? WORDS);
      return this.#random.pick(WORDS);
    });
    if (this.#random.chance(0.97)) return filled;
    const trick = this.#random.pick(['/../..', '/%2e%2e', '//', '/.', ';a=b', '/%2F', '\\', '/%252e%252e/', '%00']);
    const at = this.#random.whole(1, filled.length);
    return filled.slice(0, at) + trick + filled.slice(at);
  }

  #nearness(): Nearness {
    return this.#random.weighted({ valid: 14, near: 5, wild: 1 });
  }

  #text(schema: Schema, name: string, example: string | undefined): string {
    if (this.#nearness() === 'wild') return this.#values.wildText();
    // A requested wait takes its time: short ones show as much.
    if (name === 'wait' || name === 'grace' || name === 'maxAge')
      return this.#random.pick(['0s', '10ms', '50ms', '1s', '6m', '-1s']);
    if (name === 'Prefer') return this.#random.pick(['wait=0', 'wait=1', 'wait=-1', 'wait=x', 'respond-async']);
    if (name.startsWith('If-'))
      return this.#random.pick(['*', `"${this.#cursor()}"`, `W/"${this.#cursor()}"`, '"x"', '"', `"1", "2"`]);
    if (['cursor', 'at', 'since', 'until', 'from', 'to', 'after', 'Last-Event-ID'].includes(name))
      return this.#cursor();
    const value = this.#values.of(schema, 'valid', example);
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  #cursor(): string {
    return this.#random.pick(['', 'x', '2026-11-01T00:00:00.000Z', ...this.#seen.cursors.slice(-5)]);
  }

  #query({ parameters }: Operation): [string, string][] {
    const own = parameters.filter(({ in: where }) => where === 'query' && this.#random.chance(0.2));
    const pairs = own.map(({ name, schema, example }): [string, string] => {
      return [name.replace('<key>', this.#random.pick(WORDS)), this.#text(schema, name, example)];
    });
    const [first] = pairs;
    if (first !== undefined && this.#random.chance(0.05)) pairs.push(first);
    if (this.#random.chance(0.03)) pairs.push([this.#values.wildText(), this.#values.wildText()]);
    return pairs;
  }

  #headers({ parameters, path }: Operation): [string, string][] {
    const own = parameters.filter(({ in: where }) => where === 'header' && this.#random.chance(0.1));
    const pairs = own.map(({ name, schema, example }): [string, string] => [name, this.#text(schema, name, example)]);
    if (this.#random.chance(0.04)) pairs.push([this.#random.pick(HEADER_NAMES), this.#values.wildText()]);
    const [first] = pairs;
    if (first !== undefined && this.#random.chance(0.05)) pairs.push(first);
    if (path.endsWith('/socket') && this.#random.chance(0.7)) {
      pairs.push(['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Version', '13']);
      pairs.push(['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='], ['Sec-WebSocket-Protocol', 'rollcall.v1']);
    }
    // Clients can't send what HTTP can't carry; they can send bytes beyond ASCII.
    return pairs.map(([name, value]) => [
      name,
      Buffer.from(value)
        .toString('latin1')
        .replace(/[^\t\x20-\x7e\x80-\xff]/g, '?'),
    ]);
  }

  /** Creates a body, and its declared type. */
  #body({ requestBody }: Operation, headers: [string, string][]): Buffer | undefined {
    const content = requestBody?.content['application/json'];
    if (content === undefined && this.#random.chance(0.9)) return undefined;
    headers.push(['Content-Type', this.#random.chance(0.97) ? 'application/json' : this.#random.pick(CONTENT_TYPES)]);
    const value = this.#values.of(content?.schema ?? {}, this.#nearness(), content?.example);
    const text = (JSON.stringify(value) ?? '').replace(
      /"(cursor|to)":"[^"]*"/g,
      (_, name) => `"${name}":"${this.#cursor()}"`,
    );
    if (this.#random.chance(0.96)) return Buffer.from(text);
    return this.#random.pick([
      () => Buffer.from(text.slice(0, text.length / 2)),
      () => Buffer.from(`${text}${text}`),
      () => Buffer.from([0xff, 0xfe, ...Buffer.from(text.slice(0, 100)), 0xc3]),
      () => Buffer.from(`{"a":${'['.repeat(20_000)}`),
      () => Buffer.from(`${text.slice(0, -1)}, "metadata": {"__proto__": {"x": "y"}}}`),
      () => Buffer.alloc(1_048_576, ' '),
      () => Buffer.from(JSON.stringify({ name: 'x'.repeat(1_000_000) })),
      () => Buffer.alloc(0),
    ])();
  }
}

/** Encodes a text. A URL can't contain half of a surrogate pair; a client can send one only as invalid UTF-8. */
export function escaped(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

/** Returns a text unchanged, except for characters that would end the target or its line. */
function raw(text: string): string {
  return escaped(text).replace(/%(2F|25|5C|3B|2E|2A|40|3D|26|3F)/g, (sequence) => decodeURIComponent(sequence));
}
