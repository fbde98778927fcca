const NativeHeaders = globalThis.Headers;

/** Values that are valid and need no trimming. The platform's `Headers` handles all others. */
const PLAIN_VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

const listed = new WeakMap<Headers, readonly string[]>();

/**
 * Returns headers as a list of alternating names and values. The list is cached with its headers, because most responses
 * share headers that were built once, and iterating over `Headers` takes longer than writing them.
 *
 * @param headers Must not be changed afterwards.
 */
export function listHeaders(headers: Headers): readonly string[] {
  if (headers instanceof ListedHeaders) return headers.list;
  const known = listed.get(headers);
  if (known !== undefined) return known;
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  listed.set(headers, list);
  return list;
}

/**
 * Headers kept as a list of names and values. A native `Headers` is built only for operations other than reading or setting
 * a header: building one takes as long as the rest of a heartbeat.
 *
 * The class does not inherit from `Headers`, because Deno requires internal fields in an instance. The platform copies it
 * as an iterable of pairs.
 */
export class ListedHeaders implements Headers {
  readonly #list: string[];
  #made: Headers | undefined;

  /** @param list Alternating names and values; `set` changes it. */
  constructor(list: string[]) {
    this.#list = list;
  }

  /** Alternating names and values. */
  get list(): readonly string[] {
    return this.#made === undefined ? this.#list : [...this.#made].flat();
  }

  get(name: string): string | null {
    if (this.#made !== undefined) return this.#made.get(name);
    const lowerCase = name.toLowerCase();
    let value: string | null = null;
    for (let index = this.#indexOf(lowerCase, 0); index >= 0; index = this.#indexOf(lowerCase, index + 2)) {
      const found = this.#list[index + 1] ?? '';
      value = value === null ? found : `${value}, ${found}`;
    }
    return value;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    const lowerCase = name.toLowerCase();
    const index = this.#indexOf(lowerCase, 0);
    const isRepeated = index >= 0 && this.#indexOf(lowerCase, index + 2) >= 0;
    if (this.#made !== undefined || isRepeated || !PLAIN_VALUE.test(value)) this.#native.set(name, value);
    else if (index < 0) this.#list.push(lowerCase, value);
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

  /** @param lowerCase Name in lower case; the list has names as they were sent. */
  #indexOf(lowerCase: string, from: number): number {
    for (let index = from; index < this.#list.length; index += 2) {
      const name = this.#list[index];
      if (name === undefined || name.length !== lowerCase.length) continue;
      if (name === lowerCase || name.toLowerCase() === lowerCase) return index;
    }
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
