import { z } from 'zod';

/** A type that is generated from a schema. */
export interface WrittenType {
  schema: z.ZodType;
  /** Its docstring. Those of members are the descriptions in the schema. */
  about: string;
  /** `input` for what callers send, `output` for what the registry returns. Default `output`. */
  io?: 'input' | 'output';
  /** Generated types whose members it has: it extends them, or one of its options is an intersection with them. */
  parts?: readonly string[];
  /** The same type in another schema, to which requests refer. */
  also?: z.ZodType;
  /** Docstrings of members that the schema does not describe, or describes for other readers. */
  notes?: Readonly<Record<string, string>>;
}

/** Notes on a page of a list. */
export const NEXT = { next: 'Pass it as `after` to get the next page.' };

/** A file of generated types. */
export interface WrittenFile {
  about: string;
  types: Readonly<Record<string, WrittenType>>;
}

/** The part of JSON Schema that zod writes for these types. */
interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  description?: string;
  format?: string;
  default?: unknown;
}

const LINE_MAX_CHARACTERS = 116;

function docstring(text: string): string {
  const line = `/** ${text} */`;
  if (line.length <= LINE_MAX_CHARACTERS) return `${line}\n`;
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length < LINE_MAX_CHARACTERS - 4)
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    else lines.push(word);
  }
  return `/**\n${lines.map((each) => ` * ${each}\n`).join('')} */\n`;
}

/** Returns a description as sentences, with the default and the format of a time. */
function described({ description, format, default: usual }: JsonSchema): string {
  const sentences = [
    ...(description === undefined ? [] : [/[.!?]$/.test(description) ? description : `${description}.`]),
    ...(format === 'date-time' ? ['RFC 3339.'] : []),
    ...(['string', 'number', 'boolean'].includes(typeof usual) && usual !== '' ? [`Default \`${usual}\`.`] : []),
  ];
  const text = sentences.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Generates the declarations of one direction: of requests or of answers. */
class Declarations {
  readonly #schemas: Record<string, JsonSchema>;
  /** Generated text of the members of each type, by name of the type. */
  readonly #members = new Map<string, Map<string, string>>();

  constructor(types: ReadonlyMap<string, WrittenType>, io: 'input' | 'output') {
    const registry = z.registry<{ id: string }>();
    for (const [id, { schema, also }] of types) {
      registry.add(io === 'input' ? (also ?? schema) : schema, { id });
    }
    const { schemas } = z.toJSONSchema(registry, { io, unrepresentable: 'any', uri: (id) => id });
    this.#schemas = schemas as Record<string, JsonSchema>; // `as`: the members that are read here
    for (const id of types.keys()) this.#members.set(id, this.#membersOf(this.#schema(id), {}));
  }

  /** Returns the type without its docstring, for the comparison of the two directions. */
  bare(name: string): string {
    return this.#typeOf(this.#schema(name), [], {});
  }

  declaration(name: string, { about, parts = [], notes = {} }: WrittenType): string {
    const schema = this.#schema(name);
    const head = docstring(about);
    if (schema.properties === undefined) return `${head}export type ${name} = ${this.#typeOf(schema, parts, notes)};\n`;
    const { bases, rest } = this.#apart(schema, parts, notes);
    const missing = parts.filter((part) => !bases.includes(part));
    if (missing.length > 0) throw new Error(`${name} does not have all members of ${missing.join()}`);
    return `${head}export interface ${name}${bases.length > 0 ? ` extends ${bases.join(', ')}` : ''} {\n${rest}}\n`;
  }

  #schema(name: string): JsonSchema {
    const schema = this.#schemas[name];
    if (schema === undefined) throw new Error(`there is no schema of ${name}`);
    return schema;
  }

  /** Separates the members of an object's parts from its other members. */
  #apart(schema: JsonSchema, parts: readonly string[], notes: NonNullable<WrittenType['notes']>) {
    const members = this.#membersOf(schema, notes);
    const plain = this.#membersOf(schema, {});
    const bases = parts.filter((part) => {
      const own = [...(this.#members.get(part) ?? [])];
      return own.length > 0 && own.every(([name, text]) => plain.get(name) === text);
    });
    for (const base of bases) for (const name of this.#members.get(base)?.keys() ?? []) members.delete(name);
    return { bases, rest: [...members.values()].join('') };
  }

  #membersOf({ properties = {}, required = [] }: JsonSchema, notes: NonNullable<WrittenType['notes']>) {
    const members = new Map<string, string>();
    for (const [name, member] of Object.entries(properties)) {
      const isRequired = required.includes(name);
      const text = notes[name] ?? described(member);
      const type = this.#typeOf(member, [], {});
      members.set(
        name,
        `${text === '' ? '' : docstring(text)}${name}${isRequired ? '' : '?'}: ${type}${isRequired ? '' : ' | undefined'};\n`,
      );
    }
    return members;
  }

  #typeOf(schema: JsonSchema, parts: readonly string[], notes: NonNullable<WrittenType['notes']>): string {
    const { $ref, type, items, properties, additionalProperties, propertyNames } = schema;
    const options = schema.anyOf ?? schema.oneOf;
    if ($ref !== undefined) return this.#named($ref);
    if (options !== undefined) {
      const types = options.map((option) => this.#typeOf(option, parts, notes));
      // Literals next to `string` would add nothing.
      const named = types.includes('string') ? types.filter((each) => !each.startsWith("'")) : types;
      const inUnion = (each: string) => (each.includes(' & ') ? `(${each})` : each);
      return [...new Set(named)].map(inUnion).join(' | ');
    }
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
    if (type === 'array') {
      const item = this.#typeOf(items ?? {}, [], {});
      return / [|&] /.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    if (properties !== undefined) {
      const { bases, rest } = this.#apart(schema, parts, notes);
      return [...(rest === '' ? [] : [inBraces(rest)]), ...bases].join(' & ');
    }
    if (type === 'object') {
      const key = propertyNames === undefined ? 'string' : this.#typeOf(propertyNames, [], {});
      const value = typeof additionalProperties === 'object' ? this.#typeOf(additionalProperties, [], {}) : 'unknown';
      return `Record<${key}, ${value}>`;
    }
    return [type ?? 'unknown'].flat().join(' | ').replace('integer', 'number');
  }

  /** Returns the name of a reference; a schema without a name is written inline. */
  #named(ref: string): string {
    const [file = '', inner] = ref.split('#/$defs/');
    if (inner === undefined) return file;
    const target = this.#schemas[file]?.$defs?.[inner];
    if (target === undefined) throw new Error(`there is no schema at ${ref}`);
    return this.#typeOf(target, [], {});
  }
}

/** Returns an object type of these members, in one line if none has a docstring and the line is short. */
function inBraces(members: string): string {
  const line = `{ ${members.trimEnd().replace(/;$/, '').replaceAll('\n', ' ')} }`;
  return line.includes('/**') || line.length > 90 ? `{\n${members}}` : line;
}

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));

