import { quote, RegistryError } from './errors';

/** A string of JSON, and the colon that tells that it is a key. Outside of strings JSON has no quotes. */
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is there to find
const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;

/** Whether a key can stand in JSON as it is. Others are refused: see {@link parseJson}. */
export function isPlainKey(key: string): boolean {
  return !NEEDS_ESCAPE.test(key) && key.isWellFormed();
}

/**
 * Parses JSON of strangers. Escapes in keys are resolved before the parser sees them, and keys that can't do without
 * are refused: V8 keeps one parsed key with a backslash for another with an escape, in the whole isolate
 * (nodejs/node#63785), so a body could otherwise change what later bodies say.
 *
 * @throws {SyntaxError} Where the text is not JSON.
 * @throws {RegistryError} `INVALID_REQUEST` for a key with a quote, a backslash or a control character.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text.includes('\\') ? text.replaceAll(STRING, withPlainKey) : text);
}

function withPlainKey(string: string, colon: string | undefined): string {
  if (colon === undefined || !string.includes('\\')) return string;
  const key: unknown = JSON.parse(string.slice(0, -colon.length));
  if (typeof key === 'string' && isPlainKey(key)) return `"${key}"${colon}`;
  throw new RegistryError(
    'INVALID_REQUEST',
    `the key ${quote(key)} has a quote, a backslash or a control character; no key may`,
  );
}
