import { z } from 'zod';
import { KNOWN_QUERIES_MAX_COUNT, KNOWN_QUERY_MAX_CHARACTERS } from '../../model/limits';
import { parsed } from './field-errors';
import { queryText, readQuery } from './request-target';

/**
 * The queries that a route was asked lately, by their text: callers ask the same few again and again, and parsing even
 * `?consistency=cached` takes longer than everything else that a cached answer takes.
 */
export class KnownQueries<Schema extends z.ZodObject> {
  readonly #schema: Schema;
  readonly #lists: ReadonlySet<string>;
  readonly #known = new Map<string, z.output<Schema>>();

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#lists = listsOf(schema);
  }

  /**
   * What the query of a URL asks for. Frozen, as others are given the same.
   *
   * @throws {RegistryError} `INVALID_REQUEST` where it is not what the schema takes; that is not remembered.
   */
  of(url: string): z.output<Schema> {
    const text = queryText(url);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const query = parsed(this.#schema, readQuery(url, this.#lists), 'query');
    Object.freeze(query);
    if (text.length > KNOWN_QUERY_MAX_CHARACTERS) return query;
    if (this.#known.size >= KNOWN_QUERIES_MAX_COUNT) this.#known.clear();
    this.#known.set(text, query);
    return query;
  }
}

/** The parameters of a query that are lists: they may come many times. */
function listsOf({ shape }: z.ZodObject): ReadonlySet<string> {
  const isList = (schema: unknown): boolean =>
    schema instanceof z.ZodArray || (schema instanceof z.ZodDefault && isList(schema.unwrap()));
  return new Set(Object.keys(shape).filter((name) => isList(shape[name])));
}
