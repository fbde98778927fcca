import type { Mutant } from './mutant';

/** Faults in the frames of watchers and in sessions. */
export const WATCH_MUTANTS: Mutant[] = [
  {
    name: 'notifies watchers of a commit before it is durable',
    breaks: 'W8',
    symbol: 'commit',
    from: '}, publish);',
    to: `});
  publish();`,
  },
  {
    name: 'sends written but not durable changes to unsynced watchers',
    breaks: 'W8',
    symbol: 'Feeder.#sendFromJournal',
    from: 'if (entry.revision > published) break;',
    to: '',
  },
  {
    name: 'includes changes in a snapshot that are not durable',
    breaks: 'W8',
    symbol: 'Feeder.#sendSnapshotPart',
    from: 'if (durable !== undefined) await durable;',
    to: '',
  },
  {
    name: 'misses commits in progress when a watch resumes',
    breaks: 'W4',
    symbol: 'Feeder.#feedInSlices',
    from: 'await this.#memory.pipeline.settled();',
    to: '',
  },
  {
    name: 'skips a revision when a watch resumes',
    breaks: 'W4',
    symbol: 'Feeder.#sendFromJournal',
    from: 'this.#memory.journal.entriesAfter(watcher.position)',
    to: 'this.#memory.journal.entriesAfter(watcher.position + 1)',
  },
  {
    name: 'ends catching up a revision too early',
    breaks: 'W4',
    symbol: 'Feeder.#caughtUp',
    from: 'if (watcher.position < this.#published().revision) return;',
    to: 'if (watcher.position < this.#published().revision - 1) return;',
  },
  {
    name: 'continues after compaction',
    breaks: 'W6',
    symbol: 'Feeder.#feedInSlices',
    from: 'watcher.position < completeAfter(this.#memory.journal, watcher.scope)',
    to: 'watcher.position < -1',
  },
  {
    name: 'continues if the first revision after a position was compacted',
    breaks: 'W6',
    symbol: 'Feeder.#feedInSlices',
    from: 'watcher.position < completeAfter(this.#memory.journal, watcher.scope)',
    to: 'watcher.position + 1 < completeAfter(this.#memory.journal, watcher.scope)',
  },
  {
    name: 'continues after the last part of a snapshot, not after its first',
    breaks: 'W4',
    symbol: 'Feeder.#sendSnapshotPart',
    from: 'memory.snapshotAfter = next;',
    to: `memory.snapshotAfter = next;
    watcher.position = journal.revision;
    memory.sentUntil = watcher.position;`,
  },
  {
    name: 'forgets the position of a watch in hibernation',
    breaks: 'W14',
    symbol: 'Feeder.#feedInSlices',
    from: 'watcher.peer.connection.remember();',
    to: '',
  },
  {
    name: 'forgets in hibernation that a watch fell behind',
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
    name: 'repeats the revision of its cursor when a watch resumes',
    breaks: 'W3',
    symbol: 'Feeder.#sendFromJournal',
    from: 'this.#memory.journal.entriesAfter(watcher.position)',
    to: 'this.#memory.journal.entriesAfter(watcher.position - 1)',
  },
  {
    name: 'sends every watcher all of a revision',
    breaks: 'W9',
    symbol: 'audiencesOf',
    from: 'const seen = indexes.flatMap((each) => texts[each] ?? []);',
    to: 'const seen = [...texts];',
  },
  {
    name: 'omits services that others watch by name from watches of everything',
    breaks: 'W4',
    symbol: 'WatchIndex.watchersOf',
    from: 'if (first === undefined) return [];',
    to: `if (first === undefined) return [];
    const own = this.#byPart.get(serviceName(key));
    if (own !== undefined) return own;`,
  },
  {
    name: 'sends no bookmarks',
    breaks: 'W7',
    symbol: 'Hub.sendBookmarks',
    from: 'if (watcher.isLive && watcher.sentRevision < revision) this.#feeder.sendBookmark(watcher);',
    to: '',
  },
  {
    name: 'sends the newest cursor to unsynced watchers',
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
    name: 'sends the cursor with the first part',
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
    name: 'loses a removal together with a change of the override',
    breaks: 'W4',
    symbol: 'changeTexts',
    from: 'if (watched === undefined) continue;',
    to: `if (watched === undefined) {
      named.add(['instance', group, service, id].join('\\u0000'));
      continue;
    }`,
  },
  {
    name: 'sends past changes with the current state',
    breaks: 'W11',
    symbol: 'recordAt',
    from: 'while (changedAt > revision) {',
    to: 'while (changedAt > revision && revision < 0) {',
  },
  {
    name: 'sends without limit to a receiver that does not read',
    breaks: 'W12',
    symbol: 'UnreadBudget.hasRoom',
    from: 'account.unread < this.#windowOf(account) && this.#hasShare(account)',
    to: 'this.#hasShare(account)',
  },
  {
    name: 'limits unread bytes for each connection, but not for all',
    breaks: 'W21',
    symbol: 'UnreadBudget.hasRoom',
    from: 'account.unread < this.#windowOf(account) && this.#hasShare(account)',
    to: 'account.unread < this.#windowOf(account)',
  },
  {
    name: 'trusts a client that claims to have read',
    breaks: 'W21',
    symbol: 'UnreadBudget.confirm',
    from: 'if (mark !== undefined && mark === account.mark?.id) {',
    to: 'if (account.mark !== undefined) {',
  },
  {
    name: 'gives every unsynced watcher the whole window',
    breaks: 'W21',
    symbol: 'UnreadBudget.#windowOf',
    from: 'if (!this.#behind.has(account)) return CREDIT_INITIAL_BYTES;',
    to: 'if (account.isOpen) return CREDIT_INITIAL_BYTES;',
  },
  {
    name: 'counts frames sent to a closed socket as read',
    breaks: 'W21',
    symbol: 'UnreadBudget.leave',
    from: 'account.owesSince = undefined;',
    to: `account.owesSince = undefined;
    this.#set(account, 0, 0);`,
  },
  {
    name: 'blocks other watchers between large frames',
    breaks: 'W20',
    symbol: 'FrameQueue.#run',
    from: 'await this.#nextTurn();',
    to: '',
  },
  {
    name: 'waits in a drain for disconnected subscribers',
    breaks: 'W18',
    symbol: 'Hub.#close',
    from: 'this.#receipts.forget(watcher);',
    to: '',
  },
  {
    name: 'counts frames sent before hibernation as acknowledged',
    breaks: 'W24',
    symbol: 'Watcher.acknowledgedRevision',
    from: 'return this.memory.acknowledged ?? 0;',
    to: 'return this.memory.acknowledged ?? (this.memory.snapshotAfter === undefined ? this.position : 0);',
  },
  {
    name: 'forgets acknowledgements in hibernation',
    breaks: 'W24',
    symbol: 'Watcher.acknowledgedRevision',
    from: 'this.peer.connection.remember();',
    to: '',
  },
  {
    name: 'keeps acknowledgements of another epoch',
    breaks: 'W24',
    symbol: 'Feeder.startOver',
    from: 'watcher.memory.acknowledged = undefined;',
    to: '',
  },
  {
    name: 'forgets in hibernation how long responses are cached',
    breaks: 'W25',
    symbol: 'ReaderHolds.#keep',
    from: 'this.#isWritten = this.#offer(() => writeProperty(this.#storage, PROPERTY, text));',
    to: 'void text;',
  },
  {
    name: 'writes a row each time a longer cache age recurs',
    breaks: 'I8',
    symbol: 'ReaderHolds.noteCached',
    from: 'cachedUntil <= now ? rounded : Math.max(cachedForMs, rounded)',
    to: 'rounded',
  },
  {
    name: 'counts forgotten pollers as disconnected',
    breaks: 'W26',
    symbol: 'ReaderHolds.constructor',
    from: 'Math.min(pollsUntil, now + pollerLingerMs)',
    to: '0',
  },
  {
    name: 'loses readers beyond the limit of names',
    breaks: 'W27',
    symbol: 'notePoller',
    from: 'if (entry !== undefined) notePlainRead(entry.plainReads, now);',
    to: 'void entry;',
  },
  {
    name: 'ignores the pings of a session',
    breaks: 'T1',
    symbol: 'hear',
    from: 'if (heardAt > leases.renewedAt(session.lease)) leases.hear(session.lease, heardAt);',
    to: '',
  },
  {
    name: 'keeps one instance of a session that ends',
    breaks: 'T2',
    symbol: 'endSessions',
    from: 'for (const entry of session.instances) draft',
    to: 'for (const entry of [...session.instances].slice(1)) draft',
  },
  {
    name: 'accepts the previous socket for a resumed session',
    breaks: 'T6',
    symbol: 'letGo',
    from: "connection.memory.session = '';",
    to: '',
  },
  {
    name: 'resumes a session for any token that names it',
    breaks: 'T5',
    symbol: 'resumeSession',
    from: 'if (session.secretDigest !== ticket.secretDigest) return undefined;',
    to: '',
  },
  {
    name: 'ignores vanished sockets',
    breaks: 'T7',
    symbol: 'noteLostSockets',
    from: "if (attention.gaps === 0) noteGap(state, now, 'sockets of sessions vanished', reconnectSpreadMs(sessions.size));",
    to: '',
  },
  {
    name: 'does not renew a resumed session',
    breaks: 'T4',
    symbol: 'resumeSession',
    from: 'state.leases.renew(session.lease, now);',
    to: '',
  },
];
