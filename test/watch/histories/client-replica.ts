import { type Received, revisionOf } from './stream-history';

/** A record as a client has it, and the revision of that state. */
interface Known {
  shows: string | null;
  asOf: number;
}

/**
 * The knowledge of a client that handles frames as the protocol requires: parts count when the last one arrives, a snapshot
 * replaces everything, and of each record the state of the latest revision wins.
 */
export class ClientReplica {
  #records: Map<string, Known>;
  #parts: Extract<Received, { type: 'snapshot' | 'changes' }>[] = [];
  /** Revision of its cursor; undefined before it has one. */
  revision: number | undefined;
  /** Newest revision of any part of its snapshot: from there on the replica equals the registry at a single moment. */
  horizon = 0;

  /** @param base Its records at the start, and their revision. */
  constructor(base?: { records: ReadonlyMap<string, string>; revision: number }) {
    this.#records = new Map([...(base?.records ?? [])].map(([name, shows]) => [name, { shows, asOf: 0 }]));
    this.revision = base?.revision;
  }

  /** Its socket broke: the parts of an incomplete revision will come again. */
  cut(): void {
    this.#parts = [];
  }

  /** Applies a frame. Returns whether its cursor moved. */
  apply(frame: Received): boolean {
    if (frame.type === 'reset') {
      this.#parts = [];
      this.revision = undefined;
      return false;
    }
    if (frame.type === 'bookmark') {
      this.revision = revisionOf(frame.cursor);
      return true;
    }
    if (frame.part === 0) this.#parts = [];
    this.#parts.push(frame);
    if (!frame.last) return false;
    if (frame.type === 'snapshot') this.#startOver();
    for (const part of this.#parts) {
      for (const { record, shows } of part.changes) this.#take(record, { shows, asOf: part.revision });
    }
    this.#parts = [];
    this.revision = revisionOf(frame.cursor);
    return true;
  }

  /** Returns all records that exist to its knowledge. */
  get records(): Map<string, string> {
    const there = new Map<string, string>();
    for (const [name, { shows }] of this.#records) if (shows !== null) there.set(name, shows);
    return there;
  }

  #startOver(): void {
    this.#records = new Map();
    this.horizon = Math.max(...this.#parts.map(({ revision }) => revision));
  }

  #take(record: string, next: Known): void {
    const known = this.#records.get(record);
    // A snapshot may repeat a large service's own settings: the later part wins.
    const isLater = known === undefined || next.asOf > known.asOf;
    if (!isLater) return;
    // A deleted record needs no entry, since no later state of it is known.
    if (next.shows === null) this.#records.delete(record);
    else this.#records.set(record, next);
  }
}
