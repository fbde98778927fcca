/** Stands for the map of each that has none. */
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * A map that is empty most of the time. A `Map` takes 200 bytes even then; a service has several, and a namespace has a
 * hundred thousand services.
 */
export class SparseMap<Value> implements ReadonlyMap<string, Value> {
  #entries: Map<string, Value> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(key: string): Value | undefined {
    return this.#entries?.get(key);
  }

  has(key: string): boolean {
    return this.#entries?.has(key) ?? false;
  }

  set(key: string, value: Value): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries?.delete(key);
    if (this.#entries?.size === 0) this.#entries = undefined;
  }

  keys(): MapIterator<string> {
    return (this.#entries ?? EMPTY).keys();
  }

  values(): MapIterator<Value> {
    return (this.#entries ?? EMPTY).values();
  }

  entries(): MapIterator<[string, Value]> {
    return (this.#entries ?? EMPTY).entries();
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }
}
