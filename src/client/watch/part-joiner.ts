import type { SnapshotService } from '../wire/frames';
import type { ScopeChanges, ScopeFrame, ScopeSnapshot, WatchWireFrame } from '../wire/wire-frame';

/** Returns a key for the record of a change. */
const nameOf = (kind: string, group: string, service: string, id: string): string =>
  JSON.stringify([kind, group, service, id]);

/** Returns a key for an entry, which never equals that of a record. */
const nameOfEntry = ({ key, keyBase64 }: { key?: string | undefined; keyBase64?: string | undefined }): string =>
  JSON.stringify([key ?? null, keyBase64]);

/**
 * Joins the parts of large frames, and drops what a watcher has already: later parts of a snapshot may be newer than its
 * revision, but the changes up to that state are sent again.
 */
export class PartJoiner {
  #snapshot: ScopeSnapshot | undefined;
  #changes: ScopeChanges | undefined;
  /** Records of the last snapshot that are newer than it, by name, with their revisions. */
  #ahead = new Map<string, number>();
  /** Newest revision that has been delivered. */
  #revision = 0;

  /** Drops incomplete frames after the connection broke: they are sent again in full. */
  broken(): void {
    this.#snapshot = undefined;
    this.#changes = undefined;
  }

  /** Processes a frame, and returns the whole one that it completes; undefined if it completes none. */
  take(frame: WatchWireFrame): ScopeFrame | undefined {
    if (frame.type === 'bookmark') return { type: 'bookmark', cursor: frame.cursor };
    if (frame.type === 'reset') {
      this.broken();
      return { type: 'reset', reason: frame.reason };
    }
    const isWhole = frame.part === undefined || frame.last === true;
    if (frame.type === 'snapshot') {
      const { watch: _watch, part: _part, last: _last, ...rest } = frame;
      if (this.#snapshot === undefined) this.#snapshot = rest;
      else {
        addServices(this.#snapshot.services, frame.services);
        if (this.#snapshot.entries === undefined) this.#snapshot.entries = frame.entries;
        else for (const entry of frame.entries ?? []) this.#snapshot.entries.push(entry);
      }
      return isWhole ? this.#wholeSnapshot(this.#snapshot) : undefined;
    }
    const { watch: _watch, part: _part, last: _last, ...rest } = frame;
    if (this.#changes === undefined) this.#changes = rest;
    else {
      this.#changes.changes.push(...frame.changes);
      // The last part has the counts of all.
      if (frame.counts) this.#changes.counts = frame.counts;
    }
    return isWhole ? this.#wholeChanges(this.#changes) : undefined;
  }

  #wholeSnapshot(snapshot: ScopeSnapshot): ScopeSnapshot {
    this.#snapshot = undefined;
    const { revision } = snapshot;
    this.#revision = revision;
    this.#ahead.clear();
    for (const service of snapshot.services) {
      if (service.revision > revision) {
        this.#ahead.set(nameOf('service', service.group, service.name, ''), service.revision);
      }
      for (const { group, service: name, id, revision: own } of service.instances) {
        if (own > revision) this.#ahead.set(nameOf('instance', group, name, id), own);
      }
    }
    for (const entry of snapshot.entries ?? []) {
      if (entry.revision > revision) this.#ahead.set(nameOfEntry(entry), entry.revision);
    }
    return snapshot;
  }

  #wholeChanges(whole: ScopeChanges): ScopeFrame | undefined {
    this.#changes = undefined;
    const { revision, cursor } = whole;
    if (revision <= this.#revision) return undefined;
    this.#revision = revision;
    if (this.#ahead.size === 0) return whole;
    const changes = whole.changes.filter((change) => !this.#isKnown(change, revision));
    return changes.length === 0 && !whole.counts ? { type: 'bookmark', cursor } : { ...whole, changes };
  }

  #isKnown(change: ScopeChanges['changes'][number], revision: number): boolean {
    const name =
      change.kind === 'entry' ? nameOfEntry(change) : nameOf(change.kind, change.group, change.service, change.id);
    const known = this.#ahead.get(name);
    if (known === undefined) return false;
    if (known <= revision) this.#ahead.delete(name);
    return known >= revision;
  }
}

/** Appends the services of a further part: a large service continues in the next part. */
function addServices(services: SnapshotService[], more: readonly SnapshotService[]): void {
  for (const service of more) {
    const last = services.at(-1);
    if (last?.name === service.name && last.group === service.group) last.instances.push(...service.instances);
    else services.push(service);
  }
}
