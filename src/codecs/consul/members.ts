import { RegistryError } from '../../model/errors';
import { isRecord, parseJson } from '../../model/json';
import { type Nanoseconds, parseDuration } from './duration';
import { consulError } from './refusals';

/** Returns the refusal of a body that can't be read. */
const undecodable = (why: string) => consulError(400, `Request decode failed: ${why}`);

/**
 * Parses the body of a request. Whole numbers that a double can't hold are returned as BigInt: Consul's flags and indexes
 * have 64 bits.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function parseBody(text: string): unknown {
  if (text.trim() === '') throw undecodable('EOF');
  try {
    return parseJson(text, 'exact');
  } catch (error) {
    if (error instanceof RegistryError || error instanceof SyntaxError) throw undecodable(error.message);
    // The parser recurses for such numbers alone.
    if (error instanceof RangeError) throw undecodable('exceeded max depth');
    throw error;
  }
}

/** Largest unsigned number of 64 bits. */
const UINT64_MAX = 2n ** 64n - 1n;

/**
 * Members of a JSON object, read as Go's decoder reads them into a struct: keys in any case, null as absent, each member of
 * one type or an error. A member with two spellings has the first that is not empty.
 *
 * Unknown members are ignored, as by agents before 1.7. Later ones refuse them, and clients that send members of another
 * version, such as `Script`, can't register there.
 */
export class Members {
  /** Values by key in lower case. */
  readonly #values = new Map<string, unknown>();
  readonly #type: string;

  private constructor(raw: Record<string, unknown>, type: string) {
    this.#type = type;
    for (const [key, value] of Object.entries(raw)) if (value !== null) this.#values.set(key.toLowerCase(), value);
  }

  /** @param type Name of Go's struct, for errors. Null has no members. */
  static of(value: unknown, type: string): Members {
    if (isRecord(value)) return new Members(value, type);
    if (value === null || value === undefined) return new Members({}, type);
    throw undecodable(`json: cannot unmarshal ${kindOf(value)} into Go value of type structs.${type}`);
  }

  /** Returns a member as it is; undefined if it is absent. */
  raw(...names: string[]): unknown {
    for (const name of names) {
      const value = this.#values.get(name.toLowerCase());
      if (value !== undefined) return value;
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  /** Returns a text; empty if it is absent. */
  text(...names: string[]): string {
    for (const name of names) {
      const value = this.raw(name);
      if (value === undefined || value === '') continue;
      if (typeof value !== 'string') throw this.#mismatch(name, value, 'string');
      return value;
    }
    return '';
  }

  /** Returns true if one of the spellings is true. */
  flag(...names: string[]): boolean {
    return names.some((name) => {
      const value = this.raw(name);
      if (value === undefined) return false;
      if (typeof value !== 'boolean') throw this.#mismatch(name, value, 'bool');
      return value;
    });
  }

  /** Returns a whole number; 0 if it is absent. */
  integer(name: string): number {
    const value = this.raw(name);
    if (value === undefined) return 0;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.#mismatch(name, value, 'int');
    return value;
  }

  /** Returns an unsigned number of 64 bits; 0 if it is absent. */
  unsigned(name: string): bigint {
    const value = this.raw(name);
    if (value === undefined) return 0n;
    const whole = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value as bigint | number) : -1n; // `as`: just checked
    if (whole < 0n || whole > UINT64_MAX) throw this.#mismatch(name, value, 'uint64');
    return whole;
  }

  /** Returns a duration: text of Go's, or a number of nanoseconds. Undefined if it is absent, empty, or of another type. */
  duration(...names: string[]): Nanoseconds | undefined {
    const value = this.raw(...names);
    if (typeof value === 'number') return Math.trunc(value);
    if (typeof value === 'bigint') return Number(value);
    if (typeof value !== 'string' || value === '') return undefined;
    const duration = parseDuration(value);
    if (typeof duration === 'object') throw undecodable(duration.problem);
    return duration;
  }

  /** Returns a list of texts, in the first spelling that has any. */
  texts(...names: string[]): string[] {
    for (const name of names) {
      const texts = this.list(name).map((item) => this.#textIn(name, item));
      if (texts.length > 0) return texts;
    }
    return [];
  }

  /** Returns a list; empty if it is absent. */
  list(name: string): readonly unknown[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.#mismatch(name, value, '[]interface {}');
    return value;
  }

  /** Returns a map of texts; empty if it is absent. */
  textMap(name: string): Record<string, string> {
    return this.map((value) => this.#textIn(name, value), name);
  }

  /** Returns a map, in the first spelling that has members. @param read Reads a member's value. */
  map<T>(read: (value: unknown) => T, ...names: string[]): Record<string, T> {
    for (const name of names) {
      const value = this.raw(name);
      if (value === undefined) continue;
      if (!isRecord(value)) throw this.#mismatch(name, value, 'map[string]interface {}');
      const entries = Object.entries(value);
      if (entries.length > 0) return Object.fromEntries(entries.map(([key, each]) => [key, read(each)]));
    }
    return {};
  }

  /** Returns the members of a member; undefined if it is absent. */
  struct(name: string, type: string): Members | undefined {
    const value = this.raw(name);
    return value === undefined ? undefined : Members.of(value, type);
  }

  #textIn(name: string, value: unknown): string {
    if (value === null) return '';
    if (typeof value !== 'string') throw this.#mismatch(name, value, 'string');
    return value;
  }

  #mismatch(name: string, value: unknown, type: string) {
    return undecodable(
      `json: cannot unmarshal ${kindOf(value)} into Go struct field ${this.#type}.${name} of type ${type}`,
    );
  }
}

/** Returns the kind of a JSON value as Go's errors have it. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
    case 'number':
      return `number ${value}`;
    default:
      return typeof value;
  }
}
