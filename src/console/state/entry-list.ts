import { signal } from '@preact/signals';
import type { EntryJson } from '../../client/entries/entry';
import { keyInPath, rangeQuery, shownRange } from '../../client/entries/key';
import type { ScopeChanges } from '../../client/wire/wire-frame';
import { bytesOf } from '../../model/bytes';
import { bytesOfKey } from './entry-keys';
import { LiveList } from './live-list';
import { ask } from './session';

/** An entry that a list knows; without its value if the list has several. */
export interface KnownEntry extends EntryJson {
  /** Key, one character a byte. */
  id: string;
}

/** A change of an entry. */
export interface EntryChange {
  revision: number;
  at: string;
  cause: string;
  actor: string;
  /** Null: there is none after it. */
  after: Omit<EntryJson, 'key' | 'keyBase64'> | null;
}

/** Keys of the first page, which is shown while the others are read. */
const FIRST_PAGE = 200;

/** Keys of a further page: about 1 MB. */
const PAGE = 10_000;

/** Changes of a page of the history, each with a value of at most 512 KiB. */
const CHANGES = 20;

const known = (json: EntryJson): KnownEntry => ({ ...json, id: bytesOfKey(json) });

const changesOf = ({ changes, ...revision }: ScopeChanges) =>
  changes.flatMap((change) =>
    change.kind === 'entry'
      ? [{ id: bytesOfKey(change), revision: revision.revision, after: change.type === 'put' ? change.after : null }]
      : [],
  );

interface RangeJson {
  entries: EntryJson[];
  next?: string | undefined;
}

/** Returns the keys below a prefix, live, without their values. */
export function entryList(ns: string, prefix: string): LiveList<KnownEntry> {
  const range = { prefix: bytesOf(prefix) };
  return new LiveList<KnownEntry>({
    ns,
    scope: { keys: [shownRange(range)] },
    keyOf: ({ id }) => id,
    read: async ({ after, ...settings }) => {
      const limit = after === undefined ? FIRST_PAGE : PAGE;
      const query = { ...rangeQuery(range), keysOnly: 'true', limit, after };
      // `as`: what this route returns
      const { entries, next } = (await ask((_, call) =>
        call(['GET', '/api/v1/ns/{ns}/kv'], { ns, ...query, ...settings }),
      )) as RangeJson;
      return { items: entries.map(known), next };
    },
    apply: (frame, list) => {
      for (const { id, revision, after } of changesOf(frame)) {
        if (after === null) list.remove(id, revision);
        else list.put({ ...after, value: undefined, valueBase64: undefined, id });
      }
    },
  });
}

/** One entry and its history, live. */
export class EntryLive {
  /** The entry, if it exists. */
  readonly list: LiveList<KnownEntry>;
  /** Newest first. */
  readonly changes = signal<readonly EntryChange[]>([]);
  /** Continues the history; undefined at its end. */
  readonly next = signal<string | undefined>(undefined);
  /** True: older changes are no longer kept. */
  readonly isCompacted = signal(false);
  readonly #ns: string;
  readonly #id: string;

  constructor(ns: string, id: string) {
    this.#ns = ns;
    this.#id = id;
    const range = { key: bytesOf(id) };
    this.list = new LiveList<KnownEntry>({
      ns,
      scope: { keys: [shownRange(range)] },
      keyOf: (entry) => entry.id,
      read: async ({ after: _, ...settings }) => {
        // `as`: what this route returns
        const { entries } = (await ask((_admin, call) =>
          call(['GET', '/api/v1/ns/{ns}/kv'], { ns, ...rangeQuery(range), ...settings }),
        )) as RangeJson;
        // After the position of the watch, so that no change is between the two.
        void this.#readChanges(undefined);
        return { items: entries.map(known) };
      },
      apply: (frame, list) => {
        const { at, cause, actor } = frame;
        for (const { revision, after } of changesOf(frame)) {
          if (after === null) list.remove(id, revision);
          else list.put({ ...after, id });
          this.#add([{ revision, at, cause, actor, after }]);
        }
      },
    });
  }

  /** The entry; undefined if there is none. Subscribes. */
  get entry(): KnownEntry | undefined {
    return this.list.items.get(this.#id);
  }

  /** Reads older changes. */
  more(): Promise<void> {
    return this.#readChanges(this.next.peek());
  }

  close(): void {
    this.list.close();
  }

  async #readChanges(after: string | undefined): Promise<void> {
    const { path: key, query } = keyInPath(bytesOf(this.#id));
    const parameters = { ns: this.#ns, key: decodeURIComponent(key), ...query, limit: CHANGES, after };
    try {
      // `as`: what this route returns
      const page = (await ask((_, call) => call(['GET', '/api/v1/ns/{ns}/history/kv/{key}'], parameters))) as {
        changes: EntryChange[];
        next?: string;
        compacted: boolean;
      };
      this.#add(page.changes);
      this.next.value = page.next;
      this.isCompacted.value = page.compacted;
    } catch {
      // The list shows why the registry can't be read.
    }
  }

  /** Adds changes that may be known already: those of the watch, and of pages, overlap. */
  #add(changes: readonly EntryChange[]): void {
    const all = new Map([...this.changes.peek(), ...changes].map((change) => [change.revision, change]));
    this.changes.value = [...all.values()].sort((one, other) => other.revision - one.revision);
  }
}
