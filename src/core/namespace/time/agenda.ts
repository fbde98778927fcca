import type { InstanceKey } from '../../../model/batch';

/** Work with a deadline, other than leases. Times are on the namespace's axis. */
export type Duty =
  /** The grace period of a drain ends: the instance is removed. */
  | { kind: 'drain'; key: InstanceKey }
  /** A drain has waited long enough for acknowledgements. */
  | { kind: 'acknowledgements'; key: InstanceKey }
  /** A quarantine reaches its `until`. */
  | { kind: 'quarantine'; key: InstanceKey }
  /** An override has outlived its instance long enough. */
  | { kind: 'linger'; key: InstanceKey }
  /** The journal exceeds its retention. */
  | { kind: 'compaction' }
  /** Entries and instances have to be looked at again, by other layouts. */
  | { kind: 'layouts' }
  /** A lease that holds much has ended: its entries are deleted in slices. */
  | { kind: 'lease-end' }
  /** An import continues by itself, or is dropped. */
  | { kind: 'import' }
  /** The token of an open socket ends, or is due to be checked. */
  | { kind: 'sockets' }
  /** A receiver has left its output unread for too long. */
  | { kind: 'readers' };

/** Duties that follow the wall clock; all others follow the namespace's axis. */
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
 * The few deadlines that are not leases. It is derived from the records and not stored. A duty is done
 * only if the record still requires it, so an obsolete one does no harm.
 */
export class Agenda {
  readonly #entries = new Map<string, Entry>();
  #earliest = Number.POSITIVE_INFINITY;

  /** Time before which no duty is due; `Infinity` if there is none. */
  get earliestDeadline(): number {
    return this.#earliest;
  }

  /** Schedules a duty, replacing the same duty at another time. */
  set(duty: Duty, at: number): void {
    this.#entries.set(nameOf(duty), { duty, at });
    this.#earliest = Math.min(this.#earliest, at);
  }

  /** Returns when a duty is due; `Infinity` if it is not on the agenda. */
  timeOf(duty: Duty): number {
    return this.#entries.get(nameOf(duty))?.at ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Moves the duties that follow the wall clock, after it has jumped. @param ms Milliseconds later, or earlier if negative.
   */
  moveWithClock(ms: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      if (FOLLOWS_CLOCK.has(entry.duty.kind)) entry.at += ms;
      this.#earliest = Math.min(this.#earliest, entry.at);
    }
  }

  /** Removes and returns the duties that are due, earliest first, at most `most` of them. */
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
