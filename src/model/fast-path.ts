import type * as z from 'zod';

/** Reads a value of a schema's most common form; returns undefined if only the schema can judge it. */
export type FastPath<Schema extends z.ZodType> = (value: unknown) => z.output<Schema> | undefined;

/**
 * Fast paths by schema. They stay outside zod: a schema does not know its fast path, and parsing with the schema alone
 * gives the same result. Workers can't compile code at run time, so zod makes several calls for each member there, which
 * costs more than everything else in a registration.
 */
const FAST_PATHS = new WeakMap<z.ZodType, FastPath<z.ZodType>>();

/**
 * Makes {@link safeParse} try a fast path before a schema. Returns the same schema; a copy of it has no fast path.
 *
 * @param fastPath Must return either undefined or what the schema would return. Needs a property test next to it that
 * compares the two.
 */
export function withFastPath<Schema extends z.ZodType>(schema: Schema, fastPath: FastPath<Schema>): Schema {
  FAST_PATHS.set(schema, fastPath);
  return schema;
}

/** Parses a value with the fast path of a schema, or with the schema if there is none or it does not apply. */
export function safeParse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  settings?: z.core.ParseContext<z.core.$ZodIssue>,
): z.ZodSafeParseResult<z.output<Schema>> {
  const data = FAST_PATHS.get(schema)?.(value);
  if (data === undefined) return schema.safeParse(value, settings);
  return { success: true, data: data as z.output<Schema> }; // `as`: the fast path was stored for this schema
}

/** Reports whether a value is a plain object, as `JSON.parse` creates them, and not, for example, a class instance. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
