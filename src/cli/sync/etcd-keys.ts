import { setTimeout as sleep } from 'node:timers/promises';
import { base64, byteString, bytesOf, fromBase64 } from '../../model/bytes';
import type { HeldEntry } from '../../model/layout';
import { CliError, EXIT } from '../terminal/failure';
import { COMPACTED, type EtcdHttp, type JsonObject } from './etcd-http';
import { asFlag, asList, asNumber, asObject, asText } from './source-json';

interface KeysOptions<Item> {
  http: EtcdHttp;
  /** Beginning of the keys, one character a byte; empty: all keys. */
  prefix: string;
  /** Time after which a watch is opened anew, in milliseconds; default {@link WATCH_MS}. */
  watchMs?: number;
  /** Converts an entry; undefined to leave it out. */
  read(entry: HeldEntry): Item | undefined;
}

/** Keys per response of a range. */
const PAGE_COUNT = 500;

/** Ranges that are begun anew because their revision was compacted between two pages, before it is an error. */
const RANGES_MAX_COUNT = 5;

/**
 * Time after which a watch is opened anew, in milliseconds: nothing else shows that a silent connection is lost. Below the
 * five minutes after which Node takes a silent response for lost, and a login of etcd expires.
 */
const WATCH_MS = 240_000;

/** Pause before a watch is opened again after a failure, in milliseconds. */
const RETRY_MS = 1_000;

/** The keys of an etcd with a prefix: read by ranges at one revision, then followed by a watch. */
export class EtcdKeys<Item> {
  readonly #options: KeysOptions<Item>;
  /** Items by key. */
  readonly #items = new Map<string, Item>();
  /** Revision up to which changes are applied; undefined: a range is needed. */
  #revision: number | undefined;
  #cluster = '';
  /** True: a watch applies changes. */
  #isWatched = false;
  #leftOut = 0;

  constructor(options: KeysOptions<Item>) {
    this.#options = options;
  }

