import type { EntryJson } from '../entries/entry';
import type { RegistryHttp } from '../wire/registry-http';
import { base64Of, inQuery } from './key-query';
import type { Poll, PolledContent, PolledState } from './poll-source';
import type { WireKeys } from './watch';

/** A page of a range of entries. */
interface EntryPage {
  entries: EntryJson[];
  next?: string | undefined;
}

/** Longest key of an entry. */
const KEY_MAX_BYTES = 4_096;

/** Polls entries, each key, prefix or interval as a range. */
export class KeyPolls implements PolledState {
  readonly #http: RegistryHttp;
  readonly #keys: readonly WireKeys[];
  #ranges: EntryJson[][] = [];

  constructor(http: RegistryHttp, keys: readonly WireKeys[]) {
    this.#http = http;
    this.#keys = keys;
  }

  begin(): Poll[] {
    this.#ranges = this.#keys.map(() => []);
    const path = `${this.#http.namespacePath}/kv`;
    return this.#keys.map((keys, index) => {
      const query = rangeQuery(keys);
      return {
        path: `${path}?${new URLSearchParams(query)}`,
        apply: async (answer, signal) => {
          this.#ranges[index] = await this.#wholeRange(path, query, answer, signal);
        },
      };
    });
  }

  get content(): PolledContent {
    const entries = new Map<string, EntryJson>();
    for (const entry of this.#ranges.flat()) {
      const name = JSON.stringify([entry.key ?? null, entry.keyBase64]);
      // Ranges may overlap, and one was read later than the other.
      if ((entries.get(name)?.revision ?? 0) < entry.revision) entries.set(name, entry);
    }
    const revision = [...entries.values()].reduce((newest, entry) => Math.max(newest, entry.revision), 0);
    return { revision, services: [], entries: [...entries.values()] };
  }

  /** Reads all pages of a range, the further ones at the cursor of the first. */
  async #wholeRange(
    path: string,
    query: Record<string, string>,
    first: Response,
    signal: AbortSignal,
  ): Promise<EntryJson[]> {
    const at = first.headers.get('rollcall-cursor') ?? undefined;
    // `as`: the response of a range of entries
    let { entries, next } = (await first.json()) as EntryPage;
    if (!Array.isArray(entries)) throw await this.#http.failure(first, 'GET', path);
    while (next !== undefined) {
      const page = await this.#http.call<EntryPage>('GET', path, { query: { ...query, at, after: next }, signal });
      entries = entries.concat(page.entries);
      next = page.next;
    }
    return entries;
  }
}

/** Returns keys as a query of a range. */
function rangeQuery(wireKeys: WireKeys): Record<string, string> {
  const { key, keyBase64 = key === undefined ? undefined : base64Of(key) } = wireKeys;
  const bytes = keyBase64 && atob(keyBase64);
  // No longer key begins with one of the greatest length, and none is between a shorter one and itself with a NUL.
  const range = !bytes
    ? wireKeys
    : bytes.length >= KEY_MAX_BYTES
      ? { prefixBase64: keyBase64 }
      : { fromBase64: keyBase64, toBase64: btoa(`${bytes}\0`) };
  const { keys, base64 } = inQuery([range]);
  return { ...keys[0], ...(base64 && { base64: 'true' }) };
}
