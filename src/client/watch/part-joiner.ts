import type { ChangesFrame, SnapshotFrame, SnapshotService, WatchedChange, WatchFrame } from '../wire/frames';
import type { WatchWireFrame } from '../wire/wire-frame';

/** Which record a change is about. */
const nameOf = (kind: string, group: string, service: string, id: string): string =>
  JSON.stringify([kind, group, service, id]);

/**
 * Makes whole frames of those that come in parts, and leaves out what a watcher knows already: the later parts of a
 * snapshot are newer than its revision, and the changes that made them so follow all the same.
 */
export class PartJoiner {
  #snapshot: SnapshotFrame | undefined;
  #changes: ChangesFrame | undefined;
  /** Records of the last snapshot that are newer than it, by name, with their revisions. */
  #ahead = new Map<string, number>();
  /** Everything up to here has been told. */
  #revision = 0;

  /** The connection broke: what is not whole comes again as a whole. */
  broken(): void {
    this.#snapshot = undefined;
    this.#changes = undefined;
  }

  /** Takes in a frame, and returns the whole one that it completes; undefined where there is none. */
  take(frame: WatchWireFrame): WatchFrame | undefined {
    if (frame.type === 'bookmark') return { type: 'bookmark', cursor: frame.cursor };
    if (frame.type === 'reset') {
      this.broken();
      return { type: 'reset', reason: frame.reason };
    }
    const isWhole = frame.part === undefined || frame.last === true;
    if (frame.type === 'snapshot') {
      const { watch: _watch, part: _part, last: _last, ...rest } = frame;
      if (this.#snapshot === undefined) this.#snapshot = rest;
      else addServices(this.#snapshot.services, frame.services);
      return isWhole ? this.#wholeSnapshot(this.#snapshot) : undefined;
    }
    const { watch: _watch, part: _part, last: _last, ...rest } = frame;
    if (this.#changes === undefined) this.#changes = rest;
    else this.#changes.changes.push(...frame.changes);
    return isWhole ? this.#wholeChanges(this.#changes) : undefined;
  }

  #wholeSnapshot(snapshot: SnapshotFrame): SnapshotFrame {
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
    return snapshot;
  }

  #wholeChanges(whole: ChangesFrame): WatchFrame | undefined {
    this.#changes = undefined;
    const { revision, cursor } = whole;
    if (revision <= this.#revision) return undefined;
    this.#revision = revision;
    if (this.#ahead.size === 0) return whole;
    const changes = whole.changes.filter((change) => !this.#isKnown(change, revision));
    return changes.length === 0 ? { type: 'bookmark', cursor } : { ...whole, changes };
  }

  #isKnown({ kind, group, service, id }: WatchedChange, revision: number): boolean {
    const name = nameOf(kind, group, service, id);
    const known = this.#ahead.get(name);
    if (known === undefined) return false;
    if (known <= revision) this.#ahead.delete(name);
    return known >= revision;
  }
}

/** Goes on with a list of services: a large one continues in the next part. */
function addServices(services: SnapshotService[], more: readonly SnapshotService[]): void {
  for (const service of more) {
    const last = services.at(-1);
    if (last?.name === service.name && last.group === service.group) last.instances.push(...service.instances);
    else services.push(service);
  }
}
