import type { InstanceKey } from '../../../model/batch';

/** What falls due apart from leases. Times are on the namespace's axis. */
export type Duty =
  /** The grace of a drain ends: the instance is removed. */
  | { kind: 'drain'; key: InstanceKey }
  /** A drain has waited long enough for acknowledgements. */
  | { kind: 'acknowledgements'; key: InstanceKey }
  /** A quarantine reaches its `until`. */
  | { kind: 'quarantine'; key: InstanceKey }
  /** An override has outlived its instance long enough. */
  | { kind: 'linger'; key: InstanceKey }
  /** The journal holds more than it keeps. */
  | { kind: 'compaction' }
  /** An import goes on by itself, or is forgotten. */
  | { kind: 'import' }
  /** The token of an open socket ends, or is to be asked about. */
  | { kind: 'sockets' }
  /** A receiver has left its output unread for too long. */
  | { kind: 'readers' };

/** Duties whose time is one of the wall clock; all others follow the namespace's axis. */
const FOLLOWS_CLOCK: ReadonlySet<Duty['kind']> = new Set(['quarantine', 'compaction', 'sockets']);

interface Entry {
  duty: Duty;
  at: number;
}

function nameOf(duty: Duty): string {
  if (!('key' in duty)) return duty.kind;
  return `${duty.kind}\u0000${duty.key.group}\u0000${duty.key.service}\u0000${duty.key.id}`;
}

/**
 * The few deadlines that are not leases. It is derived from the records: nothing of it is stored, and a duty is done
 * only where the record still asks for it, so one that is left over does no harm.
 */
export class Agenda {
  readonly #entries = new Map<string, Entry>();
  #earliest = Number.POSITIVE_INFINITY;

  /** No duty falls due before this; `Infinity` where there is none. */
  get earliestDeadline(): number {
    return this.#earliest;
  }

  /** Puts a duty on the agenda, instead of the same duty at another time. */
  set(duty: Duty, at: number): void {
    this.#entries.set(nameOf(duty), { duty, at });
    this.#earliest = Math.min(this.#earliest, at);
  }

  /** When a duty falls due; `Infinity` where it is not on the agenda. */
  timeOf(duty: Duty): number {
    return this.#entries.get(nameOf(duty))?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Moves the duties that follow the wall clock, after that has jumped. @param ms Later, or earlier where negative. */
  moveWithClock(ms: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      if (FOLLOWS_CLOCK.has(entry.duty.kind)) entry.at += ms;
      this.#earliest = Math.min(this.#earliest, entry.at);
    }
  }

  /** Takes the duties that are due off the agenda, earliest first, at most `most` of them. */
  take(now: number, most: number): Duty[] {
    if (now < this.#earliest) return [];
    const due = [...this.#entries].filter(([, entry]) => entry.at <= now).sort((a, b) => a[1].at - b[1].at);
    const taken = due.slice(0, most);
    for (const [name] of taken) this.#entries.delete(name);
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) this.#earliest = Math.min(this.#earliest, entry.at);
    return taken.map(([, entry]) => entry.duty);
  }
}
