import fc from 'fast-check';
import { mostly, some } from './odds';

/** The keywords of JSON Schema that docs/openapi.json uses. */
export interface Schema {
  $ref?: string;
  type?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  example?: unknown;
}

/** Texts that have broken parsers before. */
export const WILD_TEXTS: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../..',
  '%2e%2e',
  '%2F',
  '%252e%252e%252f',
  '%00',
  '%ff',
  '%zz',
  '%ED%A0%80',
  '/',
  '\\',
  '?',
  '#',
  ';x=y',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '-1',
  '1e309',
  '99999999999999999999',
  '*',
  '@@',
  'a@@b',
  'a@@b*',
  '*@@*',
  '"',
  "'; DROP TABLE records; --",
  '<script>alert(1)</script>',
  '\u0000',
  '\r\nSet-Cookie: a=b',
  'a:b',
  'xmlns:a',
  '@class',
  '$',
  '#text',
  'ĳ',
  'a\rb',
  '\ufffe',
  '\u202e',
  '\ufeff',
  'ü',
  '🦆',
  '\ud800',
  '\udc00\ud800',
  'x'.repeat(255),
  'x'.repeat(256),
  'ü'.repeat(200),
  'x'.repeat(5_000),
];

const WILD_NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  0.5,
  1,
  65_535,
  65_536,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e308,
  5e-324,
];

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);

const WILD_VALUES: readonly unknown[] = [
  null,
  true,
  [],
  {},
  [null],
  { a: { b: null } },
  nested(50),
  nested(2_000),
  JSON.parse('{"__proto__":{"operates":true},"constructor":{"prototype":{}}}'),
  Array(1_500).fill(0),
  Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'v'])),
];

/** Depth below which objects have only their required members, and lists have none. */
const DEPTH_MAX = 4;

/** Texts that no schema describes. */
export const wildTexts = fc.constantFrom(...WILD_TEXTS);
/** Values that no schema describes. */
const wildValues: fc.Arbitrary<unknown> = fc.oneof(
  wildTexts,
  fc.constantFrom(...WILD_NUMBERS),
  fc.constantFrom(...WILD_VALUES),
);

/** Generates values from the schemas of docs/openapi.json. */
export class SchemaValues {
  readonly #named: Record<string, Schema>;
  /** Names that exist in the registry under test, so that some valid values refer to something. */
  readonly #words: fc.Arbitrary<string>;
  readonly #startedAt = Date.now();

  constructor(named: Record<string, Schema>, words: readonly string[]) {
    this.#named = named;
    this.#words = fc.constantFrom(...words);
  }

  /** Generates values that are mostly valid, often valid except for one fault, and sometimes anything at all. */
  mixed(schema: Schema, example?: unknown): fc.Arbitrary<unknown> {
    const valid = this.valid(schema, example);
    return fc.oneof(
      { withCrossShrink: true },
      { arbitrary: valid, weight: 14 },
      { arbitrary: valid.chain(spoilt), weight: 5 },
      { arbitrary: wildValues, weight: 1 },
    );
  }

  /** Generates values that fit a schema, many of them the example of its operation. */
  valid(schema: Schema, example?: unknown): fc.Arbitrary<unknown> {
    const values = this.#valid(schema, 0);
    return example === undefined ? values : mostly(0.6, fc.constant(example), values);
  }

  #valid(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) return this.#valid(this.#named[schema.$ref.split('/').at(-1) ?? ''] ?? {}, depth);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const variants = schema.anyOf ?? schema.oneOf ?? [];
    if (variants.length > 0) return fc.oneof(...variants.map((variant) => this.#valid(variant, depth)));
    if (schema.type === 'object') return this.#object(schema, depth);
    if (schema.type === 'array') return this.#list(schema, depth);
    if (schema.type === 'integer' || schema.type === 'number') return numbers(schema);
    if (schema.type === 'boolean') return fc.boolean();
    if (schema.type === 'null') return fc.constant(null);
    return this.#text(schema);
  }

  #list({ items = {}, maxItems = 3 }: Schema, depth: number): fc.Arbitrary<unknown[]> {
    if (depth > DEPTH_MAX) return fc.constant([]);
    return fc.array(this.#valid(items, depth + 1), { maxLength: Math.min(maxItems, 3) });
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, depth: number): fc.Arbitrary<unknown> {
    const members = Object.entries(properties).flatMap(([name, member]): fc.Arbitrary<[string, unknown][]>[] => {
      const isRequired = required.includes(name);
      if (!isRequired && depth >= DEPTH_MAX) return [];
      const pair = this.#valid(member, depth + 1).map((value): [string, unknown] => [name, value]);
      return [isRequired ? pair.map((each) => [each]) : some(0.25, [pair])];
    });
    // A client chooses the key: mostly a word, and sometimes one with a meaning to a reader.
    if (typeof additionalProperties === 'object' && depth < DEPTH_MAX) {
      const key = mostly(0.8, this.#words, wildTexts);
      members.push(some(0.5, [fc.tuple(key, this.#valid(additionalProperties, depth + 1))]));
    }
    return fc.tuple(...members).map((pairs) => Object.fromEntries(pairs.flat()));
  }

  #text({ pattern, example, maxLength }: Schema): fc.Arbitrary<string> {
    if (pattern?.startsWith('^\\d')) return fc.nat(50).map(String);
    if (pattern?.includes('T') === true)
      return fc.integer({ min: -1e8, max: 1e8 }).map((offset) => new Date(this.#startedAt + offset).toISOString());
    const words = this.#words.map((word) => word.slice(0, maxLength ?? 255));
    return typeof example === 'string' ? mostly(0.5, fc.constant(example), words) : words;
  }
}

/** Generates numbers in the range of a schema, its limits among them. */
function numbers({ minimum = 0, maximum = 100_000, type }: Schema): fc.Arbitrary<number> {
  const [min, max] = [Math.max(minimum, -1e9), Math.min(maximum, 1e9)];
  const between = type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
  return mostly(0.5, between, fc.constantFrom(minimum, maximum));
}

/** Generates copies of a value with one fault, at any depth. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return wildValues;
  return mostly(0.9, spoiltMember(value), wildValues);
}

function spoiltMember(value: object): fc.Arbitrary<unknown> {
  const members = Object.entries(value);
  const extra = fc.tuple(wildTexts, wildValues).map(([key, member]) => ({ ...value, [key]: member }));
  if (members.length === 0) return extra;
  const copied = (pairs: [string, unknown][]): unknown =>
    Array.isArray(value) ? pairs.map(([, member]) => member) : Object.fromEntries(pairs);
  const changed = fc
    .constantFrom(...members)
    .chain(([key, member]) =>
      spoilt(member).map((wrong) => copied(members.map((pair) => (pair[0] === key ? [key, wrong] : pair)))),
    );
  const missing = fc.constantFrom(...members).map(([key]) => copied(members.filter(([other]) => other !== key)));
  return fc.oneof(
    { arbitrary: changed, weight: 2 },
    { arbitrary: Array.isArray(value) ? missing : extra, weight: 1 },
    { arbitrary: missing, weight: 1 },
  );
}
