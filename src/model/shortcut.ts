import type { z } from 'zod';

/**
 * Lets what nearly all values look like pass without the schema, which visits each member with a call or more of its
 * own. `plain` says nothing about what is wrong: whatever it does not know, the schema decides and explains.
 *
 * @param schema Takes the shortcut from now on, also as a part of other schemas. Comes back for the sake of its type.
 * @param plain What the schema makes of a value, where that can be told at a glance; else undefined.
 */
export function withShortcut<Schema extends z.ZodType>(
  schema: Schema,
  plain: (value: unknown) => z.output<Schema> | undefined,
): Schema {
  const { run } = schema._zod;
  schema._zod.run = (payload, context) => {
    const known = context.direction === 'backward' ? undefined : plain(payload.value);
    if (known === undefined) return run(payload, context);
    payload.value = known;
    return payload;
  };
  return schema;
}
