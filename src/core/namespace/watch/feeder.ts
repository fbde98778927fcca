import {
  CATCH_UP_SLICE_MAX_COUNT,
  FRAMES_PER_TURN_BYTES,
  PAST_SLICE_MAX_BYTES,
  PREVIOUS_ENTRIES_MAX_BYTES,
} from '../../../model/limits';
import { SNAPSHOT_START, type SnapshotPlace } from '../../platform/connection';
import type { StoredState } from '../commit/commit-state';
import { completeFrom } from '../commit/entry-floor';
import type { JournalEntry } from '../commit/journal';
import { ServiceCounts } from './service-counts';
import type { UnreadBudget } from './unread-budget';
import {
  addressed,
  bookmarkFrame,
  type ChangeText,
  changesFrames,
  changesOfPast,
  entryChangeText,
  resetFrame,
  snapshotPart,
  withPreviousEntries,
} from './watch-frames';
import { hasKeys, inScope, mayConcern } from './watch-scope';
import { completeAfter } from './watch-start';
import type { Watcher } from './watcher';

/** Brings watches that are behind up to date: with the rest of their snapshot, then the journal, as their credit allows. */
export class Feeder {
  readonly #memory: StoredState;
  readonly #published: () => { revision: number; cursor: string };
  readonly #budget: UnreadBudget;
  readonly #unwatch: (watcher: Watcher) => void;
  /** Shared by all watches: hundreds that begin at once must not block the thread. */
  readonly #pace: Pace;
  /** True while no watch is fed, because all of them will start over. */
  isHeld = false;

  /**
   * @param published Returns the revision up to which live watches have been sent changes.
   * @param unwatch Ends a watch.
   */
  constructor(
    memory: StoredState,
    published: () => { revision: number; cursor: string },
    budget: UnreadBudget,
    unwatch: (watcher: Watcher) => void,
  ) {
    this.#memory = memory;
    this.#unwatch = unwatch;
    this.#published = published;
    this.#budget = budget;
    this.#pace = new Pace(memory.platform.nextTurn, FRAMES_PER_TURN_BYTES);
  }

