import type { ServerFrame } from '../../src/model/frames';
import type { InstanceView } from '../../src/model/instance';
import type { StreamFrame } from './registry-socket';

type ChangesFrame = Extract<ServerFrame, { type: 'changes' }>;
type SnapshotFrame = Extract<ServerFrame, { type: 'snapshot' }>;

/** A change of one instance, as a watcher received it. */
export interface ReceivedChange {
  type: 'put' | 'delete';
  id: string;
  revision: number;
  cause: string;
}

/** A watcher's knowledge of instances. Checks that revisions arrive in order, complete and only once. */
export class Replica {
  readonly instances = new Map<string, { view: InstanceView; asOf: number }>();
  /** Every change of an instance since the first snapshot, in order. */
  readonly changes: ReceivedChange[] = [];
  readonly violations: string[] = [];
  /** Cursor to resume at; undefined before the first snapshot is complete. */
  cursor: string | undefined;
  snapshots = 0;
  resets = 0;
  #revision = 0;
  #parts: ChangesFrame[] = [];

  /** The connection broke: an incomplete revision will come again as a whole. */
  broken(): void {
    this.#parts = [];
  }

  /** Applies a frame. @returns Whether the cursor moved: everything up to it is applied. */
  apply(frame: StreamFrame): boolean {
    if (frame.type === 'reset') {
      this.resets += 1;
      return false;
    }
    const isWhole = frame.type === 'bookmark' || frame.part === undefined || frame.last === true;
    if (frame.type === 'snapshot') this.#applySnapshot(frame, isWhole);
    if (frame.type === 'changes') this.#applyChanges(frame, isWhole);
    if (isWhole) this.cursor = frame.cursor;
    return isWhole;
  }

  #applySnapshot({ part = 0, revision, services }: SnapshotFrame, isWhole: boolean): void {
    if (part === 0) {
      this.instances.clear();
      // Changes after the first part follow from the journal.
      this.#revision = revision;
    }
    for (const view of services.flatMap(({ instances }) => instances)) {
      this.instances.set(nameOf(view), { view, asOf: revision });
    }
    if (isWhole) this.snapshots += 1;
  }

  #applyChanges(frame: ChangesFrame, isWhole: boolean): void {
    if (frame.revision <= this.#revision) {
      this.violations.push(`revision ${frame.revision} came after revision ${this.#revision}`);
    }
    const [first] = this.#parts;
    if (first !== undefined && first.revision !== frame.revision) {
      this.violations.push(`revision ${frame.revision} came within revision ${first.revision}`);
    }
    if ((frame.part ?? 0) !== this.#parts.length) this.violations.push(`part ${frame.part} came out of order`);
    this.#parts.push(frame);
    if (!isWhole) return;
    for (const { changes, cause, revision } of this.#parts.splice(0)) {
      for (const change of changes) {
        if (change.kind !== 'instance') continue;
        this.changes.push({ type: change.type, id: change.id, revision, cause });
        const name = nameOf(change);
        if ((this.instances.get(name)?.asOf ?? 0) >= revision) continue;
        if (change.type === 'put') this.instances.set(name, { view: change.after, asOf: revision });
        else this.instances.delete(name);
      }
    }
    this.#revision = frame.revision;
  }
}

function nameOf({ group, service, id }: { group: string; service: string; id: string }): string {
  return `${group}@@${service}/${id}`;
}
