const NativeHeaders = globalThis.Headers;

/** Value of a header among those of a message, joined where it comes more than once; null where it does not. */
function headerIn(rawHeaders: readonly string[], name: string): string | null {
  let value: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index];
    if (candidate === undefined || candidate.length !== name.length) continue;
    if (candidate !== name && candidate.toLowerCase() !== name) continue;
    const found = rawHeaders[index + 1] ?? '';
    value = value === null ? found : `${value}, ${found}`;
  }
  return value;
}

/**
 * Headers of a request that are looked up where the parser left them. A `Headers` of the platform is made when more is
 * asked for than a value or whether there is one: it costs as much as everything else that a heartbeat does.
 */
export class RequestHeaders implements Headers {
  readonly #raw: readonly string[];
  #made: Headers | undefined;

  /** @param rawHeaders Names and values in turn. */
  constructor(rawHeaders: readonly string[]) {
    this.#raw = rawHeaders;
  }

  get(name: string): string | null {
    return this.#made === undefined ? headerIn(this.#raw, name.toLowerCase()) : this.#made.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  append(name: string, value: string): void {
    this.#native.append(name, value);
  }

  set(name: string, value: string): void {
    this.#native.set(name, value);
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

  get #native(): Headers {
    if (this.#made !== undefined) return this.#made;
    const headers = new NativeHeaders();
    for (let index = 0; index < this.#raw.length; index += 2) {
      headers.append(this.#raw[index] ?? '', this.#raw[index + 1] ?? '');
    }
    this.#made = headers;
    return headers;
  }
}

// So that it is an instance of Headers without being built as one.
Object.setPrototypeOf(RequestHeaders.prototype, NativeHeaders.prototype);
