import { CLOSE_CODES } from '../../../model/frames';
import { BACKLOG_MAX_BYTES, BOOKMARK_INTERVAL_MS, BOOKMARK_REVISIONS_COUNT } from '../../../model/limits';
import type { ServiceKey } from '../../../model/namespace-api';
import {
  type Connection,
  MEMORY_VERSION,
  type NewWatch,
  SNAPSHOT_START,
  type WatchMemory,
} from '../../platform/connection';
import type { PublishedChange, PublishedRevision, Publisher, StoredState } from '../commit/commit-state';
import type { JournaledEntry } from '../entries/entry-changes';
import { type AlarmState, arm } from '../leases/expiry';
import { reconnectSpreadMs, reconnectWithinMs } from '../time/attention';
import { type Audience, addCounts, audiencesOf } from './audiences';
import { Feeder } from './feeder';
import { dueAt } from './open-tokens';
import type { Receipts } from './receipts';
import { ServiceCounts } from './service-counts';
import { UnreadBudget } from './unread-budget';
import { type ChangeText, changesOfCommit, entryChangeText } from './watch-frames';
import { hasKeys, WatchIndex } from './watch-scope';
import { Peer, Watcher } from './watcher';

/** The parts of a namespace that watches are fed from. */
type WatchSource = StoredState & AlarmState;

/**
 * Sends watchers the changes of the namespace: in order, each change once, none left out, a revision as a whole, and nothing
 * before it is durable.
 *
 * A watcher is either live, and is sent changes as they become durable, or it catches up from the journal, in slices, as
 * far as its credit goes: after a resume, a snapshot, or when its credit ran out. Then it is live again.
 * Source: etcd's synced and unsynced watcher groups.
 */
export class Hub implements Publisher {
  readonly #memory: WatchSource;
  readonly #receipts: Receipts;
  readonly #index = new WatchIndex<Watcher>();
  readonly #peers = new Map<Connection, Peer>();
  /** Peers closed by the registry whose sockets are not gone yet: their output may still be in memory. */
  readonly #leaving = new Map<Connection, Peer>();
  readonly #bySubscriber = new Map<string, Set<Peer>>();
  readonly #budget: UnreadBudget;
  readonly #feeder: Feeder;
  #isAwake = false;
  /** Number of watches that asked for counts. */
  #countingCount = 0;
  /** Position up to which live watches have been sent everything. */
  #published: { revision: number; cursor: string };
  #bookmarkedAt = 0;
  #bookmarkedRevision: number;

