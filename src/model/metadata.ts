import * as z from 'zod';
import { isPlainKey } from './json';
import { METADATA_MAX_BYTES, METADATA_MAX_COUNT } from './limits';
import { utf8Length } from './names';

/**
 * Makes a schema refuse the key `__proto__`, which a plain object can't hold as data. zod would drop it from a record
 * silently, and the registry drops nothing silently.
 */
export function refusesPrototypeKey<T extends z.ZodType>(schema: T) {
  return z.preprocess((value, context) => {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
      context.addIssue({ code: 'custom', message: 'the key "__proto__" is not allowed' });
    }
    return value;
  }, schema);
}

/** Returns the same entries sorted by key, so that equal maps have equal JSON text. */
export function sortedByKey<T>(map: Record<string, T>): Record<string, T> {
  const keys = Object.keys(map);
  if (keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)) return map;
  return Object.fromEntries(keys.sort().map((key) => [key, map[key] as T])); // `as`: the key was just read from the map
}

/** Returns a message that says what is wrong with metadata or a patch of it; undefined if it is valid. */
export function metadataProblem(metadata: Record<string, string | null>): string | undefined {
  let count = 0;
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata)) {
    if (key === '') return 'metadata keys must not be empty';
    if (!isPlainKey(key)) return 'metadata keys must not have quotes, backslashes or control characters';
    if (value?.isWellFormed() === false) return 'metadata must be well-formed Unicode';
    count += 1;
    bytes += utf8Length(key) + utf8Length(value ?? '');
  }
  if (count > METADATA_MAX_COUNT) return `metadata has ${count} entries; at most ${METADATA_MAX_COUNT} are allowed`;
  if (bytes > METADATA_MAX_BYTES) return `metadata has ${bytes} bytes; at most ${METADATA_MAX_BYTES} are allowed`;
  return undefined;
}

function limited<T extends z.ZodType<Record<string, string | null>>>(schema: T) {
  return schema.check((payload) => {
    const problem = metadataProblem(payload.value);
    if (problem !== undefined) payload.issues.push({ code: 'custom', message: problem, input: payload.value });
  });
}

/** Map of strings to strings, at most 64 entries and 8 KiB; stored sorted by key. */
export const Metadata = refusesPrototypeKey(limited(z.record(z.string(), z.string())))
  .transform(sortedByKey)
  .meta({
    description: 'Map of strings to strings, at most 64 entries and 8 KiB',
    example: { version: '2.1.0' },
  });
export type Metadata = Record<string, string>;

/** A merge patch of metadata (RFC 7396): a string sets an entry, null removes it, absent entries stay. */
export const MetadataPatch = refusesPrototypeKey(limited(z.record(z.string(), z.string().nullable())));
export type MetadataPatch = Record<string, string | null>;

/** Applies a merge patch to metadata. The caller checks the limits of the result. */
export function mergeMetadata(metadata: Metadata, patch: MetadataPatch): Metadata {
  const merged: Metadata = { ...metadata };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  return sortedByKey(merged);
}
