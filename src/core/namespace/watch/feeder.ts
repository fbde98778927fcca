import { CATCH_UP_SLICE_MAX_COUNT, FRAMES_PER_TURN_BYTES } from '../../../model/limits';
import { SNAPSHOT_START, type SnapshotPlace } from '../../platform/connection';
import type { StoredState } from '../commit/commit-state';
import type { JournalEntry } from '../commit/journal';
import type { UnreadBudget } from './unread-budget';
import { addressed, bookmarkFrame, changesFrames, changesOfPast, resetFrame, snapshotPart } from './watch-frames';
import { inScope, mayConcern } from './watch-scope';
import type { Watcher } from './watcher';

/** Brings watches that are behind up to date: the rest of their snapshot, then the journal, as their credit allows. */
export class Feeder {
  readonly #memory: StoredState;
  readonly #published: () => { revision: number; cursor: string };
  readonly #budget: UnreadBudget;
  /** Shared by all watches: hundreds that begin at once must not keep the thread from everything else. */
  readonly #pace: Pace;
  /** Nobody is fed: all will start over. */
  isHeld = false;

  /** @param published How far live watches have been sent changes. */
  constructor(memory: StoredState, published: () => { revision: number; cursor: string }, budget: UnreadBudget) {
    this.#memory = memory;
    this.#published = published;
    this.#budget = budget;
    this.#pace = new Pace(memory.platform.nextTurn, FRAMES_PER_TURN_BYTES);
  }

  /** Goes on with a watch that is behind, if nobody does so already. It ends when there is nothing left, or no credit. */
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
        // Its socket is closed and waits for nothing: to go on at once would fail in the same way, for ever.
        watcher.isFeeding = false;
        this.#memory.platform.log('error', 'a watch could not be fed', { error: String(error) });
        this.#budget.leave(watcher.peer.account);
        watcher.peer.connection.close(1011, 'internal error; resume by cursor');
      },
    );
  }

  /** Waits for room, or for nothing more. */
  #settle(watcher: Watcher): void {
    const { account, watchers } = watcher.peer;
    if (!watcher.isOpen || this.isHeld) return;
    if (!watcher.isLive) this.#budget.wait(account);
    else if ([...watchers.values()].every(({ isLive }) => isLive)) this.#budget.settle(account);
  }

  /** Tells a watch that is live how far the namespace is. */
  sendBookmark(watcher: Watcher): void {
    const { revision, cursor } = this.#published();
    watcher.wantsBookmark = false;
    watcher.toldRevision = revision;
    watcher.send(bookmarkFrame(watcher.name, cursor));
  }

  async #feedInSlices(watcher: Watcher): Promise<void> {
    // Who is told of a commit was settled when it was applied: those on their way since before the watch began come first.
    await this.#memory.pipeline.settled();
    await this.#pace.ready();
    while (watcher.isOpen && watcher.peer.hasCredit && !watcher.isLive && !this.isHeld) {
      const sentBefore = watcher.peer.account.sent;
      // What is read here may not be durable yet, so nothing is sent before it is; and others get their turn.
      const { snapshotAfter } = watcher.memory;
      if (snapshotAfter !== undefined) await this.#sendSnapshotPart(watcher, snapshotAfter);
      else if (watcher.position < this.#memory.journal.compactedRevision) this.startOver(watcher, 'compacted');
      else this.#sendFromJournal(watcher);
      this.#pace.spend(watcher.peer.account.sent - sentBefore);
      await this.#memory.platform.storage.sync();
      await this.#pace.ready();
    }
    if (!watcher.isOpen) return;
    watcher.peer.connection.remember();
    if (watcher.isLive && watcher.wantsBookmark) this.sendBookmark(watcher);
  }

  /** The past that it would go on from is gone, or of another epoch: it gets a snapshot instead. */
  startOver(watcher: Watcher, reason: string): void {
    const { revision } = this.#memory.journal;
    watcher.send(resetFrame(watcher.name, reason));
    // A copy: a part of an older snapshot that is on its way is known by its place, and comes to nothing.
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
    // Others may have been sent something meanwhile, so that there is no room any more: the part is made anew then.
    if (!watcher.isOpen || memory.snapshotAfter !== from || !watcher.peer.hasCredit) return;
    watcher.send(frame);
    memory.snapshotAfter = next;
    if (next === undefined) this.#caughtUp(watcher);
  }

  #sendFromJournal(watcher: Watcher): void {
    let rows = 0;
    const published = this.#published().revision;
    for (const entry of this.#memory.journal.entriesAfter(watcher.position)) {
      // What is on the disk may not be durable yet.
      if (entry.revision > published) break;
      this.#sendEntry(watcher, entry);
      watcher.position = entry.revision;
      watcher.memory.sentUntil = entry.revision;
      rows += entry.parts.length;
      if (rows >= CATCH_UP_SLICE_MAX_COUNT || !watcher.peer.hasCredit) break;
    }
    this.#caughtUp(watcher);
  }

  #sendEntry(watcher: Watcher, entry: JournalEntry): void {
    const { scope } = watcher;
    if (!mayConcern(scope, entry.parts)) return;
    const changes = changesOfPast(this.#memory, entry).filter((change) => inScope(scope, change));
    if (changes.length === 0) return;
    const frames = changesFrames(entry, changes);
    for (const frame of frames) watcher.send(addressed('changes', watcher.name, frame));
    watcher.noteSent(entry.revision, frames);
  }

  /** Live again, where everything that those who are live were told has been sent. */
  #caughtUp(watcher: Watcher): void {
    if (watcher.position < this.#published().revision) return;
    watcher.memory.sentUntil = undefined;
    watcher.noteNoneWaiting();
  }
}

/**
 * Gives the rest of the process a turn after so much work, however many tasks did it: all namespaces of a process share one
 * thread.
 */
export class Pace {
  readonly #nextTurn: () => Promise<void>;
  readonly #perTurn: number;
  #spent = 0;
  #turn: Promise<void> | undefined;

  /**
   * @param nextTurn Resolves when the event loop has taken in what arrived.
   * @param perTurn Work of one turn, in the unit of {@link spend}.
   */
  constructor(nextTurn: () => Promise<void>, perTurn: number) {
    this.#nextTurn = nextTurn;
    this.#perTurn = perTurn;
  }

  /** Counts work that was done. */
  spend(work: number): void {
    this.#spent += work;
    if (this.#spent < this.#perTurn || this.#turn !== undefined) return;
    this.#spent = 0;
    this.#turn = this.#nextTurn().finally(() => {
      this.#turn = undefined;
    });
  }

  /** Resolves when there may be more work: those that wait go on in the order in which they began to. */
  async ready(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
  }
}
