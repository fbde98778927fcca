const NativeHeaders = globalThis.Headers;

/**
 * Headers that are a list of names and values. A `Headers` of the platform is made when more is asked for than a lookup: to
 * make one takes as long as everything else that a heartbeat does.
 *
 * They are no instances of `Headers`: Deno looks into those for parts of its own. Where one is copied, it passes for a list of pairs.
 */
export abstract class ListedHeaders implements Headers {
  protected readonly list: readonly string[];
  #made: Headers | undefined;

  /** @param list Names and values in turn. */
  constructor(list: readonly string[]) {
    this.list = list;
  }

  /** Returns the value of a header, as long as all headers are in the list; null where there is none. */
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

  /** Those of the platform, once they were made: they hold all changes from then on. */
  protected get made(): Headers | undefined {
    return this.#made;
  }

  /** Those of the platform, made where they were not. */
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
