import * as z from 'zod';
import { parsed } from '../../http/request/field-errors';
import { queryText } from '../../http/request/request-target';
import { RegistryError } from '../../model/errors';
import { isRecord, jsonProblem } from '../../model/json';
import { GO_MICRO_ITEMS_MAX_COUNT } from '../../model/limits';

/** One argument or result of an endpoint, as go-micro derives it from a Go type. */
export interface Value {
  name: string;
  type: string;
  values: Value[];
}

/** A method that a service answers. */
export interface Endpoint {
  name: string;
  request: Value | null;
  response: Value | null;
  metadata: Record<string, string>;
}

/** One process of a service; go-micro's word for an instance. */
export interface Node {
  id: string;
  /** `host:port`, or whatever its transport dials. */
  address: string;
  metadata: Record<string, string>;
}

/** A version of a service with its nodes. */
export interface Service {
  name: string;
  version: string;
  metadata: Record<string, string>;
  endpoints: Endpoint[];
  nodes: Node[];
}

/** A message to a watcher; Go's names, as the struct has no tags. */
export interface Result {
  Action: 'create' | 'update' | 'delete';
  Service: Service;
}

/** As Go's decoder takes it: absent, null and the zero value are the same. */
const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

const Strings = z
  .record(z.string(), Text)
  .nullish()
  .transform((map) => map ?? {});

const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

/**
 * The same object with its names in lower case: Go's decoder takes them in any. Two of one name are refused. Go takes the
 * last, another reader that with the right case; no client sends both.
 */
function withLowerNames(value: unknown, context: z.RefinementCtx): unknown {
  if (!isRecord(value)) return value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [name.toLowerCase(), member]);
  const names = new Set<string>();
  for (const [name] of members) {
    if (names.has(name)) context.addIssue({ code: 'custom', message: 'appears twice in one object', path: [name] });
    names.add(name);
  }
  return Object.fromEntries(members);
}

/** A Go struct: names in any case, and what it does not know passes by. */
const struct = <Shape extends z.ZodRawShape>(shape: Shape) => z.preprocess(withLowerNames, z.object(shape));

const Value: z.ZodType<Value> = z.lazy(() => struct({ name: Text, type: Text, values: list(Value) }));

const Body = Value.nullish().transform((value) => value ?? null);

const Endpoint = struct({ name: Text, request: Body, response: Body, metadata: Strings });

const Node = struct({ id: Text, address: Text, metadata: Strings });

const Service = struct({
  name: Text,
  version: Text,
  metadata: Strings,
  endpoints: list(Endpoint),
  nodes: list(Node),
});

/** The part of a service that the core has no place for; kept with each of its nodes. */
const Kept = struct({ metadata: Strings, endpoints: list(Endpoint), address: Text });
export type Kept = z.output<typeof Kept>;

/**
 * Reads a service as a client wrote it.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readService(value: unknown): Service {
  // Before any schema: one calls itself for each level.
  const problem = jsonProblem(value);
  if (problem !== undefined) throw new RegistryError('INVALID_REQUEST', `the body ${problem}`);
  assertFewItems(value);
  return parsed(Service, value, 'body');
}

/** Counted before any schema looks at them, which takes a hundred times as long. */
function assertFewItems(value: unknown): void {
  const left = [value];
  let count = 0;
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (typeof each !== 'object' || each === null) continue;
    if (Array.isArray(each)) count += each.length;
    if (count > GO_MICRO_ITEMS_MAX_COUNT) {
      throw new RegistryError(
        'INVALID_REQUEST',
        `the lists of the body have more than ${GO_MICRO_ITEMS_MAX_COUNT} items together; register fewer nodes at once, or fewer endpoints`,
      );
    }
    for (const member of Object.values(each)) left.push(member);
  }
}

/** Reads what was kept of a service; undefined where there is none, or another door wrote it. */
export function readKept(value: unknown): Kept | undefined {
  const kept = Kept.safeParse(value);
  return kept.success ? kept.data : undefined;
}

const PARAMETER = 'service=';

/** A text without its percent-escapes, or as it is where it has none that make sense. */
export function decodedIfItCan(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The service that a request asks for; empty: all of them.
 *
 * @param isWatch Then the client did not escape it: all that follows is the name, and a plus is a plus.
 */
export function serviceAskedFor(url: string, isWatch: boolean): string {
  const query = queryText(url);
  if (isWatch) return query.startsWith(PARAMETER) ? decodedIfItCan(query.slice(PARAMETER.length)) : '';
  const pair = query.split('&').find((each) => each.startsWith(PARAMETER)) ?? PARAMETER;
  return decodedIfItCan(pair.slice(PARAMETER.length).replaceAll('+', ' '));
}
