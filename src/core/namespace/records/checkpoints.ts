import { CHECKPOINT_DELAY_MS } from '../../../model/limits';
import type { Counters } from '../../platform/counters';
import type { SqlStorage } from '../../storage/sql-storage';
import type { Attention, StoredAttention } from '../time/attention';
import type { NamespaceTime } from '../time/namespace-time';
import type { LeaseTable } from './lease-table';

/** Header of the last checkpoint, about the moment it was written. */
export interface CheckpointHeader {
  /** `open`: renewals that it lacks may have been answered. `closed`: there are none. */
  state: 'open' | 'closed';
  /** On the namespace's axis. */
  at: number;
  /** Difference between the wall clock and the axis. */
  shiftMs: number;
  /** Absent if an earlier version of Rollcall wrote it, which had no attention. */
  attention: StoredAttention | undefined;
}

/** The last checkpoint: its header, and its packed rows of leases. */
export interface StoredCheckpoint {
  header: CheckpointHeader | undefined;
  /** Columns of a row, by its number: see `unpackLease`. */
  rows: Map<number, Float64Array>;
}

/** Reads the last checkpoint. */
export function readCheckpoint(storage: SqlStorage): StoredCheckpoint {
  const stored: StoredCheckpoint = { header: undefined, rows: new Map() };
  const query = 'SELECT row, state, at, shift_ms, process, attentive_since, attended_ms, leases FROM checkpoint';
  for (const [number, state, at, shiftMs, process, since, attendedMs, leases] of storage.read(query)) {
    if (leases instanceof ArrayBuffer) stored.rows.set(Number(number), new Float64Array(leases));
    if (state !== 'open' && state !== 'closed') continue;
    // Only the earlier version writes a process, and it leaves columns that it does not know unchanged.
    const isKnown = process === null && since !== null;
    const attention = isKnown ? { since: Number(since), attendedMs: Number(attendedMs) } : undefined;
    stored.header = { state, at: Number(at), shiftMs: Number(shiftMs), attention };
  }
  return stored;
}

const PUT_LEASES =
  'INSERT INTO checkpoint (row, leases) VALUES (?, ?) ON CONFLICT (row) DO UPDATE SET leases = excluded.leases';

const HEADER_COLUMNS = 'state, at, shift_ms, attentive_since, attended_ms';

const SET_HEADER = `state = excluded.state, at = excluded.at, shift_ms = excluded.shift_ms, process = NULL,
    attentive_since = excluded.attentive_since, attended_ms = excluded.attended_ms`;

const PUT_HEADER = `INSERT INTO checkpoint (row, ${HEADER_COLUMNS}) VALUES (0, ?, ?, ?, ?, ?)
  ON CONFLICT (row) DO UPDATE SET ${SET_HEADER}`;

const PUT_BOTH = `INSERT INTO checkpoint (row, ${HEADER_COLUMNS}, leases) VALUES (0, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (row) DO UPDATE SET ${SET_HEADER}, leases = excluded.leases`;

/** Queues writes, as a commit pipeline does. */
interface WriteQueue {
  /** Reason nothing can be stored at the moment; undefined if storing works. */
  readonly fault: string | undefined;
  offer(write: () => void): void;
}

/**
 * Stores renewals. They are kept in memory, and packed into one row per 10,000 leases at most five seconds after they
 * were answered.
 *
 * The first renewal after a checkpoint opens it, durably and before it is answered. A wake that finds it open knows that
 * renewals may have been lost, and one that finds it closed knows that none were. That makes at most two writes in five
 * seconds, whatever the number of leases, and none while no lease is renewed. If attention belongs to the process, a
 * wake needs no such sign, and the first renewal writes nothing.
 *
 * While nothing can be stored, renewals stay in memory, and the checkpoint is made later.
 *
 * It starts no timer, since a pending one keeps a Durable Object from hibernating: the alarm or the tick closes it when
 * it is due.
 */
export class Checkpoints {
  readonly #storage: SqlStorage;
  readonly #leases: LeaseTable<unknown>;
  readonly #time: NamespaceTime;
  readonly #attention: Attention;
  readonly #counters: Pick<Counters, 'checkpoints'>;
  readonly #queue: WriteQueue;
  readonly #marksOpen: boolean;
  #state: CheckpointHeader['state'] = 'closed';
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(parts: {
    storage: SqlStorage;
    leases: LeaseTable<unknown>;
    time: NamespaceTime;
    attention: Attention;
    /** Counts checkpoints. */
    counters: Pick<Counters, 'checkpoints'>;
    queue: WriteQueue;
    /** True if a wake must be able to see that renewals followed the checkpoint. */
    marksOpen: boolean;
  }) {
    this.#storage = parts.storage;
    this.#leases = parts.leases;
    this.#time = parts.time;
    this.#attention = parts.attention;
    this.#counters = parts.counters;
    this.#queue = parts.queue;
    this.#marksOpen = parts.marksOpen;
  }

  /** Time the next one is due, on the namespace's axis; `Infinity` while there is nothing to store. */
  get dueAt(): number {
    return this.#dueAt;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Opens the checkpoint. Call it for every renewal: a crash within five seconds after its answer may lose it. */
  open(): void {
    if (this.#state === 'open') return;
    this.#state = 'open';
    this.request();
    if (!this.#marksOpen) return;
    const header = this.#header();
    this.#queue.offer(() => this.#storage.run(PUT_HEADER, ...header));
  }

  /** Requests a checkpoint within five seconds, for slowly changing state such as attention. */
  request(): void {
    this.#dueAt = Math.min(this.#dueAt, this.#time.now() + CHECKPOINT_DELAY_MS);
  }

  /** Withdraws a request whose reason is gone. Renewals are still stored. */
  withdraw(): void {
    if (this.#state === 'closed') this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Writes all lease times that are not written yet, so that a crash loses none of them. While nothing can be stored, it
   * requests a later checkpoint instead.
   */
  close(): void {
    if (this.#queue.fault !== undefined) {
      this.request();
      return;
    }
    this.#state = 'closed';
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#counters.checkpoints += 1;
    const header = this.#header();
    const rows = this.#leases.packChanges();
    this.#queue.offer(() => {
      let headerIsWritten = false;
      for (const { row, leases } of rows) {
        if (row === 0) this.#storage.run(PUT_BOTH, ...header, leases);
        else this.#storage.run(PUT_LEASES, row, leases);
        headerIsWritten ||= row === 0;
      }
      if (!headerIsWritten) this.#storage.run(PUT_HEADER, ...header);
    });
  }

  #header(): [string, number, number, number, number] {
    const { since, attendedMs } = this.#attention.stored;
    return [this.#state, this.#time.now(), this.#time.shiftMs, since, attendedMs];
  }
}
