import { base64, bytesOf, utf8Bytes } from '../../model/bytes';
import type { EntryJson } from '../entries/entry';
import type { RegistryHttp } from '../wire/registry-http';
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

/** Returns keys as a query of a range, in base64. */
function rangeQuery(keys: WireKeys): Record<string, string> {
  const bytes = (text: string) => (keys.base64 ? bytesOf(atob(text)) : utf8Bytes(text));
  const query: Record<string, string> = { base64: 'true' };
  const add = (name: string, value: Uint8Array) => {
    query[name] = base64(value).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  };
  if (keys.key !== undefined) {
    const key = bytes(keys.key);
    // No longer key begins with one of the greatest length, and none is between a shorter one and itself with a NUL.
    if (key.length >= KEY_MAX_BYTES) add('prefix', key);
    else {
      add('from', key);
      add('to', Uint8Array.of(...key, 0));
    }
    return query;
  }
  for (const name of ['prefix', 'from', 'to'] as const) {
    if (keys[name] !== undefined) add(name, bytes(keys[name]));
  }
  return query;
}
