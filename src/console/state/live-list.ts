import { type Signal, signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import type { WireScope } from '../../client/watch/watch';
import type { ScopeChanges } from '../../client/wire/wire-frame';
import { openFeed } from './live-feed';

/** Name of the response header with the position of a read. */
export const CURSOR_HEADER = 'Rollcall-Cursor';

/** A record with the revision of its content. */
export interface Revised {
  revision: number;
}

/** One page of a list. */
export interface ListPage<Item> {
  items: readonly Item[];
  next?: string | undefined;
}

/** Definition of a list that is kept up to date. */
export interface LiveListOptions<Item extends Revised> {
  ns: string;
  scope: WireScope;
  /** Reads a page; `onAnswer` must be passed on to the call. */
  read: (page: {
    after?: string;
    onAnswer: (answer: Response) => void;
    signal: AbortSignal;
  }) => Promise<ListPage<Item>>;
  keyOf: (item: Item) => string;
  /** Applies a revision by `put` and `remove`. */
  apply: (frame: ScopeChanges, list: LiveList<Item>) => void;
  /** Time of the past to show; undefined: now, live. */
  at?: string | undefined;
}

/** Shortest time between two updates of the page: of many changes in a row, each need not be drawn by itself. */
const UPDATE_MS = 50;

/** Pause before a failed read is repeated. */
const REPEAT_MS = 5_000;

/**
 * A list that is read page by page, then kept up to date by a watch from the cursor of its first page. Changes are applied
 * to a map, and shown together with the next update of the page.
 *
 * Changes that arrive during the read are held: a later page may be newer than they are, so each record keeps its highest
 * revision.
 */
export class LiveList<Item extends Revised> {
  /** Incremented when the items have changed. */
  readonly version: Signal<number> = signal(0);
  readonly error: Signal<RollcallError | undefined> = signal(undefined);
  /** True once all pages have been read. */
  readonly isComplete: Signal<boolean> = signal(false);
  readonly #options: LiveListOptions<Item>;
  #items = new Map<string, Item>();
  #held: ScopeChanges[] | undefined;
  #closeFeed: (() => void) | undefined;
  #reading = new AbortController();
  #repeat: ReturnType<typeof setTimeout> | undefined;
  #isBumping = false;
  #bumpedAt = 0;

  constructor(options: LiveListOptions<Item>) {
    this.#options = options;
    void this.#read();
  }

  /** The items, in any order. Subscribes to changes. */
  get items(): ReadonlyMap<string, Item> {
    this.version.value;
    return this.#items;
  }

  /** Adds or replaces an item, unless the list has a newer one. */
  put(item: Item): void {
    const key = this.#options.keyOf(item);
    if ((this.#items.get(key)?.revision ?? 0) <= item.revision) this.#items.set(key, item);
  }

  /** Removes an item as of a revision, unless the list has a newer one. */
  remove(key: string, revision: number): void {
    const known = this.#items.get(key);
    if (known !== undefined && known.revision <= revision) this.#items.delete(key);
  }

  /** Ends the list. */
  close(): void {
    this.#reading.abort();
    clearTimeout(this.#repeat);
    this.#closeFeed?.();
  }

  /** Reads everything again, and shows the old items meanwhile. */
  reload(): void {
    this.#reading.abort();
    clearTimeout(this.#repeat);
    this.#closeFeed?.();
    this.#closeFeed = undefined;
    void this.#read();
  }

  async #read(): Promise<void> {
    const reading = new AbortController();
    this.#reading = reading;
    const { signal } = reading;
    const fresh = new Map<string, Item>();
    const held: ScopeChanges[] = [];
    this.#held = held;
    let after: string | undefined;
    try {
      do {
        const { items, next } = await this.#options.read({
          ...(after !== undefined && { after }),
          signal,
          onAnswer: ({ headers }) => {
            const cursor = headers.get(CURSOR_HEADER);
            if (this.#closeFeed === undefined && cursor !== null && !signal.aborted) this.#watch(cursor);
          },
        });
        if (signal.aborted) return;
        for (const item of items) fresh.set(this.#options.keyOf(item), item);
        // Show the first page at once, if there is nothing older to show.
        if (!this.isComplete.peek()) this.#items = fresh;
        this.#bump();
        after = next;
      } while (after !== undefined);
    } catch (error) {
      if (signal.aborted) return;
      const reason = RollcallError.from(error, 'read');
      this.error.value = reason;
      this.#closeFeed?.();
      this.#closeFeed = undefined;
      if (reason.isPassing) this.#repeat = setTimeout(() => this.reload(), REPEAT_MS);
      return;
    }
    this.#items = fresh;
    this.#held = undefined;
    for (const frame of held) this.#options.apply(frame, this);
    this.isComplete.value = true;
    this.error.value = undefined;
    this.#bump();
  }

  #watch(cursor: string): void {
    const { ns, scope, at } = this.#options;
    if (at !== undefined) return;
    this.#closeFeed = openFeed({
      ns,
      scope,
      cursor,
      onChanges: (frame) => {
        if (this.#held !== undefined) this.#held.push(frame);
        else {
          this.#options.apply(frame, this);
          this.#bump();
        }
      },
      onReset: () => this.reload(),
      onRefused: (error) => {
        this.error.value = error;
      },
    });
  }

  #bump(): void {
    if (this.#isBumping) return;
    this.#isBumping = true;
    const waitMs = this.#bumpedAt + UPDATE_MS - performance.now();
    const bump = () =>
      requestAnimationFrame(() => {
        this.#isBumping = false;
        this.#bumpedAt = performance.now();
        this.version.value += 1;
      });
    if (waitMs > 0) setTimeout(bump, waitMs);
    else bump();
  }
}
