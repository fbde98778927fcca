import { type Signal, signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import type { Cause, HistoryEntry } from '../../client/wire/history-answers';
import { openFeed } from './live-feed';
import { CURSOR_HEADER } from './live-list';
import { type Range, reachOf } from './moments';
import { ask } from './session';

/** Entries of a request. */
const PAGE = 200;

/** Entries of a range that are read at once, so that most ranges are complete. */
const RANGE_MAX_COUNT = 2_000;

/** Shortest time between two reads of what is new, unless another is asked for. */
const PAUSE_MS = 300;

/** Pause before a failed read of what is new is repeated. */
const REPEAT_MS = 5_000;

/** Filter of a history. */
export interface HistoryOptions extends Range {
  ns: string;
  /** With a service, default `DEFAULT_GROUP`. */
  group?: string | undefined;
  service?: string | undefined;
  cause?: Cause | undefined;
}

/**
 * The history of a namespace or a service, newest first, read page by page. Without an end, it is live: new entries are kept
 * in `pending` until the page shows them, so that nothing moves under its reader.
 */
export class HistoryList {
  readonly options: HistoryOptions;
  readonly #pauseMs: number;
  /** Entries by the request that read them. Newer ones join the first page. */
  readonly pages: Signal<readonly (readonly HistoryEntry[])[]> = signal([]);
  /** New entries that are not shown yet. */
  readonly pending: Signal<readonly HistoryEntry[]> = signal([]);
  readonly error: Signal<RollcallError | undefined> = signal(undefined);
  readonly isReading = signal(false);
  /** True once the first page has been read. */
  readonly isReady = signal(false);
  readonly hasMore = signal(false);
  /** Time to which the history goes back, once the end of what is kept has been read; undefined if all of it is kept. */
  readonly reach: Signal<string | undefined> = signal(undefined);
  #next: string | undefined;
  /** Position up to which new entries have been read. */
  #cursor: string | undefined;
  /** More is new than one request returns. */
  #isBehind = false;
  #closeFeed: (() => void) | undefined;
  #reading = new AbortController();
  #refresh: ReturnType<typeof setTimeout> | undefined;
  /** A change came after the last read of what is new had begun. */
  #isStale = false;

  /** @param pauseMs Shortest time between two reads of what is new. */
  constructor(options: HistoryOptions, pauseMs = PAUSE_MS) {
    this.options = options;
    this.#pauseMs = pauseMs;
    void this.#readFirst();
  }

  /** Ends the list. */
  close(): void {
    this.#reading.abort();
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.#closeFeed?.();
    this.#closeFeed = undefined;
  }

  /** Reads everything again, and shows the old entries meanwhile. */
  reload(): void {
    this.close();
    this.#reading = new AbortController();
    void this.#readFirst();
  }

  /** Shows the new entries. */
  showPending(): void {
    if (this.#isBehind) {
      this.reload();
      return;
    }
    const [first = [], ...rest] = this.pages.peek();
    this.pages.value = [[...this.pending.peek(), ...first], ...rest];
    this.pending.value = [];
  }

  /** Reads older entries. */
  async more(): Promise<void> {
    if (!this.isReading.peek()) await this.#readOlder(this.pages.peek(), PAGE);
  }

  async #readFirst(): Promise<void> {
    this.#next = undefined;
    this.#cursor = undefined;
    this.#isBehind = false;
    await this.#readOlder([], this.options.since === undefined ? PAGE : RANGE_MAX_COUNT);
  }

  async #readOlder(newer: readonly (readonly HistoryEntry[])[], target: number): Promise<void> {
    const { signal } = this.#reading;
    this.isReading.value = true;
    const pages = [...newer];
    let count = 0;
    try {
      do {
        const { entries, next, compacted } = await this.#read({ after: this.#next }, signal);
        if (signal.aborted) return;
        this.#next = next;
        this.hasMore.value = next !== undefined;
        if (compacted) void readReach(this.options.ns).then((at) => (this.reach.value = at));
        // A page may be empty although more follow.
        if (entries.length > 0) pages.push(entries);
        count += entries.length;
        if (entries.length > 0 || next === undefined) {
          // What was pending is in the first page of a new read.
          if (newer.length === 0 && pages.length <= 1) this.pending.value = [];
          this.pages.value = [...pages];
          this.isReady.value = true;
        }
        this.error.value = undefined;
      } while (this.#next !== undefined && count < target);
    } catch (error) {
      if (!signal.aborted) this.error.value = RollcallError.from(error, 'read');
    } finally {
      if (!signal.aborted) this.isReading.value = false;
    }
  }

  #read(page: { after?: string | undefined; since?: string | undefined }, signal: AbortSignal) {
    const isFirst = this.#cursor === undefined || page.since !== undefined;
    return ask((admin) =>
      admin.readHistory({
        ...this.options,
        limit: PAGE,
        ...page,
        since: page.since ?? this.options.since,
        signal,
        onAnswer: ({ ok, headers }) => {
          const cursor = headers.get(CURSOR_HEADER);
          if (!ok || cursor === null || !isFirst || signal.aborted) return;
          this.#cursor = cursor;
          this.#follow(cursor);
        },
      }),
    );
  }

  #follow(cursor: string): void {
    const { ns, group, service, until } = this.options;
    if (until !== undefined || this.#closeFeed !== undefined) return;
    this.#closeFeed = openFeed({
      ns,
      scope:
        service !== undefined
          ? { services: [group === undefined ? service : `${group}@@${service}`] }
          : group !== undefined
            ? { groups: [group] }
            : {},
      cursor,
      onChanges: () => this.#readNewSoon(),
      onReset: () => this.reload(),
      onRefused: (error) => {
        this.error.value = error;
      },
    });
  }

  #readNewSoon(pauseMs = this.#pauseMs): void {
    this.#isStale = true;
    this.#refresh ??= setTimeout(() => void this.#readNew(), pauseMs);
  }

  /** Reads the entries since the last read: frames lack the records before the change. */
  async #readNew(): Promise<void> {
    const { signal } = this.#reading;
    this.#isStale = false;
    let pauseMs: number | undefined;
    try {
      if (this.#isBehind) return;
      const { entries, next } = await this.#read({ since: this.#cursor }, signal);
      if (signal.aborted) return;
      this.#isBehind = next !== undefined || this.pending.peek().length > RANGE_MAX_COUNT;
      if (entries.length > 0) this.pending.value = [...entries, ...this.pending.peek()];
    } catch {
      this.#isStale = true;
      pauseMs = REPEAT_MS;
    } finally {
      if (!signal.aborted) {
        this.#refresh = undefined;
        if (this.#isStale) this.#readNewSoon(pauseMs);
      }
    }
  }
}

/** A time before any history. */
const LONG_AGO = '2000-01-01T00:00:00Z';

/** Returns the time to which the history of a namespace goes back; undefined if all of it is kept. */
async function readReach(ns: string): Promise<string | undefined> {
  try {
    await ask((admin) => admin.readHistory({ ns, until: LONG_AGO, limit: 1 }));
    return undefined;
  } catch (error) {
    return reachOf(error);
  }
}
