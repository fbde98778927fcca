import type { DirectoryApi, NamespaceEntry } from '../model/directory-api';
import {
  NAMESPACE_ABSENCE_MAX_AGE_MS,
  NAMESPACE_ENTRY_MAX_AGE_MS,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../model/limits';

/** What is remembered of an id: the ways to its namespace, or that there is none. */
interface Remembered<Ways> {
  ways: Ways | undefined;
  /** Milliseconds since the epoch. */
  since: number;
}

/**
 * The namespaces that an isolate knows of. Only those that the directory knows are opened, so that asking for any other
 * makes no object. What is remembered works until its time is up, whether or not the directory can be reached.
 */
export class KnownNamespaces<Ways> {
  readonly #find: DirectoryApi['findNamespace'];
  readonly #open: (id: string, entry: NamespaceEntry) => Ways;
  readonly #now: () => number;
  readonly #remembered = new Map<string, Remembered<Ways>>();

  /**
   * @param find Asks the directory.
   * @param open Makes the ways to a namespace that is there; without a call.
   * @param now Milliseconds since the epoch.
   */
  constructor(
    find: DirectoryApi['findNamespace'],
    open: (id: string, entry: NamespaceEntry) => Ways,
    now: () => number,
  ) {
    this.#find = find;
    this.#open = open;
    this.#now = now;
  }

  /**
   * The ways to the namespace of an id; undefined where there is none.
   *
   * @returns At once where it is remembered.
   * @throws {RegistryError} `UNAVAILABLE` where it isn't, and the directory can't be reached.
   */
  of(id: string): Ways | undefined | Promise<Ways | undefined> {
    const known = this.#remembered.get(id);
    return known !== undefined && this.#isFresh(known) ? known.ways : this.#ask(id);
  }

  /** Forgets what is known of an id: it was made, or removed, a moment ago. */
  forget(id: string): void {
    this.#remembered.delete(id);
  }

  #isFresh({ ways, since }: Remembered<Ways>): boolean {
    const age = this.#now() - since;
    return age >= 0 && age < (ways === undefined ? NAMESPACE_ABSENCE_MAX_AGE_MS : NAMESPACE_ENTRY_MAX_AGE_MS);
  }

  async #ask(id: string): Promise<Ways | undefined> {
    // Its time counts from before the directory answered: it may have changed since then.
    const since = this.#now();
    const entry = await this.#find(id);
    const ways = entry === null ? undefined : this.#open(id, entry);
    this.#remembered.delete(id);
    this.#remembered.set(id, { ways, since });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= NAMESPACES_REMEMBERED_MAX_COUNT) break;
      this.#remembered.delete(oldest);
    }
    return ways;
  }
}

/** The directory, for an isolate that remembers namespaces: what it makes or removes itself it knows at once. */
export function rememberingDirectory(directory: DirectoryApi, known: KnownNamespaces<unknown>): DirectoryApi {
  const forgetting = async <T>(id: string, change: Promise<T>): Promise<T> => {
    try {
      return await change;
    } finally {
      known.forget(id);
    }
  };
  return {
    ...directory,
    createNamespace: (caller, definition) => forgetting(definition.id, directory.createNamespace(caller, definition)),
    removeNamespace: (caller, id, force) => forgetting(id, directory.removeNamespace(caller, id, force)),
  };
}
