import type { SeededRandom } from '../simulation/seeded-random';

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
export const WILD_TEXTS: readonly [string, ...string[]] = [
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

const WILD_NUMBERS: readonly [number, ...number[]] = [
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

const WILD_VALUES: readonly [unknown, ...unknown[]] = [
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

/** Degree to which a value matches its schema. */
export type Nearness = 'valid' | 'near' | 'wild';

/** Generates values from schemas: valid ones, ones with one wrong member, and arbitrary ones. */
export class SchemaValues {
  readonly #random: SeededRandom;
  readonly #named: Record<string, Schema>;
  /** Names that exist in the registry under test, so that some valid values refer to something. */
  readonly #words: readonly [string, ...string[]];

  constructor(random: SeededRandom, named: Record<string, Schema>, words: readonly [string, ...string[]]) {
    this.#random = random;
    this.#named = named;
    this.#words = words;
  }

  of(schema: Schema, nearness: Nearness, example?: unknown): unknown {
    if (nearness === 'wild') return this.wild();
    const valid = example !== undefined && this.#random.chance(0.6) ? structuredClone(example) : this.#valid(schema, 0);
    return nearness === 'near' ? this.#spoilt(valid) : valid;
  }

  wild(): unknown {
    return this.#random.pick([
      () => this.#random.pick(WILD_VALUES),
      () => this.#random.pick(WILD_NUMBERS),
      () => this.#random.pick(WILD_TEXTS),
    ])();
  }

  wildText(): string {
    return this.#random.pick(WILD_TEXTS);
  }

  /** Returns the same value with one fault, at any depth. */
  #spoilt(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.#random.chance(0.1)) return this.wild();
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
    const [key, ...more] = Object.keys(copy);
    const how = this.#random.pick(['member', 'member', 'extra', 'missing'] as const);
    if (key === undefined || (how === 'extra' && !Array.isArray(copy)))
      return { ...copy, [this.wildText()]: this.wild() };
    const chosen = this.#random.pick([key, ...more]);
    // `as`, twice: a key of this object or array.
    if (how === 'missing') delete (copy as Record<string, unknown>)[chosen];
    else (copy as Record<string, unknown>)[chosen] = this.#spoilt((copy as Record<string, unknown>)[chosen]);
    return copy;
  }

  #valid(schema: Schema, depth: number): unknown {
    if (schema.$ref !== undefined) return this.#valid(this.#named[schema.$ref.split('/').at(-1) ?? ''] ?? {}, depth);
    if (schema.const !== undefined) return schema.const;
    const [choice, ...choices] = schema.enum ?? [];
    if (schema.enum !== undefined) return this.#random.pick([choice, ...choices]);
    const [variant, ...variants] = schema.anyOf ?? schema.oneOf ?? [];
    if (variant !== undefined) return this.#valid(this.#random.pick([variant, ...variants]), depth);
    if (schema.type === 'object') return this.#object(schema, depth);
    if (schema.type === 'array') {
      const count = Math.min(this.#random.whole(0, 3), schema.maxItems ?? 3);
      return Array.from({ length: count }, () => this.#valid(schema.items ?? {}, depth + 1));
    }
    if (schema.type === 'integer' || schema.type === 'number') return this.#number(schema);
    if (schema.type === 'boolean') return this.#random.chance(0.5);
    if (schema.type === 'null') return null;
    return this.#text(schema);
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, depth: number): unknown {
    const members = Object.entries(properties).filter(([name]) => {
      return required.includes(name) || (depth < 4 && this.#random.chance(0.25));
    });
    const extra =
      typeof additionalProperties === 'object' && this.#random.chance(0.5) ? additionalProperties : undefined;
    return Object.fromEntries([
      ...members.map(([name, member]) => [name, this.#valid(member, depth + 1)]),
      ...(extra === undefined ? [] : [[this.#extraKey(), this.#valid(extra, depth + 1)]]),
    ]);
  }

  /** Returns a key that the client chooses: mostly a word, and sometimes one with a meaning to a reader. */
  #extraKey(): string {
    return this.#random.chance(0.8) ? this.#random.pick(this.#words) : this.wildText();
  }

  #number({ minimum = 0, maximum = 100_000, type }: Schema): number {
    const from = Math.max(minimum, -1e9);
    const to = Math.min(maximum, 1e9);
    const edge = this.#random.pick([minimum, maximum, Number.NaN, Number.NaN]);
    if (!Number.isNaN(edge)) return edge;
    return type === 'integer' ? this.#random.whole(from, to) : this.#random.between(from, to);
  }

  #text({ pattern, example, maxLength }: Schema): string {
    if (pattern?.startsWith('^\\d')) return String(this.#random.whole(0, 50));
    if (pattern?.includes('T') === true) return new Date(Date.now() + this.#random.whole(-1e8, 1e8)).toISOString();
    if (typeof example === 'string' && this.#random.chance(0.5)) return example;
    return this.#random.pick(this.#words).slice(0, maxLength ?? 255);
  }
}