/** Generates files of types from schemas. Returns their texts by name, with their imports of each other. */
export function declarationsOf(files: Readonly<Record<string, WrittenFile>>): Map<string, string> {
  const types = new Map(Object.values(files).flatMap((file) => Object.entries(file.types)));
  const homes = new Map(
    Object.entries(files).flatMap(([file, { types: own }]) => Object.keys(own).map((name) => [name, file])),
  );
  const answered = new Declarations(types, 'output');
  const sent = new Declarations(types, 'input');
  for (const [name, { also }] of types) {
    if (also !== undefined && answered.bare(name) !== sent.bare(name)) throw new Error(`${name} is two types`);
  }
  return new Map(
    Object.entries(files).map(([file, { about, types: own }]) => {
      const declarations = Object.entries(own).map(([name, type]) =>
        (type.io === 'input' ? sent : answered).declaration(name, type),
      );
      const body = declarations.join('\n');
      const code = body.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/'[^']*'/g, '');
      const imports = new Map<string, string[]>();
      for (const [name, home] of homes) {
        if (home !== file && new RegExp(`\\b${name}\\b`).test(code))
          imports.set(home, [...(imports.get(home) ?? []), name]);
      }
      const lines = [...imports]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([home, names]) => `import type { ${names.sort().join(', ')} } from './${home}';\n`);
      const head = docstring(
        `${about} Generated by \`npm run client-types\` from the schemas of src/model; change those.`,
      );
      return [file, `${lines.join('')}\n${head}\n${body}`];
    }),
  );
}