  /** Number of keys of the last range that were left out. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /**
   * Returns the items of all keys, in the order of the keys: those that a watch keeps current if etcd responds, or those of
   * a new range.
   *
   * @throws {CliError} If etcd is unreachable or refuses.
   */
  async read(signal?: AbortSignal): Promise<Item[]> {
    if (this.#isWatched) await this.#options.http.call('/kv/range', { ...this.#range(), count_only: true }, signal);
    // A watch may end during the call.
    if (!this.#isWatched) await this.#load(signal);
    return [...this.#items].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
  }

  /**
   * Follows the keys by a watch until the signal aborts.
   *
   * @param onChange Called after changes of items, and when the watch is lost, so that a read shows whether etcd is.
   */
  async follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#revision === undefined) await this.#load(signal);
        await this.#watch(onChange, signal);
      } catch {
        if (signal.aborted) return;
        const wasWatched = this.#isWatched;
        this.#isWatched = false;
        this.#revision = undefined;
        if (wasWatched) onChange();
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Reads all keys at one revision, page by page. */
  async #load(signal: AbortSignal | undefined): Promise<void> {
    for (let count = 1; ; count++) {
      try {
        return await this.#loadOnce(signal);
      } catch (error) {
        if (!(error instanceof CliError) || error.code !== COMPACTED || count >= RANGES_MAX_COUNT) throw error;
      }
    }
  }

  async #loadOnce(signal: AbortSignal | undefined): Promise<void> {
    const range = this.#range();
    const found = new Map<string, Item>();
    let [from, revision, leftOut] = [range.key, 0, 0];
    let cluster = '';
    for (let hasMore = true; hasMore; ) {
      const body = {
        ...range,
        key: from,
        limit: String(PAGE_COUNT),
        ...(revision > 0 && { revision: String(revision) }),
      };
      const page = await this.#options.http.call('/kv/range', body, signal);
      const header = asObject(page.header);
      if (revision === 0) [revision, cluster] = [revisionIn(header), asText(header.cluster_id)];
      const entries = asList(page.kvs).map(entryIn);
      for (const entry of entries) {
        const item = this.#options.read(entry);
        if (item === undefined) leftOut += 1;
        else found.set(entry.key, item);
      }
      const last = entries.at(-1);
      hasMore = asFlag(page.more, false) && last !== undefined;
      if (last !== undefined) from = encoded(`${last.key}\0`);
    }
    this.#items.clear();
    for (const [key, item] of found) this.#items.set(key, item);
    [this.#revision, this.#cluster, this.#leftOut] = [revision, cluster, leftOut];
  }

  /**
   * Applies the changes after the known revision. Returns when it is time to open the watch anew.
   *
   * @throws {CliError} If they can't be had, and a new range is needed.
   */
  async #watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    const isNew = !this.#isWatched;
    const { http, watchMs = WATCH_MS } = this.#options;
    const over = AbortSignal.timeout(watchMs);
    const create_request = { ...this.#range(), start_revision: String((this.#revision ?? 0) + 1) };
    const either = AbortSignal.any([signal, over]);
    try {
      for await (const result of http.stream('/watch', { create_request }, either, watchMs)) {
        if (asFlag(result.canceled, false)) throw lost(asText(result.cancel_reason) || 'its revision is compacted');
        if (asFlag(result.created, false)) {
          this.#assertSameHistory(asObject(result.header));
          this.#isWatched = true;
          if (isNew) onChange();
        }
        if (this.#apply(asList(result.events))) onChange();
      }
      throw lost('etcd ended it');
    } catch (error) {
      if (!over.aborted || signal.aborted || !this.#isWatched) throw error;
    }
  }

  /** @throws {CliError} If etcd does not have the revisions that were read: it was restored, or replaced by another one. */
  #assertSameHistory(header: JsonObject): void {
    const isSame = asText(header.cluster_id) === this.#cluster && revisionIn(header) >= (this.#revision ?? 0);
    if (!isSame) throw lost('etcd has another history');
  }

  /** Applies the events of one response. Returns whether an item was changed. */
  #apply(events: readonly unknown[]): boolean {
    const known = this.#revision ?? 0;
    let isChanged = false;
    for (const each of events) {
      const { type, kv } = asObject(each);
      const revision = asNumber(asObject(kv).mod_revision) ?? 0;
      // A range in between has already seen it. One at its very revision has the same state of its key.
      if (revision < known) continue;
      this.#revision = Math.max(this.#revision ?? 0, revision);
      const entry = entryIn(kv);
      const item = asText(type) === 'DELETE' ? undefined : this.#options.read(entry);
      const hadItem = this.#items.delete(entry.key);
      if (item !== undefined) this.#items.set(entry.key, item);
      isChanged ||= hadItem || item !== undefined;
    }
    return isChanged;
  }

  #range(): { key: string; range_end: string } {
    const { prefix } = this.#options;
    // In etcd, a NUL as the end means all keys from the first one on.
    return { key: encoded(prefix === '' ? '\0' : prefix), range_end: encoded(endOf(prefix)) };
  }
}

/** Returns the first key behind those with a prefix; NUL if there is none. */
function endOf(prefix: string): string {
  const kept = prefix.replace(/\xff+$/, '');
  if (kept === '') return '\0';
  return `${kept.slice(0, -1)}${String.fromCharCode(kept.charCodeAt(kept.length - 1) + 1)}`;
}

const encoded = (key: string): string => base64(bytesOf(key));

const decoded = (text: unknown): Uint8Array => fromBase64(asText(text));

/** Revisions are far below 2^53; ids of leases are not. */
const revisionIn = (header: JsonObject): number => asNumber(header.revision) ?? 0;

function entryIn(kv: unknown): HeldEntry {
  const { key, value, lease } = asObject(kv);
  const name = asText(lease);
  return { key: byteString(decoded(key)), value: decoded(value), leaseNames: ['', '0'].includes(name) ? [] : [name] };
}

const lost = (why: string): CliError => new CliError(EXIT.unreachable, `The watch of the source ended: ${why}.`);
