/**
 * Storage of the browser. A browser that blocks it for a site throws on every access: the page then works without, and
 * remembers nothing.
 */

type Kind = 'localStorage' | 'sessionStorage';

/** Returns a stored value; null if there is none. */
export function stored(kind: Kind, key: string): string | null {
  try {
    return globalThis[kind].getItem(key);
  } catch {
    return null;
  }
}

/** Stores a value; undefined removes it. */
export function store(kind: Kind, key: string, value: string | undefined): void {
  try {
    if (value === undefined) globalThis[kind].removeItem(key);
    else globalThis[kind].setItem(key, value);
  } catch {
    // Blocked, or full.
  }
}
