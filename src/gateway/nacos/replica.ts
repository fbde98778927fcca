import type { ScopeChanges, ScopeSnapshot, WatchWireFrame } from '../../client/wire/wire-frame';
import { decodeCursor } from '../../model/cursor';

/** The state that a replica copies. */
export interface ReplicaContent {
  /** Takes over a whole state. */
  replace(services: ScopeSnapshot['services']): void;
  /**
   * Applies the changes of one revision. The state may have later ones already: a large one is read over time, and is as new as its
   * last part.
   */
  apply(changes: ScopeChanges['changes'], revision: number): void;
}

/**
 * A copy of a part of a namespace, which the watches of several clients keep. All of them are sent the same changes in the same
 * order, so the first one to bring a revision applies it, and the others find it there.
 */
export class Replica<Content extends ReplicaContent> {
  readonly content: Content;
  #epoch = '';
  /** Histories that have ended. */
  readonly #left = new Set<string>();
  #revision = -1;

  constructor(content: Content) {
    this.content = content;
  }

  snapshot({ cursor, revision, services }: ScopeSnapshot): void {
    const epoch = epochOf(cursor);
    // Another client's watch may bring the state of a history that has ended meanwhile.
    if ((epoch === this.#epoch && revision <= this.#revision) || this.#left.has(epoch)) return;
    if (epoch !== this.#epoch) this.#left.add(this.#epoch);
    this.#epoch = epoch;
    this.#revision = revision;
    this.content.replace(services);
  }

  changes({ cursor, revision, changes }: ScopeChanges): void {
    // Another client's watch may already have started over in a later history.
    if (revision <= this.#revision || epochOf(cursor) !== this.#epoch) return;
    this.#revision = revision;
    this.content.apply(changes, revision);
  }
}

const epochOf = (cursor: string): string => decodeCursor(cursor)?.epoch ?? '';

/** Joins the parts of large frames. */
export class FrameParts {
  #parts: (ScopeSnapshot | ScopeChanges)[] = [];

  /** Drops incomplete frames: after a break they are sent again in full. */
  broken(): void {
    this.#parts = [];
  }

  /** Returns the whole frame that a part completes; undefined if it completes none. */
  take(frame: Extract<WatchWireFrame, { type: 'snapshot' | 'changes' }>): ScopeSnapshot | ScopeChanges | undefined {
    if (frame.part === undefined) return frame;
    this.#parts.push(frame);
    if (frame.last !== true) return undefined;
    const parts = this.#parts.splice(0);
    if (frame.type === 'snapshot') {
      return { ...frame, services: parts.flatMap((part) => (part.type === 'snapshot' ? part.services : [])) };
    }
    return { ...frame, changes: parts.flatMap((part) => (part.type === 'changes' ? part.changes : [])) };
  }
}

/** Replicas by name, each kept for as long as it is used. */
export class Replicas<Content extends ReplicaContent> {
  readonly #make: () => Content;
  readonly #used = new Map<string, { replica: Replica<Content>; users: number }>();

  /** @param make Returns an empty content. */
  constructor(make: () => Content) {
    this.#make = make;
  }

  get size(): number {
    return this.#used.size;
  }

  /** Returns the replica of a name. Its user gives it back by {@link leave}. */
  join(name: string): Replica<Content> {
    const used = this.#used.get(name) ?? { replica: new Replica(this.#make()), users: 0 };
    used.users += 1;
    this.#used.set(name, used);
    return used.replica;
  }

  leave(name: string): void {
    const used = this.#used.get(name);
    if (used === undefined) return;
    used.users -= 1;
    if (used.users === 0) this.#used.delete(name);
  }
}
