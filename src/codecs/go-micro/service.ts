import * as z from 'zod';
import { isRecord, jsonProblem } from '../../model/json';
import { GO_MICRO_ITEMS_MAX_COUNT } from '../../model/limits';

/** One argument or result of an endpoint, as go-micro derives it from a Go type. */
export interface Value {
  name: string;
  type: string;
  values: Value[];
}

/** A method that a service implements. */
export interface Endpoint {
  name: string;
  request: Value | null;
  response: Value | null;
  metadata: Record<string, string>;
}

/** One process of a service; go-micro's term for an instance. */
export interface Node {
  id: string;
  /** `host:port`, or another address that its transport can dial. */
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

/** A string as Go's decoder reads it: absent, null and the zero value are the same. */
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
 * Converts the names of an object to lower case, because Go's decoder accepts any case. Two equal names are refused: Go
 * would use the last one, another parser the one with the right case, and no client sends both.
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

/** Returns a schema for a Go struct: names in any case, and unknown ones are ignored. */
const struct = <Shape extends z.ZodRawShape>(shape: Shape) => z.preprocess(withLowerNames, z.object(shape));

const Value: z.ZodType<Value> = z.lazy(() => struct({ name: Text, type: Text, values: list(Value) }));

const Body = Value.nullish().transform((value) => value ?? null);

const Endpoint = struct({ name: Text, request: Body, response: Body, metadata: Strings });

const Node = struct({ id: Text, address: Text, metadata: Strings });

/** Schema of a service as go-micro encodes it. Check the value with {@link problemOf} before: a schema recurses for each level. */
export const Service = struct({
  name: Text,
  version: Text,
  metadata: Strings,
  endpoints: list(Endpoint),
  nodes: list(Node),
});

/** The part of a service that has no counterpart in the core; each of its nodes stores it. */
const Kept = struct({ metadata: Strings, endpoints: list(Endpoint), address: Text });
export type Kept = z.output<typeof Kept>;

/** Returns a message that says why a value can't be a service, without parsing it; undefined if it may be one. */
export function problemOf(value: unknown): string | undefined {
  const problem = jsonProblem(value);
  if (problem !== undefined) return `the body ${problem}`;
  if (!hasMoreItems(value, GO_MICRO_ITEMS_MAX_COUNT)) return undefined;
  return `the lists of the body have more than ${GO_MICRO_ITEMS_MAX_COUNT} items in total; register fewer nodes at once, or fewer endpoints`;
}

/** Counts the items of all lists of a value, before any schema parses it, which takes a hundred times as long. */
export function hasMoreItems(value: unknown, maxCount: number): boolean {
  const left = [value];
  let count = 0;
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (typeof each !== 'object' || each === null) continue;
    if (Array.isArray(each)) count += each.length;
    if (count > maxCount) return true;
    for (const member of Object.values(each)) left.push(member);
  }
  return false;
}

/** Reads the stored data of a service; undefined if it is absent or invalid. */
export function readKept(value: unknown): Kept | undefined {
  const kept = Kept.safeParse(value);
  return kept.success ? kept.data : undefined;
}
