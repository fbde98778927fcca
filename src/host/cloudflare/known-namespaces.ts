import type { AskDirectory, DirectoryApi, NamespaceEntry } from '../../model/directory-api';
import { isRefusal } from '../../model/errors';
import {
  LAST_KNOWN_MAX_AGE_MS,
  NAMESPACE_ABSENCE_MAX_AGE_MS,
  NAMESPACE_ENTRY_MAX_AGE_MS,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../../model/limits';

/** What is remembered of an id: the ways to its namespace, or that there is none. */
interface Remembered<Ways> {
  ways: Ways | undefined;
  /** Milliseconds since the epoch. */
  since: number;
}

/**
 * The namespaces that an isolate knows of. Only those that the directory knows are opened, so that asking for any other
 * makes no object. While the directory can't be reached, a namespace that was there stays known for 10 minutes.
 */
export class KnownNamespaces<Ways> {
  readonly #directory: Pick<DirectoryApi, 'findNamespace'>;
  readonly #askDirectory: AskDirectory;
  readonly #open: (id: string, entry: NamespaceEntry) => Ways;
  readonly #now: () => number;
  readonly #remembered = new Map<string, Remembered<Ways>>();

  /**
   * @param directory Knows which namespaces there are.
   * @param askDirectory Asks it.
   * @param open Makes the ways to a namespace that is there; without a call.
   * @param now Milliseconds since the epoch.
   */
  constructor(
    directory: Pick<DirectoryApi, 'findNamespace'>,
    askDirectory: AskDirectory,
    open: (id: string, entry: NamespaceEntry) => Ways,
    now: () => number,
  ) {
    this.#directory = directory;
    this.#askDirectory = askDirectory;
    this.#open = open;
    this.#now = now;
  }

  /**
   * The ways to the namespace of an id; undefined where there is none.
   *
   * @returns At once where it is remembered.
   * @throws {RegistryError} `UNAVAILABLE` where it isn't, the directory can't be reached, and the namespace was not
   * there in the last 10 minutes.
   */
  of(id: string): Ways | undefined | Promise<Ways | undefined> {
    const known = this.#remembered.get(id);
    if (known === undefined) return this.#askDirectory(() => this.#look(id));
    const { ways } = known;
    const maxAgeMs = ways === undefined ? NAMESPACE_ABSENCE_MAX_AGE_MS : NAMESPACE_ENTRY_MAX_AGE_MS;
    if (this.#isYounger(known, maxAgeMs)) return ways;
    const lastKnown = this.#isYounger(known, LAST_KNOWN_MAX_AGE_MS) ? ways : undefined;
    return this.#askDirectory(() => this.#look(id), lastKnown);
  }

  /** Forgets what is known of an id: it was made, or removed, a moment ago. */
  forget(id: string): void {
    this.#remembered.delete(id);
  }

  /** Asks anew about an id, which may have been made or removed; until the directory answers, it is what was last known. */
  doubt(id: string): void {
    const known = this.#remembered.get(id);
    if (known !== undefined) known.since = Math.min(known.since, this.#now() - NAMESPACE_ENTRY_MAX_AGE_MS);
  }

  #isYounger({ since }: Remembered<Ways>, maxAgeMs: number): boolean {
    const age = this.#now() - since;
    return age >= 0 && age < maxAgeMs;
  }

  async #look(id: string): Promise<Ways | undefined> {
    // Its time counts from before the directory answered: it may have changed since then.
    const since = this.#now();
    const entry = await this.#directory.findNamespace(id);
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
      const changed = await change;
      known.forget(id);
      return changed;
    } catch (error) {
      // Any token can ask for a change of any namespace, and must not have it forgotten while the directory is lost.
      if (!isRefusal(error)) known.doubt(id);
      throw error;
    }
  };
  return {
    ...directory,
    createNamespace: (caller, definition) => forgetting(definition.id, directory.createNamespace(caller, definition)),
    removeNamespace: (caller, id, force) => forgetting(id, directory.removeNamespace(caller, id, force)),
  };
}
