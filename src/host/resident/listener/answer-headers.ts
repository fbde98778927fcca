const NativeHeaders = globalThis.Headers;

/** Values that need neither trimming nor a refusal; others are left to the platform. */
const PLAIN_VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

const listed = new WeakMap<Headers, readonly string[]>();

/**
 * Lists headers, names in lower case and values in turn. A list is kept for as long as its headers are: most answers have
 * headers that were made once, and to walk those takes the platform longer than to write them.
 *
 * @param headers They must not be changed any more.
 */
export function listHeaders(headers: Headers): readonly string[] {
  if (headers instanceof AnswerHeaders) return headers.list;
  const known = listed.get(headers);
  if (known !== undefined) return known;
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  listed.set(headers, list);
  return list;
}

/**
 * Headers of one answer, as a list that can be written as it is. A `Headers` of the platform is made when more is asked for
 * than what answers do: a copy of one takes it as long as a registration takes to decide.
 *
 * It is no instance of `Headers`: Deno would look for parts of its own in one. So it is taken for a list of pairs.
 */
export class AnswerHeaders implements Headers {
  readonly #list: string[];
  #made: Headers | undefined;

  /** @param list Names in lower case and values in turn; copied. */
  constructor(list: readonly string[]) {
    this.#list = [...list];
  }

  /** Names in lower case and values in turn. */
  get list(): readonly string[] {
    return this.#made === undefined ? this.#list : [...this.#made].flat();
  }

  get(name: string): string | null {
    if (this.#made !== undefined) return this.#made.get(name);
    const index = this.#indexOf(name.toLowerCase());
    return index < 0 ? null : (this.#list[index + 1] ?? null);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    if (this.#made !== undefined || !PLAIN_VALUE.test(value)) {
      this.#native.set(name, value);
      return;
    }
    const lowerCase = name.toLowerCase();
    const index = this.#indexOf(lowerCase);
    if (index < 0) this.#list.push(lowerCase, value);
    else this.#list[index + 1] = value;
  }

  append(name: string, value: string): void {
    this.#native.append(name, value);
  }

  delete(name: string): void {
    this.#native.delete(name);
  }

  getSetCookie(): string[] {
    return this.#native.getSetCookie();
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this.#native) callback.call(thisArg, value, name, this);
  }

  entries(): ReturnType<Headers['entries']> {
    return this.#native.entries();
  }

  keys(): ReturnType<Headers['keys']> {
    return this.#native.keys();
  }

  values(): ReturnType<Headers['values']> {
    return this.#native.values();
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.#native.entries();
  }

  #indexOf(lowerCase: string): number {
    for (let index = 0; index < this.#list.length; index += 2) if (this.#list[index] === lowerCase) return index;
    return -1;
  }

  get #native(): Headers {
    if (this.#made !== undefined) return this.#made;
    const headers = new NativeHeaders();
    for (let index = 0; index < this.#list.length; index += 2) {
      headers.append(this.#list[index] ?? '', this.#list[index + 1] ?? '');
    }
    this.#made = headers;
    return headers;
  }
}
