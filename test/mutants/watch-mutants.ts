import type { Mutant } from './mutant';

/** What watchers are told, and what a session holds. */
export const WATCH_MUTANTS: Mutant[] = [
  {
    name: 'tells watchers of a commit before it is durable',
    breaks: 'W8',
    file: 'commit.ts',
    from: '  }, publish);',
    to: '  });\n  publish();',
  },
  {
    name: 'tells those who catch up of what is written and not durable',
    breaks: 'W8',
    file: 'watch/feeder.ts',
    from: '      if (entry.revision > published) break;\n',
    to: '',
  },
  {
    name: 'shows in a snapshot what is not durable',
    breaks: 'W8',
    file: 'watch/feeder.ts',
    from: '    if (durable !== undefined) await durable;\n',
    to: '',
  },
  {
    name: 'misses commits that are on their way when a watch resumes',
    breaks: 'W4',
    file: 'watch/feeder.ts',
    from: '    await this.#memory.pipeline.settled();\n',
    to: '',
  },
  {
    name: 'goes on after the next revision where a watch resumes',
    breaks: 'W4',
    file: 'watch/feeder.ts',
    from: 'this.#memory.journal.entriesAfter(watcher.position)',
    to: 'this.#memory.journal.entriesAfter(watcher.position + 1)',
  },
  {
    name: 'is done with catching up a revision too early',
    breaks: 'W4',
    file: 'watch/feeder.ts',
    from: 'if (watcher.position < this.#published().revision) return;',
    to: 'if (watcher.position < this.#published().revision - 1) return;',
  },
  {
    name: 'goes on where the past is gone',
    breaks: 'W6',
    file: 'watch/feeder.ts',
    from: 'watcher.position < this.#memory.journal.compactedRevision',
    to: 'watcher.position < -1',
  },
  {
    name: 'goes on after the last part of a snapshot, not after its first',
    breaks: 'W4',
    file: 'watch/feeder.ts',
    from: '    memory.snapshotAfter = part.next;\n',
    to: '    memory.snapshotAfter = part.next;\n    watcher.position = revision;\n    memory.sentUntil = revision;\n',
  },
  {
    name: 'forgets in its sleep how far a watch has come',
    breaks: 'W14',
    file: 'watch/feeder.ts',
    from: '    watcher.peer.connection.remember();\n',
    to: '',
  },
  {
    name: 'forgets in its sleep that a watch fell behind',
    breaks: 'W14',
    file: 'watch/hub.ts',
    from: `  watcher.memory.sentUntil = sentUntil;
  watcher.peer.connection.remember();`,
    to: '  watcher.memory.sentUntil = sentUntil;',
  },
  {
    name: 'skips the revision with which a watch falls behind',
    breaks: 'W4',
    file: 'watch/hub.ts',
    from: 'fallBehind(watcher, revision - 1)',
    to: 'fallBehind(watcher, revision)',
  },
  {
    name: 'tells of the revision of its cursor again where a watch resumes',
    breaks: 'W3',
    file: 'watch/feeder.ts',
    from: 'this.#memory.journal.entriesAfter(watcher.position)',
    to: 'this.#memory.journal.entriesAfter(watcher.position - 1)',
  },
  {
    name: 'tells everybody all of a revision',
    breaks: 'W9',
    file: 'watch/hub.ts',
    from: 'audiences.set(name, { watchers: [watcher], frames: framesOf(told, encoded, indexes) });',
    to: 'audiences.set(name, { watchers: [watcher], frames: framesOf(told, encoded, [...encoded.keys()]) });',
  },
  {
    name: 'does not tell those who watch all of what others watch by name',
    breaks: 'W4',
    file: 'watch/watch-index.ts',
    from: 'if (byGroup === undefined && this.#whole.size === 0) return byService ?? [];',
    to: 'if (byService !== undefined) return byService;',
  },
  {
    name: 'gives no bookmarks',
    breaks: 'W7',
    file: 'watch/hub.ts',
    from: 'if (watcher.isLive && watcher.toldRevision < revision) this.#feeder.sendBookmark(watcher);',
    to: '',
  },
  {
    name: 'gives the newest cursor to those who are behind',
    breaks: 'W4',
    file: 'watch/feeder.ts',
    from: `    if (watcher.isLive) {
      if (watcher.wantsBookmark) this.sendBookmark(watcher);
      return;
    }`,
    to: `    if (watcher.wantsBookmark) this.sendBookmark(watcher);
    if (watcher.isLive) return;`,
  },
  {
    name: 'lets the cursor of parts count at the first',
    breaks: 'W2',
    file: 'watch/watch-frames.ts',
    from: 'index === parts.length - 1',
    to: 'index === 0',
  },
  {
    name: 'ends a snapshot with its first part',
    breaks: 'W10',
    file: 'watch/snapshot.ts',
    from: 'next: next(last) };\n      const text',
    to: 'next: undefined };\n      const text',
  },
  {
    name: 'loses an instance that goes with a change of its override',
    breaks: 'W4',
    file: 'watch/watched-changes.ts',
    from: `    if (watched === undefined) continue;
    named.add(name);`,
    to: `    named.add(name);
    if (watched === undefined) continue;`,
  },
  {
    name: 'tells of the past as things are today',
    breaks: 'W11',
    file: 'past.ts',
    from: 'while (changedAt > revision) {',
    to: 'while (changedAt > revision && revision < 0) {',
  },
  {
    name: 'sends without end to who takes in nothing',
    breaks: 'W12',
    file: 'watch/watcher.ts',
    from: 'return this.#credit > 0;',
    to: 'return this.#credit > -1e12;',
  },
  {
    name: 'waits in a drain for those who are gone',
    breaks: 'W18',
    file: 'watch/hub.ts',
    from: '    this.#receipts.forget(watcher);\n',
    to: '',
  },
  {
    name: 'does not hear the pings of a session',
    breaks: 'T1',
    file: 'sessions.ts',
    from: 'if (heardAt > leases.renewedAt(session.lease)) leases.renew(session.lease, heardAt);',
    to: '',
  },
  {
    name: 'leaves one instance of a session that ends',
    breaks: 'T2',
    file: 'sessions.ts',
    from: 'for (const entry of session.instances) draft',
    to: 'for (const entry of [...session.instances].slice(1)) draft',
  },
  {
    name: 'lets the socket before speak for a session that was resumed',
    breaks: 'T6',
    file: 'watch/socket-frames.ts',
    from: `function letGo(connection: Connection): void {
  connection.memory.session = '';`,
    to: 'function letGo(connection: Connection): void {',
  },
  {
    name: 'resumes a session for whoever names it',
    breaks: 'T5',
    file: 'sessions.ts',
    from: '  if (session.secretDigest !== ticket.secretDigest) return undefined;\n',
    to: '',
  },
  {
    name: 'takes no notice of sockets that vanished',
    breaks: 'T7',
    file: 'sessions.ts',
    from: "if (attention.gaps === 0) noteGap(state, now, 'sockets of sessions vanished', reconnectSpreadMs(state));",
    to: '',
  },
  {
    name: 'gives a session that is resumed no new time',
    breaks: 'T4',
    file: 'sessions.ts',
    from: '  state.leases.renew(session.lease, now);\n',
    to: '',
  },
];
