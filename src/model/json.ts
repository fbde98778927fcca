import { quote, RegistryError } from './errors';
import { EXTENSIONS_MAX_DEPTH_COUNT, SHOWN_PATH_STEPS_MAX_COUNT } from './limits';

/** Reports whether a value is a JSON object. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

declare const encoded: unique symbol;

/** JSON text that encodes a `T`. */
export type JsonText<T> = string & { readonly [encoded]?: T };

/** Encodes a value as JSON text that keeps its type. */
export function jsonText<T>(value: T): JsonText<T> {
  return JSON.stringify(value);
}

/** Decodes text of {@link jsonText}. */
export function readJsonText<T>(text: JsonText<T>): T {
  return JSON.parse(text) as T; // `as`: the type of the text says what it encodes
}

/**
 * Returns a message that says why a value can't be stored as JSON; undefined if it can.
 *
 * Depth is limited so that code that walks the value later does not overflow the stack. A member named `__proto__` is
 * refused because many ways to copy an object drop it silently.
 */
export function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (depth > EXTENSIONS_MAX_DEPTH_COUNT) return `is nested more than ${EXTENSIONS_MAX_DEPTH_COUNT} levels deep`;
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'string':
      return value.isWellFormed() ? undefined : 'must be well-formed Unicode';
    case 'number':
      return Number.isFinite(value) ? undefined : 'must not have numbers that are not finite';
    case 'object': {
      if (value === null) return undefined;
      if (Object.hasOwn(value, '__proto__')) return 'must not have the key "__proto__"';
      for (const [key, member] of Object.entries(value)) {
        const problem = key.isWellFormed() ? jsonProblem(member, depth + 1) : 'must be well-formed Unicode';
        if (problem !== undefined) return problem;
      }
      return undefined;
    }
    default:
      return `must be JSON, which has no ${typeof value}`;
  }
}

/** Matches a string of JSON, and the colon that follows it if it is a key. JSON has no quotes outside strings. */
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;

// biome-ignore lint/suspicious/noControlCharactersInRegex: its purpose is to find control characters
const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;

/** Reports whether a key needs no escapes in JSON. Other keys are refused: see {@link parseJson}. */
export function isPlainKey(key: string): boolean {
  return !NEEDS_ESCAPE.test(key) && key.isWellFormed();
}

/**
 * Parses untrusted JSON. Escapes in keys are resolved before the parser sees them, and keys that need escapes are
 * refused: V8 caches parsed keys for the whole isolate and confuses a key with a backslash with one with an escape
 * (nodejs/node#63785), so one body could otherwise change the meaning of later ones.
 *
 * Duplicate keys in an object are refused too. Parsers differ in which of the two they take (RFC 8259, section 4), so a
 * proxy that checks a body could otherwise see another value than the registry.
 *
 * @param numbers `exact`: whole numbers of up to 64 bits that a double can't hold become BigInt. `double`: all become numbers.
 * @throws {SyntaxError} If the text is not JSON.
 * @throws {RegistryError} `INVALID_REQUEST` for a key with a quote, a backslash or a control character, and for a
 * duplicate key, with its path.
 */
export function parseJson(text: string, numbers: 'double' | 'exact' = 'double'): unknown {
  const plain = text.includes('\\') ? text.replaceAll(STRING, withPlainKey) : text;
  // A reviver makes the parser several times slower, and few bodies have such numbers.
  const value: unknown =
    numbers === 'exact' && LONG_NUMBER.test(plain) ? JSON.parse(plain, withExactInteger) : JSON.parse(plain);
  // The parser keeps one of two equal keys. Counting the keys that are left costs half of comparing all of them.
  if (keysWritten(plain) !== keysKept(value)) throw repeatedKey(plain);
  return value;
}

/** Matches text that may have a whole number that a double can't hold. */
const LONG_NUMBER = /\d{16}/;

/** Matches the text of a number that may be one. */
const LONG_INTEGER = /^-?\d{16,20}$/;

/** Replaces a number that lost digits. Parsers without the source of a number in their third argument keep it as it is. */
function withExactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return LONG_INTEGER.test(source) ? BigInt(source) : value;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Counts the keys in JSON text. Outside strings, a colon follows each key and appears nowhere else. */
function keysWritten(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === COLON) count++;
    // Large bodies are mostly strings, and `indexOf` searches them several times faster than this loop.
    else if (unit === QUOTE) index = endOfString(text, index);
  }
  return count;
}

/** Returns the index of a string's closing quote, which exists because the text is valid JSON. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** Reports whether a quote is escaped: an odd number of backslashes precedes it. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/** Counts the keys of all objects in a parsed value. Does not recurse, because the sender chooses the depth. */
function keysKept(value: unknown): number {
  if (!isObject(value)) return 0;
  let count = 0;
  const left: object[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (Array.isArray(next)) {
      for (const item of next) if (isObject(item)) left.push(item);
    } else {
      for (const key in next) {
        count++;
        const member: unknown = next[key as keyof typeof next]; // `as`: a key of it
        if (isObject(member)) left.push(member);
      }
    }
  }
  return count;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Matches a structural token of JSON: a string, with the colon after it if it is a key, or a bracket, brace or comma. */
const TOKEN = /"((?:[^"\\]|\\.)*)"(\s*:)?|[[\]{},]/gs;

/** Finds the first duplicate key. Keys have no escapes here, so equal keys have equal text. */
function repeatedKey(text: string): RegistryError {
  /** Objects and arrays that are open, each with the current key or index in it. */
  const open: { keys: Set<string> | undefined; step: string | number }[] = [];
  for (const [sign, key = '', colon] of text.matchAll(TOKEN)) {
    const inner = open.at(-1);
    if (sign === '{') open.push({ keys: new Set(), step: '' });
    else if (sign === '[') open.push({ keys: undefined, step: 0 });
    else if (sign === '}' || sign === ']') open.pop();
    else if (inner === undefined) continue;
    else if (sign === ',' && typeof inner.step === 'number') inner.step += 1;
    else if (colon !== undefined) {
      inner.step = key;
      if (inner.keys?.has(key) === true) return repeated(key, open);
      inner.keys?.add(key);
    }
  }
  return new RegistryError('INVALID_REQUEST', 'a key appears twice in one object; send it once');
}

function repeated(key: string, open: readonly { step: string | number }[]): RegistryError {
  const steps = open.slice(-SHOWN_PATH_STEPS_MAX_COUNT).map(({ step }) => shownStep(step));
  const path = `${open.length > SHOWN_PATH_STEPS_MAX_COUNT ? '….' : ''}${steps.join('.')}`;
  const fault = `the key ${quote(key)} appears twice in one object, at ${path}`;
  const message = `${fault}; parsers differ in which of the two they take, so send it once`;
  return new RegistryError('INVALID_REQUEST', message, { errors: [{ path, message: 'appears twice in one object' }] });
}

function shownStep(step: string | number): string {
  const text = String(step);
  return text.length > 80 ? `${text.slice(0, 77)}...`.toWellFormed() : text;
}

function withPlainKey(string: string, colon: string | undefined): string {
  if (colon === undefined || !string.includes('\\')) return string;
  const key: unknown = JSON.parse(string.slice(0, -colon.length));
  if (typeof key === 'string' && isPlainKey(key)) return `"${key}"${colon}`;
  throw new RegistryError(
    'INVALID_REQUEST',
    `the key ${quote(key)} has a quote, a backslash or a control character; no key may have one`,
  );
}
