import type { Mutant } from './mutant';

/** Faults in the frames of watchers and in sessions. */
export const WATCH_MUTANTS: Mutant[] = [
  {
    name: 'tells watchers of a commit before it is durable',
    breaks: 'W8',
    symbol: 'commit',
    from: '}, publish);',
    to: `});
  publish();`,
  },
  {
    name: 'tells those who catch up of what is written and not durable',
    breaks: 'W8',
    symbol: 'Feeder.#sendFromJournal',
    from: 'if (entry.revision > published) break;',
    to: '',
  },
  {
    name: 'shows in a snapshot what is not durable',
    breaks: 'W8',
    symbol: 'Feeder.#sendSnapshotPart',
    from: 'if (durable !== undefined) await durable;',
    to: '',
  },
  {
    name: 'misses commits that are on their way when a watch resumes',
    breaks: 'W4',
    symbol: 'Feeder.#feedInSlices',
    from: 'await this.#memory.pipeline.settled();',
    to: '',
  },
  {
    name: 'goes on after the next revision where a watch resumes',
    breaks: 'W4',
    symbol: 'Feeder.#sendFromJournal',
    from: 'this.#memory.journal.entriesAfter(watcher.position)',
    to: 'this.#memory.journal.entriesAfter(watcher.position + 1)',
  },
  {
    name: 'is done with catching up a revision too early',
    breaks: 'W4',
    symbol: 'Feeder.#caughtUp',
    from: 'if (watcher.position < this.#published().revision) return;',
    to: 'if (watcher.position < this.#published().revision - 1) return;',
  },
  {
    name: 'goes on where the past is gone',
    breaks: 'W6',
    symbol: 'Feeder.#feedInSlices',
    from: 'watcher.position < this.#memory.journal.compactedRevision',
    to: 'watcher.position < -1',
  },
  {
    name: 'goes on where the first revision after a position is gone',
    breaks: 'W6',
    symbol: 'Feeder.#feedInSlices',
    from: 'watcher.position < this.#memory.journal.compactedRevision',
    to: 'watcher.position + 1 < this.#memory.journal.compactedRevision',
  },
  {
    name: 'goes on after the last part of a snapshot, not after its first',
    breaks: 'W4',
    symbol: 'Feeder.#sendSnapshotPart',
    from: 'memory.snapshotAfter = next;',
    to: `memory.snapshotAfter = next;
    watcher.position = journal.revision;
    memory.sentUntil = watcher.position;`,
  },
  {
    name: 'forgets in its sleep how far a watch has come',
    breaks: 'W14',
    symbol: 'Feeder.#feedInSlices',
    from: 'watcher.peer.connection.remember();',
    to: '',
  },
  {
    name: 'forgets in its sleep that a watch fell behind',
    breaks: 'W14',
    symbol: 'fallBehind',
    from: 'watcher.peer.connection.remember();',
    to: '',
  },
  {
    name: 'skips the revision with which a watch falls behind',
    breaks: 'W4',
    symbol: 'Hub.#send',
    from: 'fallBehind(watcher, revision - 1)',
    to: 'fallBehind(watcher, revision)',
  },
  {
    name: 'tells of the revision of its cursor again where a watch resumes',
    breaks: 'W3',
    symbol: 'Feeder.#sendFromJournal',
    from: 'this.#memory.journal.entriesAfter(watcher.position)',
    to: 'this.#memory.journal.entriesAfter(watcher.position - 1)',
  },
  {
    name: 'tells everybody all of a revision',
    breaks: 'W9',
    symbol: 'Hub.#audiencesOf',
    from: 'audiences.set(name, { watchers: [watcher], frames: new SharedFrames(changesFrames(published, seen)) });',
    to: 'audiences.set(name, { watchers: [watcher], frames: new SharedFrames(changesFrames(published, texts)) });',
  },
  {
    name: 'does not tell those who watch all of what others watch by name',
    breaks: 'W4',
    symbol: 'WatchIndex.watchersOf',
    from: 'if (first === undefined) return [];',
    to: `if (first === undefined) return [];
    const own = this.#byPart.get(serviceName(key));
    if (own !== undefined) return own;`,
  },
  {
    name: 'gives no bookmarks',
    breaks: 'W7',
    symbol: 'Hub.sendBookmarks',
    from: 'if (watcher.isLive && watcher.sentRevision < revision) this.#feeder.sendBookmark(watcher);',
    to: '',
  },
  {
    name: 'gives the newest cursor to those who are behind',
    breaks: 'W4',
    symbol: 'Feeder.feed',
    from: `if (watcher.isLive) {
      if (watcher.wantsBookmark) this.sendBookmark(watcher);
      return;
    }`,
    to: `if (watcher.wantsBookmark) this.sendBookmark(watcher);
    if (watcher.isLive) return;`,
  },
  {
    name: 'lets the cursor of parts count at the first',
    breaks: 'W2',
    symbol: 'changesFrames',
    from: 'index === parts.length - 1',
    to: 'index === 0',
  },
  {
    name: 'ends a snapshot with its first part',
    breaks: 'W10',
    symbol: 'snapshotServices',
    from: `next: next(last) };
      const text`,
    to: `next: undefined };
      const text`,
  },
  {
    name: 'loses an instance that goes with a change of its override',
    breaks: 'W4',
    symbol: 'changeTexts',
    from: 'if (watched === undefined) continue;',
    to: `if (watched === undefined) {
      named.add(['instance', group, service, id].join('\\u0000'));
      continue;
    }`,
  },
  {
    name: 'tells of the past as things are today',
    breaks: 'W11',
    symbol: 'recordAt',
    from: 'while (changedAt > revision) {',
    to: 'while (changedAt > revision && revision < 0) {',
  },
  {
    name: 'sends without end to a receiver that takes in nothing',
    breaks: 'W12',
    symbol: 'UnreadBudget.hasRoom',
    from: 'account.unread < this.#windowOf(account) && this.#hasShare(account)',
    to: 'this.#hasShare(account)',
  },
  {
    name: 'bounds what is unread for each connection, and not for all',
    breaks: 'W21',
    symbol: 'UnreadBudget.hasRoom',
    from: 'account.unread < this.#windowOf(account) && this.#hasShare(account)',
    to: 'account.unread < this.#windowOf(account)',
  },
  {
    name: 'believes a client that says that it has read',
    breaks: 'W21',
    symbol: 'UnreadBudget.confirm',
    from: 'if (mark !== undefined && mark === account.mark?.id) {',
    to: 'if (account.mark !== undefined) {',
  },
  {
    name: 'gives all that are behind the whole window',
    breaks: 'W21',
    symbol: 'UnreadBudget.#windowOf',
    from: 'if (!this.#behind.has(account)) return CREDIT_INITIAL_BYTES;',
    to: 'if (account.isOpen) return CREDIT_INITIAL_BYTES;',
  },
  {
    name: 'takes what was sent to a closed socket for read',
    breaks: 'W21',
    symbol: 'UnreadBudget.leave',
    from: 'account.owesSince = undefined;',
    to: `account.owesSince = undefined;
    this.#set(account, 0, 0);`,
  },
  {
    name: 'gives no turn to others between large frames',
    breaks: 'W20',
    symbol: 'FrameQueue.#run',
    from: 'await this.#nextTurn();',
    to: '',
  },
  {
    name: 'waits in a drain for those who are gone',
    breaks: 'W18',
    symbol: 'Hub.#close',
    from: 'this.#receipts.forget(watcher);',
    to: '',
  },
  {
    name: 'takes what was sent before a sleep for acknowledged',
    breaks: 'W24',
    symbol: 'Watcher.acknowledgedRevision',
    from: 'return this.memory.acknowledged ?? 0;',
    to: 'return this.memory.acknowledged ?? (this.memory.snapshotAfter === undefined ? this.position : 0);',
  },
  {
    name: 'forgets acknowledgements in a sleep',
    breaks: 'W24',
    symbol: 'Watcher.acknowledgedRevision',
    from: 'this.peer.connection.remember();',
    to: '',
  },
  {
    name: 'keeps acknowledgements of another past',
    breaks: 'W24',
    symbol: 'Feeder.startOver',
    from: 'watcher.memory.acknowledged = undefined;',
    to: '',
  },
  {
    name: 'forgets in a sleep how long cached answers are kept',
    breaks: 'W25',
    symbol: 'ReaderHolds.#keep',
    from: 'this.#isWritten = this.#offer(() => writeProperty(this.#storage, PROPERTY, text));',
    to: 'void text;',
  },
  {
    name: 'writes a row each time that a longer age of cached answers comes again',
    breaks: 'I8',
    symbol: 'ReaderHolds.noteCached',
    from: 'cachedUntil <= now ? rounded : Math.max(cachedForMs, rounded)',
    to: 'rounded',
  },
  {
    name: 'takes pollers that it forgot for gone',
    breaks: 'W26',
    symbol: 'ReaderHolds.constructor',
    from: 'Math.min(pollsUntil, now + pollerLingerMs)',
    to: '0',
  },
  {
    name: 'loses readers beyond the bound of names',
    breaks: 'W27',
    symbol: 'notePoller',
    from: 'if (entry !== undefined) notePlainRead(entry.plainReads, now);',
    to: 'void entry;',
  },
  {
    name: 'does not hear the pings of a session',
    breaks: 'T1',
    symbol: 'hear',
    from: 'if (heardAt > leases.renewedAt(session.lease)) leases.hear(session.lease, heardAt);',
    to: '',
  },
  {
    name: 'leaves one instance of a session that ends',
    breaks: 'T2',
    symbol: 'endSessions',
    from: 'for (const entry of session.instances) draft',
    to: 'for (const entry of [...session.instances].slice(1)) draft',
  },
  {
    name: 'lets the socket before speak for a session that was resumed',
    breaks: 'T6',
    symbol: 'letGo',
    from: "connection.memory.session = '';",
    to: '',
  },
  {
    name: 'resumes a session for whoever names it',
    breaks: 'T5',
    symbol: 'resumeSession',
    from: 'if (session.secretDigest !== ticket.secretDigest) return undefined;',
    to: '',
  },
  {
    name: 'takes no notice of sockets that vanished',
    breaks: 'T7',
    symbol: 'noteLostSockets',
    from: "if (attention.gaps === 0) noteGap(state, now, 'sockets of sessions vanished', reconnectSpreadMs(sessions.size));",
    to: '',
  },
  {
    name: 'gives a session that is resumed no new time',
    breaks: 'T4',
    symbol: 'resumeSession',
    from: 'state.leases.renew(session.lease, now);',
    to: '',
  },
];