  /** Feeds a watch that is behind, unless it is already being fed. Feeding stops when nothing is left, or no credit. */
  feed(watcher: Watcher): void {
    if (watcher.isFeeding || !watcher.isOpen || this.isHeld) return;
    if (watcher.isLive) {
      if (watcher.wantsBookmark) this.sendBookmark(watcher);
      return;
    }
    watcher.isFeeding = true;
    this.#budget.begin(watcher.peer.account);
    void this.#feedInSlices(watcher).then(
      () => {
        watcher.isFeeding = false;
        this.#settle(watcher);
      },
      (error: unknown) => {
        // Its socket is closed and waits for nothing: to retry at once would fail in the same way, forever.
        watcher.isFeeding = false;
        this.#memory.platform.log('error', 'a watch could not be fed', { error: String(error) });
        this.#budget.leave(watcher.peer.account);
        watcher.peer.connection.close(1011, 'an unexpected error occurred; resume by cursor');
      },
    );
  }

  /** Queues a watch that ran out of credit, or marks its connection as settled if all its watches have caught up. */
  #settle(watcher: Watcher): void {
    const { account, watchers } = watcher.peer;
    if (!watcher.isOpen || this.isHeld) return;
    if (!watcher.isLive) this.#budget.wait(account);
    else if ([...watchers.values()].every(({ isLive }) => isLive)) this.#budget.settle(account);
  }

  /** Sends a live watch the newest published cursor. */
  sendBookmark(watcher: Watcher): void {
    const { revision, cursor } = this.#published();
    watcher.wantsBookmark = false;
    watcher.sentRevision = revision;
    watcher.send(bookmarkFrame(watcher.name, cursor));
  }

  async #feedInSlices(watcher: Watcher): Promise<void> {
    // The watches of a commit are chosen when it is applied: wait for the commits from before this watch began.
    await this.#memory.pipeline.settled();
    await this.#pace.ready();
    while (watcher.isOpen && watcher.peer.hasCredit && !watcher.isLive && !this.isHeld) {
      const sentBefore = watcher.peer.account.sent;
      // Data read here may not be durable yet, so nothing is sent before it is. Waiting also lets others run.
      const { snapshotAfter } = watcher.memory;
      if (snapshotAfter !== undefined) await this.#sendSnapshotPart(watcher, snapshotAfter);
      else if (watcher.position < completeAfter(this.#memory.journal, watcher.scope))
        this.startOver(watcher, 'compacted');
      else this.#sendFromJournal(watcher);
      this.#pace.spend(watcher.peer.account.sent - sentBefore);
      await this.#memory.platform.storage.sync();
      await this.#pace.ready();
    }
    if (!watcher.isOpen) return;
    watcher.peer.connection.remember();
    if (watcher.isLive && watcher.wantsBookmark) this.sendBookmark(watcher);
  }

  /**
   * Makes a watch start over with a snapshot, because its position was compacted, or is of another epoch. One that never has a
   * snapshot ends.
   *
   * @param from Revision from which on another watch would be complete.
   */
  startOver(watcher: Watcher, reason: string, from = completeFrom(this.#memory.journal, watcher.position)): void {
    if (watcher.memory.changesOnly) {
      watcher.send(resetFrame(watcher.name, reason, { ended: true, compactedRevision: from }));
      this.#unwatch(watcher);
      return;
    }
    const { revision } = this.#memory.journal;
    watcher.send(resetFrame(watcher.name, reason));
    // A copy, so that a part of an older snapshot that is still being made is recognized by its place, and dropped.
    watcher.memory.snapshotAfter = { ...SNAPSHOT_START };
    watcher.memory.sentUntil = revision;
    watcher.memory.acknowledged = undefined;
    watcher.position = revision;
  }

  async #sendSnapshotPart(watcher: Watcher, from: SnapshotPlace): Promise<void> {
    const { memory } = watcher;
    const { journal, pipeline } = this.#memory;
    if (from.parts === 0) {
      const { revision } = journal;
      memory.sentUntil = revision;
      watcher.position = revision;
      watcher.noteNoneWaiting();
    }
    const { frame, next } = snapshotPart(this.#memory, {
      watch: watcher.name,
      scope: watcher.scope,
      from: from.parts === 0 ? { ...from, cursor: journal.cursor } : from,
      partSize: this.#budget.partSize(watcher.peer.account),
    });
    const durable = pipeline.settled();
    if (durable !== undefined) await durable;
    // Other watches may have used up the credit meanwhile: the part is then made again later.
    if (!watcher.isOpen || memory.snapshotAfter !== from || !watcher.peer.hasCredit) return;
    watcher.send(frame);
    memory.snapshotAfter = next;
    if (next === undefined) this.#caughtUp(watcher);
  }

  #sendFromJournal(watcher: Watcher): void {
    let rows = 0;
    let size = 0;
    const isWithKeys = hasKeys(watcher.scope);
    const published = this.#published().revision;
    for (const entry of this.#memory.journal.entriesAfter(watcher.position)) {
      // Entries on the disk may not be durable yet.
      if (entry.revision > published) break;
      this.#sendEntry(watcher, entry);
      watcher.position = entry.revision;
      watcher.memory.sentUntil = entry.revision;
      rows += entry.parts.length;
      // The changes of entries are read, whatever their keys.
      if (isWithKeys) size += entry.entryBytes;
      const isFull = rows >= CATCH_UP_SLICE_MAX_COUNT || size >= PAST_SLICE_MAX_BYTES;
      if (isFull || !watcher.peer.hasCredit) break;
    }
    this.#caughtUp(watcher);
  }

  #sendEntry(watcher: Watcher, entry: JournalEntry): void {
    const changes = this.#changesIn(watcher, entry);
    if (changes.length === 0) return;
    const frames = changesFrames(entry, changes);
    const counts = watcher.memory.counts ? new ServiceCounts(this.#memory.catalog, entry.revision) : undefined;
    for (const frame of counts?.addedTo(frames, changes) ?? frames)
      watcher.send(addressed('changes', watcher.name, frame));
    watcher.noteSent(entry.revision, frames);
  }

  /** Returns the changes of a revision within the scope of a watch: of records, then of entries. */
  #changesIn({ scope, memory }: Watcher, entry: JournalEntry): readonly ChangeText[] {
    const records = mayConcern(scope, entry.parts) ? changesOfPast(this.#memory, entry) : [];
    const changes = records.filter(({ of }) => inScope(scope, of));
    if (!hasKeys(scope)) return changes;
    const isSought = ({ key }: { key: string }) => inScope(scope, { key });
    let length = 0;
    for (const change of this.#memory.journal.entries.eachChangeAt(entry.revision, isSought)) {
      // Those beyond the limit would only take memory.
      const text = entryChangeText(change, memory.previous === true && length <= PREVIOUS_ENTRIES_MAX_BYTES);
      length += text.withPrevious?.length ?? 0;
      changes.push(text);
    }
    return memory.previous ? withPreviousEntries(changes) : changes;
  }

  /** Makes a watch live again once it has been sent everything that live watches have. */
  #caughtUp(watcher: Watcher): void {
    if (watcher.position < this.#published().revision) return;
    watcher.memory.sentUntil = undefined;
    watcher.noteNoneWaiting();
  }
}

/**
 * Yields to the rest of the process after a certain amount of work, summed over all tasks: all namespaces of a process share
 * one thread.
 */
export class Pace {
  readonly #nextTurn: () => Promise<void>;
  readonly #perTurn: number;
  #spent = 0;
  #turn: Promise<void> | undefined;

  /**
   * @param nextTurn Resolves when the event loop has delivered everything that arrived.
   * @param perTurn Work per turn, in the unit of {@link spend}.
   */
  constructor(nextTurn: () => Promise<void>, perTurn: number) {
    this.#nextTurn = nextTurn;
    this.#perTurn = perTurn;
  }

  /** Counts work done. */
  spend(work: number): void {
    this.#spent += work;
    if (this.#spent < this.#perTurn || this.#turn !== undefined) return;
    this.#spent = 0;
    this.#turn = this.#nextTurn().finally(() => {
      this.#turn = undefined;
    });
  }

  /** Resolves when more work may be done. Waiters resume in the order in which they called. */
  async ready(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
  }
}
