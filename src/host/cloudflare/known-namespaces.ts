import { LRUCache } from 'lru-cache';
import { countBound } from '../../model/cache-bound';
import type { AskDirectory, DirectoryApi, FirstNamespaces, NamespaceEntry } from '../../model/directory-api';
import { isRefusal } from '../../model/errors';
import {
  LAST_KNOWN_MAX_AGE_MS,
  NAMESPACE_ABSENCE_MAX_AGE_MS,
  NAMESPACE_ENTRY_MAX_AGE_MS,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../../model/limits';

/** Cached lookup of an id: the handle of its namespace, or undefined if it does not exist. */
interface Remembered<Handle> {
  handle: Handle | undefined;
  /** Milliseconds since the epoch. */
  since: number;
}

/**
 * Cache of the namespaces that an isolate has looked up. Only namespaces in the directory are opened, so a request for any
 * other id creates no object. While the directory is unreachable, an existing namespace stays cached for 10 minutes.
 */
export class KnownNamespaces<Handle> {
  readonly #directory: Pick<DirectoryApi, 'findNamespace'>;
  readonly #askDirectory: AskDirectory;
  readonly #open: (id: string, entry: NamespaceEntry) => Handle;
  readonly #now: () => number;
  readonly #remembered = new LRUCache<string, Remembered<Handle>>(countBound(NAMESPACES_REMEMBERED_MAX_COUNT));

  /**
   * @param directory Source of the existing namespaces.
   * @param askDirectory Wraps calls to the directory.
   * @param open Creates the handle of an existing namespace, without calling it.
   * @param now Milliseconds since the epoch.
   */
  constructor(
    directory: Pick<DirectoryApi, 'findNamespace'>,
    askDirectory: AskDirectory,
    open: (id: string, entry: NamespaceEntry) => Handle,
    now: () => number,
  ) {
    this.#directory = directory;
    this.#askDirectory = askDirectory;
    this.#open = open;
    this.#now = now;
  }

  /**
   * Returns the handle of a namespace; undefined if it does not exist.
   *
   * @returns Synchronously if it is cached.
   * @throws {RegistryError} `UNAVAILABLE` if it is not cached, the directory is unreachable, and the namespace was not
   * seen in the last 10 minutes.
   */
  of(id: string): Handle | undefined | Promise<Handle | undefined> {
    const known = this.#remembered.get(id);
    if (known === undefined) return this.#askDirectory(() => this.#look(id));
    const { handle } = known;
    const maxAgeMs = handle === undefined ? NAMESPACE_ABSENCE_MAX_AGE_MS : NAMESPACE_ENTRY_MAX_AGE_MS;
    if (this.#isYounger(known, maxAgeMs)) return handle;
    const lastKnown = this.#isYounger(known, LAST_KNOWN_MAX_AGE_MS) ? handle : undefined;
    return this.#askDirectory(() => this.#look(id), lastKnown);
  }

  /** Drops the cached lookup of an id that was just created or removed. */
  forget(id: string): void {
    this.#remembered.delete(id);
  }

  /** Marks an id as stale, as it may have been created or removed. The cached value counts until the directory answers. */
  doubt(id: string): void {
    const known = this.#remembered.get(id);
    if (known !== undefined) known.since = Math.min(known.since, this.#now() - NAMESPACE_ENTRY_MAX_AGE_MS);
  }

  /** Caches the namespaces that the directory lists. */
  async learn(list: () => Promise<FirstNamespaces>): Promise<FirstNamespaces> {
    const since = this.#now();
    const listed = await list();
    for (const { id, ...entry } of listed.namespaces)
      this.#remembered.set(id, { handle: this.#open(id, entry), since });
    return listed;
  }

  #isYounger({ since }: Remembered<Handle>, maxAgeMs: number): boolean {
    const age = this.#now() - since;
    return age >= 0 && age < maxAgeMs;
  }

  async #look(id: string): Promise<Handle | undefined> {
    // Taken before the call, because the namespace may change after the directory has read it.
    const since = this.#now();
    const entry = await this.#directory.findNamespace(id);
    const handle = entry === null ? undefined : this.#open(id, entry);
    this.#remembered.set(id, { handle, since });
    return handle;
  }
}

/**
 * Wraps the directory so that the isolate sees namespaces that it creates or removes itself immediately, and looks none up
 * that it just listed.
 */
export function rememberingDirectory(
  directory: DirectoryApi,
  known: Pick<KnownNamespaces<unknown>, 'forget' | 'doubt' | 'learn'>,
): DirectoryApi {
  const forgetting = async <T>(id: string, change: Promise<T>): Promise<T> => {
    try {
      const changed = await change;
      known.forget(id);
      return changed;
    } catch (error) {
      // Any token can request a change of any namespace, and must not evict it while the directory is unreachable.
      if (!isRefusal(error)) known.doubt(id);
      throw error;
    }
  };
  return {
    ...directory,
    createNamespace: (caller, definition) => forgetting(definition.id, directory.createNamespace(caller, definition)),
    removeNamespace: (caller, id, force) => forgetting(id, directory.removeNamespace(caller, id, force)),
    firstNamespaces: (limit) => known.learn(() => directory.firstNamespaces(limit)),
  };
}
