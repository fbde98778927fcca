import { type Received, revisionOf } from './stream-history';

/** A record as a client has it, and the revision that this is of. */
interface Known {
  shows: string | null;
  asOf: number;
}

/**
 * What a client knows that does with frames what the protocol asks for: parts count when the last has come, a snapshot
 * starts over, and of a record it keeps what it has as of the same revision or a later one.
 */
export class ClientReplica {
  #records: Map<string, Known>;
  #parts: Extract<Received, { type: 'snapshot' | 'changes' }>[] = [];
  /** Revision of its cursor; undefined before it has one. */
  revision: number | undefined;
  /** Newest revision that any part of its snapshot was of: from there on it is the registry as it was at one moment. */
  horizon = 0;

  /** @param base What it had when it began, and at which revision. */
  constructor(base?: { records: ReadonlyMap<string, string>; revision: number }) {
    this.#records = new Map([...(base?.records ?? [])].map(([name, shows]) => [name, { shows, asOf: 0 }]));
    this.revision = base?.revision;
  }

  /** Its socket broke: parts that it was waiting for come again. */
  cut(): void {
    this.#parts = [];
  }

  /** Takes in a frame. Returns whether its cursor moved. */
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

  /** Everything that it knows to be there. */
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
    // A snapshot tells more than once of what a large service has of its own: the later part knows better.
    const isLater = known === undefined || next.asOf > known.asOf;
    if (!isLater) return;
    // What it never had as of a later revision it need not remember once it is gone.
    if (next.shows === null) this.#records.delete(record);
    else this.#records.set(record, next);
  }
}