  constructor(memory: WatchSource, receipts: Receipts) {
    this.#memory = memory;
    this.#receipts = receipts;
    this.#published = { revision: memory.journal.revision, cursor: memory.journal.cursor };
    this.#bookmarkedRevision = memory.journal.revision;
    this.#budget = new UnreadBudget({
      now: () => memory.time.now(),
      id: () => memory.platform.random.id(),
      dismiss: (connection, reason) => this.dismiss(connection, CLOSE_CODES.slowConsumer, reason),
      goOn: (connection) => this.#goOn(connection),
      comeBackAt: (at) => {
        memory.agenda.set({ kind: 'readers' }, Math.min(memory.agenda.timeOf({ kind: 'readers' }), at));
        arm(memory);
      },
    });
    this.#feeder = new Feeder(
      memory,
      () => this.#published,
      this.#budget,
      (watcher) => this.unwatch(watcher),
    );
  }

  /** Position up to which live watches have been sent everything: all of it is durable. */
  get published(): { readonly revision: number; readonly cursor: string } {
    return this.#published;
  }

  get watchCount(): number {
    return this.#index.size;
  }

  /** Returns the number of watches of one token. */
  watchCountOf(tokenId: string): number {
    return this.#peersOf(tokenId).reduce((count, { watchers }) => count + watchers.size, 0);
  }

  /** Returns the number of connections of one token. */
  connectionCountOf(tokenId: string): number {
    return this.#peersOf(tokenId).length;
  }

  #peersOf(tokenId: string): Peer[] {
    return this.peers().filter(({ connection }) => connection.memory.caller.tokenId === tokenId);
  }

  get connectionCount(): number {
    this.wake();
    return this.#peers.size + this.#leaving.size;
  }

  /** Returns the peer of a connection; on the first call it is created, with the watches in the connection's memory. */
  connect(connection: Connection): Peer {
    this.wake();
    const known = this.#peers.get(connection);
    if (known !== undefined) return known;
    const peer = new Peer(connection, this.#memory.counters, this.#budget);
    this.#peers.set(connection, peer);
    this.#watchOver(connection);
    const { subscriber } = connection.memory;
    const others = this.#bySubscriber.get(subscriber);
    if (others === undefined) this.#bySubscriber.set(subscriber, new Set([peer]));
    else others.add(peer);
    for (const memory of connection.memory.watches) this.#add(peer, memory);
    return peer;
  }

  /** Removes a connection that is closed, and its watches. */
  disconnect(connection: Connection): void {
    const left = this.#leave(connection) ?? this.#leaving.get(connection);
    this.#leaving.delete(connection);
    if (left !== undefined) this.#budget.closed(left.account);
  }

  #leave(connection: Connection): Peer | undefined {
    const peer = this.#peers.get(connection);
    if (peer === undefined) return undefined;
    this.#peers.delete(connection);
    this.#budget.leave(peer.account);
    const { subscriber } = connection.memory;
    const others = this.#bySubscriber.get(subscriber);
    others?.delete(peer);
    if (others?.size === 0) this.#bySubscriber.delete(subscriber);
    for (const watcher of peer.watchers.values()) this.#close(watcher);
    return peer;
  }

  /** Closes a connection. Frames from it that still arrive are ignored. */
  dismiss(connection: Connection, code: number, reason: string): void {
    connection.close(code, reason);
    const peer = this.#leave(connection);
    if (peer !== undefined) this.#leaving.set(connection, peer);
    connection.memory.watches = [];
    connection.remember();
  }

  /**
   * Starts a watch: from a snapshot, or from after a revision.
   *
   * @param sentUntil That revision; undefined to begin with a snapshot.
   */
  watch(peer: Peer, watch: NewWatch, sentUntil: number | undefined): void {
    const { revision } = this.#memory.journal;
    const memory: WatchMemory =
      sentUntil === undefined
        ? { ...watch, sentUntil: revision, snapshotAfter: SNAPSHOT_START }
        : { ...watch, sentUntil, acknowledged: sentUntil };
    peer.connection.memory.watches.push(memory);
    peer.connection.remember();
    this.#add(peer, memory);
  }

  /** Ends a watch. */
  unwatch(watcher: Watcher): void {
    this.#close(watcher);
    const { connection, watchers } = watcher.peer;
    watchers.delete(watcher.name);
    connection.memory.watches = connection.memory.watches.filter((watch) => watch !== watcher.memory);
    connection.remember();
  }

  /** Returns whether the registry has closed a connection: its remaining frames are ignored. */
  isLeaving(connection: Connection): boolean {
    return this.#leaving.has(connection);
  }

  /** Returns the peer of a connection; undefined if it is unknown, or the registry has closed it. */
  peerOf(connection: Connection): Peer | undefined {
    return this.#peers.get(connection);
  }

  /** Returns whether the frames of a connection are held back until it has read some of its answers. */
  isHeld(connection: Connection): boolean {
    const peer = this.#peers.get(connection);
    return peer !== undefined && this.#budget.isHeld(peer.account);
  }

  /** Adds the credit that a client grants, and continues with output that waited for it. */
  grant(peer: Peer, bytes: number, mark: string | undefined): void {
    this.#budget.confirm(peer.account, bytes, mark);
    for (const watcher of peer.watchers.values()) {
      // A client that grants credit is reading: changes that piled up meanwhile, as during a large snapshot, don't make it
      // slow.
      watcher.noteNoneWaiting();
      this.#feeder.feed(watcher);
    }
  }

  /** Records that a client has acknowledged everything up to a revision. */
  noteRead(watcher: Watcher, revision: number): void {
    const readUpTo = watcher.readUpTo(revision);
    if (readUpTo !== undefined) this.#budget.confirmUpTo(watcher.peer.account, readUpTo);
  }

  #goOn(connection: Connection): void {
    for (const watcher of this.#peers.get(connection)?.watchers.values() ?? []) this.#feeder.feed(watcher);
  }

  /** Sends a watch its cursor, at once or when it has caught up. */
  sync(watcher: Watcher): void {
    watcher.wantsBookmark = true;
    this.#feeder.feed(watcher);
  }

  /** Returns all peers, in a copy, as closing one removes it. */
  peers(): Peer[] {
    this.wake();
    return [...this.#peers.values()];
  }

  /** Returns the watches of a service. */
  watchersOf(key: ServiceKey): Iterable<Watcher> {
    this.wake();
    return this.#index.watchersOf(key);
  }

  audienceOf(key: ServiceKey): number {
    this.wake();
    return this.#index.countOf(key);
  }

  /** Returns all watches of a subscriber. */
  watchersBy(subscriber: string): Watcher[] {
    this.wake();
    return [...(this.#bySubscriber.get(subscriber) ?? [])].flatMap((peer) => [...peer.watchers.values()]);
  }

  prepare(
    published: PublishedRevision,
    changes: readonly PublishedChange[],
    entries: readonly JournaledEntry[],
    deleted?: ReadonlySet<string>,
  ): () => void {
    this.wake();
    const isWatched = this.#index.size > 0 && !this.#feeder.isHeld;
    const audiences = isWatched ? audiencesOf(this.#index, published, this.#textsOf(published, changes, entries)) : [];
    if (this.#countingCount > 0) addCounts(audiences, new ServiceCounts(this.#memory.catalog, published.revision));
    const behind = deleted === undefined ? [] : this.#watchersOfKeys();
    return () => {
      for (const watcher of behind) {
        if (watcher.isOpen && watcher.isLive) fallBehind(watcher, published.revision - 1);
      }
      this.#published = { revision: published.revision, cursor: published.cursor };
      for (const audience of audiences) {
        for (const watcher of audience.watchers) this.#send(watcher, published.revision, audience);
      }
      for (const watcher of behind) this.#feeder.feed(watcher);
      this.sendBookmarks();
    };
  }

  /** Returns the watches whose scope has keys. */
  #watchersOfKeys(): Watcher[] {
    return this.peers().flatMap((peer) => [...peer.watchers.values()].filter(({ scope }) => hasKeys(scope)));
  }

  hold(): void {
    this.#feeder.isHeld = true;
    for (const peer of this.peers()) {
      for (const watcher of peer.watchers.values()) {
        if (watcher.isLive) fallBehind(watcher, this.#published.revision);
      }
    }
  }

  startOver(position: { revision: number; cursor: string }, reason: string): void {
    this.#published = position;
    this.#feeder.isHeld = false;
    for (const peer of this.peers()) {
      for (const watcher of peer.watchers.values()) {
        this.#feeder.startOver(watcher, reason, position.revision);
        this.#feeder.feed(watcher);
      }
    }
  }

  sendBookmarks(): void {
    this.#budget.closeStalled();
    const now = this.#memory.time.now();
    const { revision } = this.#published;
    const isTime = now - this.#bookmarkedAt >= BOOKMARK_INTERVAL_MS && revision > this.#bookmarkedRevision;
    if (!isTime && revision - this.#bookmarkedRevision < BOOKMARK_REVISIONS_COUNT) return;
    this.#bookmarkedAt = now;
    this.#bookmarkedRevision = revision;
    for (const peer of this.#peers.values()) {
      for (const watcher of peer.watchers.values()) {
        if (watcher.isLive && watcher.sentRevision < revision) this.#feeder.sendBookmark(watcher);
      }
    }
  }

  /** Adds the connections from before the object slept, when they are first needed. */
  wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const { platform, sessions } = this.#memory;
    const connections = [...platform.connections.all()];
    const spreadMs = reconnectSpreadMs(sessions.size, connections.length);
    for (const connection of connections) {
      const session = sessions.get(connection.memory.session ?? '');
      if (connection.memory.version < MEMORY_VERSION) {
        connection.close(CLOSE_CODES.tryAgain, String(reconnectWithinMs(spreadMs, session)));
        continue;
      }
      this.connect(connection);
      if (session !== undefined) session.connection ??= connection;
    }
  }

  /** Schedules a check of a socket for when its token ends, or is due to be verified again. */
  #watchOver({ memory }: Connection): void {
    const { agenda, time } = this.#memory;
    agenda.set({ kind: 'sockets' }, Math.min(agenda.timeOf({ kind: 'sockets' }), time.whenClockShows(dueAt(memory))));
  }

  #add(peer: Peer, memory: WatchMemory): void {
    const watcher = new Watcher(peer, memory, memory.sentUntil ?? this.#published.revision);
    peer.watchers.set(memory.name, watcher);
    this.#index.add(watcher);
    if (memory.counts) this.#countingCount += 1;
    this.#feeder.feed(watcher);
  }

  #close(watcher: Watcher): void {
    watcher.isOpen = false;
    this.#index.remove(watcher);
    if (watcher.memory.counts) this.#countingCount -= 1;
    this.#receipts.forget(watcher);
  }

  /** Encodes changes. Entries that no watch includes are left out, as their values may be large. */
  #textsOf(
    published: PublishedRevision,
    changes: readonly PublishedChange[],
    entries: readonly JournaledEntry[],
  ): ChangeText[] {
    const texts = changesOfCommit(this.#memory.catalog, changes, published);
    for (const change of entries) {
      const watchers = [...this.#index.watchersOf({ key: change.key })];
      if (watchers.length === 0) continue;
      const isWithPrevious = watchers.some(({ memory }) => memory.previous);
      texts.push(entryChangeText(change, isWithPrevious));
    }
    return texts;
  }

  #send(watcher: Watcher, revision: number, { frames, counted = frames }: Audience): void {
    if (!watcher.isOpen || revision <= watcher.position) return;
    if (watcher.isLive && watcher.peer.hasCredit) {
      const shared = watcher.memory.counts ? counted : frames;
      for (const frame of shared.addressedTo(watcher.name)) watcher.send(frame);
      watcher.position = revision;
      watcher.sentRevision = revision;
      return;
    }
    if (watcher.isLive) fallBehind(watcher, revision - 1);
    watcher.noteWaiting(revision, frames.frames);
    this.#budget.wait(watcher.peer.account);
    if (watcher.peer.isFull && watcher.waitingSize > BACKLOG_MAX_BYTES) {
      const reason = 'too slow: more than 4 MiB is waiting; resume by cursor';
      this.dismiss(watcher.peer.connection, CLOSE_CODES.slowConsumer, reason);
    }
  }
}

/** Makes a watch catch up from the journal from here on. Its position is stored, as the object may sleep meanwhile. */
function fallBehind(watcher: Watcher, sentUntil: number): void {
  watcher.position = sentUntil;
  watcher.memory.sentUntil = sentUntil;
  watcher.peer.connection.remember();
}
