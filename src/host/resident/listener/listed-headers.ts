const NativeHeaders = globalThis.Headers;

/**
 * Headers backed by a list of names and values. Anything beyond a lookup builds a native `Headers`, which takes as long as all
 * other work of a heartbeat.
 *
 * It is not an instance of `Headers`, because Deno reads internal fields of those; `new Headers` copies it as a list of pairs.
 */
export abstract class ListedHeaders implements Headers {
  protected readonly list: readonly string[];
  #made: Headers | undefined;

  /** @param list Alternating names and values. */
  constructor(list: readonly string[]) {
    this.list = list;
  }

  /** Returns the value of a header in the list; null if there is none. Not called once native headers exist. */
  protected abstract find(name: string): string | null;

  get(name: string): string | null {
    return this.#made === undefined ? this.find(name.toLowerCase()) : this.#made.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  append(name: string, value: string): void {
    this.native.append(name, value);
  }

  set(name: string, value: string): void {
    this.native.set(name, value);
  }

  delete(name: string): void {
    this.native.delete(name);
  }

  getSetCookie(): string[] {
    return this.native.getSetCookie();
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this.native) callback.call(thisArg, value, name, this);
  }

  entries(): ReturnType<Headers['entries']> {
    return this.native.entries();
  }

  keys(): ReturnType<Headers['keys']> {
    return this.native.keys();
  }

  values(): ReturnType<Headers['values']> {
    return this.native.values();
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.native.entries();
  }

  /** The native headers, if they were built. They then hold all changes. */
  protected get made(): Headers | undefined {
    return this.#made;
  }

  /** The native headers; built on first use. */
  protected get native(): Headers {
    if (this.#made !== undefined) return this.#made;
    const headers = new NativeHeaders();
    for (let index = 0; index < this.list.length; index += 2) {
      headers.append(this.list[index] ?? '', this.list[index + 1] ?? '');
    }
    this.#made = headers;
    return headers;
  }
}
