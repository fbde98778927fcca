import type { HonoRequest } from 'hono';
import { z } from 'zod';
import { KNOWN_QUERIES_MAX_COUNT, KNOWN_QUERY_MAX_CHARACTERS } from '../../model/limits';
import { isPlainName, PLAIN_NAMED } from '../../model/names';
import { readJsonBody } from '../request/body';
import { parsed } from '../request/field-errors';
import { assertDecodable, queryText, readQuery } from '../request/request-target';
import type { RequestContext } from './request-context';
import type { RequestSchemas } from './route-card';

/** A request's parts as their schemas gave them. */
export type Parsed<Input extends RequestSchemas> = { [Part in keyof Input]: z.output<Input[Part]> };

/** The query of a route that has no parameters: any parameter is a mistake. */
const NO_QUERY = z.strictObject({});

/**
 * Makes the step `parse` of a native route, which reads a request's parts by their schemas. Without a body that is done
 * at once, without a promise.
 */
export function inputReader<Input extends RequestSchemas>({ path, query, body }: Input, bodyMaxBytes: number) {
  const queries = new KnownQueries(query ?? NO_QUERY);
  const readNames = path && namesReader(path);
  // `as`, twice: the parts come from the schemas of this very input.
  return ({ env, req }: RequestContext): Parsed<Input> | Promise<Parsed<Input>> => {
    const parts: Parsed<RequestSchemas> = { query: queries.of(env.url) };
    if (readNames !== undefined) parts.path = readNames(req);
    if (body === undefined) return parts as Parsed<Input>;
    return readJsonBody(env.request, bodyMaxBytes).then((value) => {
      parts.body = parsed(body, value, 'body');
      return parts as Parsed<Input>;
    });
  };
}

/** One variable part of a path, percent-decoded once; undefined where the route has none of this name. */
export function pathName(req: HonoRequest, name: string): string | undefined {
  assertDecodable(req.path);
  return req.param(name);
}

/** All variable parts of a path. @throws {RegistryError} `INVALID_REQUEST` where the path can't be decoded. */
export function pathNames(req: HonoRequest): Record<string, string> {
  assertDecodable(req.path);
  return req.param();
}

/** Makes what reads the names in a path: by their schema, or by one look where that is known to be enough. */
export function namesReader(schema: z.ZodObject) {
  const names = Object.keys(schema.shape);
  const mayBePlain = Object.values(schema.shape).every((part) => PLAIN_NAMED.has(part));
  return (req: HonoRequest): Record<string, unknown> => {
    const asked: Record<string, string | undefined> = {};
    let arePlain = mayBePlain;
    for (const name of names) {
      const value = pathName(req, name);
      asked[name] = value;
      arePlain &&= isPlainName(value);
    }
    return arePlain ? asked : parsed(schema, asked, 'path');
  };
}

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
