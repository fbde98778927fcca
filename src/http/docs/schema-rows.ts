import type { ApiDocument, Schema } from './api-document';

/** A row in a table of members. */
export interface MemberRow {
  /** Path of the member: `lease.ttlMs`, `operations[].id`, `metadata.<key>`. */
  name: string;
  /** Short description of the type. */
  type: string;
  required: boolean;
  description: string;
}

/** Deeper than any of our members; bounds recursive schemas. */
const DEEPEST = 5;

const isNull = (schema: Schema): boolean => schema.type === 'null';

/** Lists the members of a schema, nested ones by their paths. */
export class SchemaRows {
  readonly #document: ApiDocument;

  constructor(document: ApiDocument) {
    this.#document = document;
  }

  /** Returns rows for all members of a schema. */
  of(schema: Schema): MemberRow[] {
    return [...this.#members(this.#followed(schema), '', 0)];
  }

  /** Describes the type of a schema in a few words. */
  typeOf(given: Schema): string {
    const schema = this.#followed(given);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return [...new Set(choices.map((choice) => this.typeOf(choice)))].join(' | ');
    if (schema.type === 'array')
      return `list of ${schema.items === undefined ? 'anything' : this.typeOf(schema.items)}`;
    const { minimum, maximum } = schema;
    const range =
      minimum !== undefined && maximum !== undefined
        ? `, ${minimum.toLocaleString('en')} to ${maximum.toLocaleString('en')}`
        : minimum !== undefined
          ? `, at least ${minimum.toLocaleString('en')}`
          : '';
    return `${schema.format ?? schema.type ?? 'anything'}${range}`;
  }

  *#members(schema: Schema, above: string, depth: number): Generator<MemberRow> {
    if (depth > DEEPEST) return;
    const prefix = above === '' ? '' : `${above}.`;
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      yield* this.#member(`${prefix}${name}`, member, schema.required?.includes(name) ?? false, depth);
    }
    if (typeof schema.additionalProperties === 'object') {
      yield* this.#member(`${prefix}<key>`, schema.additionalProperties, false, depth);
    }
    // Alternatives of one object, distinguished by a constant: list the members of each, prefixed with its constant.
    for (const choice of schema.oneOf ?? []) {
      const { properties = {} } = this.#followed(choice);
      const constant = Object.entries(properties).find(([, { const: value }]) => value !== undefined);
      if (constant === undefined) continue;
      yield* this.#members(this.#followed(choice), `${above} (${constant[0]}: ${String(constant[1].const)})`, depth);
    }
  }

  *#member(name: string, given: Schema, required: boolean, depth: number): Generator<MemberRow> {
    const schema = this.#followed(given);
    const fallback = schema.default === undefined ? '' : `Default ${JSON.stringify(schema.default)}.`;
    const described = given.description ?? schema.description ?? '';
    const description = [described, fallback].filter((text) => text !== '').join(described.endsWith('.') ? ' ' : '. ');
    yield { name, type: this.typeOf(schema), required, description };
    const inner = schema.anyOf?.map((choice) => this.#followed(choice)).find((choice) => !isNull(choice)) ?? schema;
    if (inner.type === 'array' && inner.items !== undefined) {
      yield* this.#members(this.#followed(inner.items), `${name}[]`, depth + 1);
    } else {
      yield* this.#members(inner, name, depth + 1);
    }
  }

  #followed(schema: Schema): Schema {
    const name = schema.$ref?.replace('#/components/schemas/', '');
    return name === undefined ? schema : (this.#document.components.schemas[name] ?? {});
  }
}
