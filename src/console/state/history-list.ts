import { type Signal, signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import type { Cause, HistoryEntry } from '../../client/wire/history-answers';
import { DEFAULT_GROUP, shortName } from '../../model/service-name';
import { openFeed } from './live-feed';
import { CURSOR_HEADER } from './live-list';
import { type Range, reachOf } from './moments';
import { ask } from './session';

/** Entries of a request. */
const PAGE = 200;

/** Entries of a part, unless another number is asked for. */
const PART_MIN_COUNT = 600;

/** Entries of the first part of a range, so that most ranges are complete. */
const RANGE_MIN_COUNT = 2_000;

/** New entries that are kept until they are shown. */
const PENDING_MAX_COUNT = 1_000;

/** Entries of the first part, which grows while the list is live, from which on the list is read again instead. */
const LIVE_MAX_COUNT = 2 * RANGE_MIN_COUNT;

/** Shortest time between two reads of what is new, unless another is asked for. */
const PAUSE_MS = 300;

/** Pause before a failed read of what is new is repeated. */
const REPEAT_MS = 5_000;

/** A time before any history. */
const LONG_AGO = '2000-01-01T00:00:00Z';

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
  readonly #partMinCount: number;
  /** Entries by the call that read them. Newer ones join the first part. */
  readonly parts: Signal<readonly (readonly HistoryEntry[])[]> = signal([]);
  /** New entries that are not shown yet. */
  readonly pending: Signal<readonly HistoryEntry[]> = signal([]);
  /** True: more is new than is read; it is shown by another read from the top. */
  readonly isBehind = signal(false);
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
  /** Time of the last read of what is new, on the clock of the page. */
  #readAt = Number.NEGATIVE_INFINITY;
  #closeFeed: (() => void) | undefined;
  #reading = new AbortController();
  #refresh: ReturnType<typeof setTimeout> | undefined;
  /** A change came after the last read of what is new had begun. */
  #isStale = false;

  /**
   * @param pauseMs Shortest time between two reads of what is new.
   * @param partMinCount Entries of a part: several requests, as a burst folds into one line.
   */
  constructor(options: HistoryOptions, pauseMs = PAUSE_MS, partMinCount = PART_MIN_COUNT) {
    this.options = options;
    this.#pauseMs = pauseMs;
    this.#partMinCount = partMinCount;
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
    const [first = [], ...rest] = this.parts.peek();
    if (this.isBehind.peek() || first.length > LIVE_MAX_COUNT) {
      this.reload();
      return;
    }
    this.parts.value = [[...this.pending.peek(), ...first], ...rest];
    this.pending.value = [];
  }

  /** Reads older entries. */
  async more(): Promise<void> {
    if (!this.isReading.peek()) await this.#readPart(this.#partMinCount, false);
  }

  async #readFirst(): Promise<void> {
    this.#next = undefined;
    this.#cursor = undefined;
    this.isBehind.value = false;
    await this.#readPart(this.options.since === undefined ? this.#partMinCount : RANGE_MIN_COUNT, true);
  }

  /** @param isFirst True: the part replaces those that are shown. */
  async #readPart(target: number, isFirst: boolean): Promise<void> {
    const { signal } = this.#reading;
    const place = isFirst ? 0 : this.parts.peek().length;
    let count = 0;
    this.isReading.value = true;
    try {
      do {
        const { entries, next, compacted } = await this.#read({ after: this.#next }, signal);
        if (signal.aborted) return;
        this.#next = next;
        this.hasMore.value = next !== undefined;
        // A page may be empty although more follow.
        if (entries.length > 0 || next === undefined) {
          const isReplaced = isFirst && count === 0;
          // The first page has what was pending, too.
          if (isReplaced) this.pending.value = [];
          const parts = isReplaced ? [] : this.parts.peek();
          this.parts.value = [...parts.slice(0, place), [...(parts[place] ?? []), ...entries]];
          this.isReady.value = true;
        }
        if (compacted) void this.#readReach();
        count += entries.length;
        this.error.value = undefined;
      } while (this.#next !== undefined && count < target);
    } catch (error) {
      if (!signal.aborted) this.error.value = RollcallError.from(error, 'read');
    } finally {
      if (!signal.aborted) this.isReading.value = false;
    }
  }

  #read(page: { after?: string | undefined; since?: string | undefined }, signal: AbortSignal) {
    // The cursor of a further page may be newer than the entries that have been read.
    const isNewest = page.after === undefined;
    return ask((admin) =>
      admin.readHistory({
        ...this.options,
        limit: PAGE,
        ...page,
        since: page.since ?? this.options.since,
        signal,
        onAnswer: ({ ok, headers }) => {
          const cursor = headers.get(CURSOR_HEADER);
          if (!ok || cursor === null || !isNewest || signal.aborted) return;
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
          ? { services: [shortName({ group: group ?? DEFAULT_GROUP, service })] }
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

  /** Reads what is new: at once, or a while after the last read. */
  #readNewSoon(pauseMs = this.#readAt + this.#pauseMs - performance.now()): void {
    this.#isStale = true;
    this.#refresh ??= setTimeout(() => void this.#readNew(), Math.max(0, pauseMs));
  }

  /** Reads the entries since the last read: frames lack the records before the change. */
  async #readNew(): Promise<void> {
    const { signal } = this.#reading;
    const since = this.#cursor;
    const fresh: HistoryEntry[] = [];
    this.#isStale = false;
    this.#readAt = performance.now();
    let pauseMs: number | undefined;
    try {
      let after: string | undefined;
      while (!this.isBehind.peek()) {
        const { entries, next } = await this.#read(after === undefined ? { since } : { since, after }, signal);
        if (signal.aborted) return;
        fresh.push(...entries);
        if (next === undefined) break;
        after = next;
        this.isBehind.value = fresh.length + this.pending.peek().length >= PENDING_MAX_COUNT;
      }
      if (fresh.length > 0) this.pending.value = [...fresh, ...this.pending.peek()];
    } catch (error) {
      if (signal.aborted) return;
      if (!RollcallError.from(error, 'read').isPassing) {
        // Such as a position that is no longer kept.
        this.reload();
        return;
      }
      this.#cursor = since;
      this.#isStale = true;
      pauseMs = REPEAT_MS;
    } finally {
      if (!signal.aborted) {
        this.#refresh = undefined;
        if (this.#isStale) this.#readNewSoon(pauseMs);
      }
    }
  }

  /** Finds how far back the history of the namespace goes. */
  async #readReach(): Promise<void> {
    const { ns, group, service, cause, since } = this.options;
    const isFiltered = [group, service, cause, since].some((each) => each !== undefined);
    const oldest = this.parts.peek().at(-1)?.at(-1)?.at;
    if (!isFiltered && oldest !== undefined) {
      this.reach.value = oldest;
      return;
    }
    try {
      await ask((admin) => admin.readHistory({ ns, until: LONG_AGO, limit: 1 }));
    } catch (error) {
      // The refusal has the time.
      this.reach.value = reachOf(error);
    }
  }
}
