import { signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import type { HistoryEntry, WhyReport } from '../../client/wire/history-answers';
import { openFeed } from './live-feed';
import { CURSOR_HEADER } from './live-list';
import type { InstanceAddress } from './paths';
import { ask } from './session';

/** Shortest time between two reads. */
const PAUSE_MS = 250;

/** Time after which the report is read again though nothing changed: renewals are no changes. */
const REFRESH_MS = 5_000;

/** Entries that are kept besides those that were asked for: an instance that flaps has ever more. */
const SPARE_MAX_COUNT = 500;

/** Explanation of an instance, live, with as much of its history as was asked for. */
export class InstanceReport {
  /** The report; its entries are all that are known, newest first. */
  readonly report = signal<WhyReport | undefined>(undefined);
  readonly error = signal<RollcallError | undefined>(undefined);
  /** The instance neither exists nor is in the history. */
  readonly isMissing = signal(false);
  readonly #address: InstanceAddress;
  readonly #ended = new AbortController();
  #closeFeed: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #isReading = false;
  #isStale = false;
  /** Number of older entries that the visitor has asked for. */
  #askedCount = 0;

  constructor(address: InstanceAddress) {
    this.#address = address;
    void this.#read();
  }

  /** Reads the report again; at most four times a second. */
  reload(): void {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#schedule(Math.max(0, this.#readAt + PAUSE_MS - performance.now()));
  }

  /** Reads the next page of older entries. */
  async more(): Promise<void> {
    const { ns, group, service, id } = this.#address;
    const after = this.report.peek()?.next;
    if (after === undefined) return;
    try {
      const { entries, next, compacted } = await ask((admin) =>
        admin.readHistory({ ns, group, service, instance: id, after, signal: this.#ended.signal }),
      );
      this.#askedCount += entries.length;
      const known = this.report.peek();
      if (known?.next === after)
        this.report.value = { ...known, entries: [...known.entries, ...entries], next, compacted };
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#closeFeed?.();
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (document.hidden) this.#schedule(REFRESH_MS);
      else void this.#read();
    }, ms);
  }

  async #read(): Promise<void> {
    const { signal } = this.#ended;
    let cursor: string | null = null;
    this.#isReading = true;
    this.#isStale = false;
    this.#readAt = performance.now();
    try {
      const report = await ask((admin) =>
        admin.explainInstance({
          ...this.#address,
          signal,
          onAnswer: ({ headers }) => {
            cursor = headers.get(CURSOR_HEADER);
          },
        }),
      );
      if (signal.aborted) return;
      this.report.value = joined(report, this.report.peek(), this.#askedCount + SPARE_MAX_COUNT);
      this.error.value = undefined;
      this.isMissing.value = false;
      if (cursor !== null) this.#watch(cursor);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
    this.#isReading = false;
    if (signal.aborted) return;
    if (this.#isStale) this.reload();
    else if (this.#isChanging()) this.#schedule(REFRESH_MS);
  }

  /** Reports whether the report may change without a frame of the watch. */
  #isChanging(): boolean {
    const error = this.error.peek();
    if (error !== undefined || this.isMissing.peek()) return error?.isPassing ?? true;
    const { present, override, entries = [], subscribers = [] } = this.report.peek() ?? {};
    const newest = entries[0]?.revision ?? 0;
    // No watch reports changes of an override whose instance is gone.
    return (
      present === true ||
      override !== undefined ||
      subscribers.some((each) => !each.observer && each.acknowledgedRevision < newest)
    );
  }

  #fail(error: unknown): void {
    const reason = RollcallError.from(error, 'why');
    const isMissing = reason.code === 'INSTANCE_NOT_FOUND';
    this.isMissing.value = isMissing;
    this.error.value = isMissing ? undefined : reason;
    if (isMissing) this.report.value = undefined;
  }

  #watch(cursor: string): void {
    if (this.#closeFeed !== undefined) return;
    const { ns, group, service, id } = this.#address;
    this.#closeFeed = openFeed({
      ns,
      scope: { services: [`${group}@@${service}`] },
      cursor,
      onChanges: ({ changes }) => {
        if (changes.some((change) => change.kind !== 'entry' && change.id === id)) this.reload();
      },
      onReset: () => {
        this.#closeFeed = undefined;
        this.reload();
      },
      onRefused: (error) => {
        this.error.value = error;
      },
    });
  }
}

/** Adds the older entries that are known to a new report, unless entries between them are missing or they are too many. */
function joined(report: WhyReport, known: WhyReport | undefined, mostOlder: number): WhyReport {
  const oldest = report.entries.at(-1);
  const isOverlapping = known?.entries.some(({ revision }) => revision === oldest?.revision);
  if (known === undefined || oldest === undefined || !isOverlapping) return report;
  const older: HistoryEntry[] = known.entries.filter(({ revision }) => revision < oldest.revision);
  if (older.length > mostOlder) return report;
  return { ...report, entries: [...report.entries, ...older], next: known.next, compacted: known.compacted };
}
