declare const encoded: unique symbol;

/** JSON text that is known to encode a `T`. */
export type JsonText<T> = string & { readonly [encoded]?: T };

/** Encodes a value, and remembers what it was. */
export function jsonText<T>(value: T): JsonText<T> {
  return JSON.stringify(value);
}

/** Decodes what {@link jsonText} encoded. */
export function readJsonText<T>(text: JsonText<T>): T {
  return JSON.parse(text) as T; // `as`: the type of the text says what it encodes
}
