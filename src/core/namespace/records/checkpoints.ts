import { CHECKPOINT_DELAY_MS } from '../../../model/limits';
import type { Counters } from '../../platform/counters';
import type { SqlStorage } from '../../storage/sql-storage';
import type { Attention, StoredAttention } from '../time/attention';
import type { NamespaceTime } from '../time/namespace-time';
import type { LeaseTable } from './lease-table';

/** What the last checkpoint says about the moment it was written. */
export interface CheckpointHeader {
  /** `open`: renewals may have been answered that it does not hold. `closed`: there are none. */
  state: 'open' | 'closed';
  /** On the namespace's axis. */
  at: number;
  /** Between the wall clock and the axis. */
  shiftMs: number;
  /** Absent where an earlier version of Rollcall wrote it, which knew of no attention. */
  attention: StoredAttention | undefined;
}

/** The last checkpoint: its header, and its packed rows of leases. */
export interface StoredCheckpoint {
  header: CheckpointHeader | undefined;
  /** Columns of a row, by its number: see `unpackLease`. */
  rows: Map<number, Float64Array>;
}

/** Reads what the last checkpoint left. */
export function readCheckpoint(storage: SqlStorage): StoredCheckpoint {
  const stored: StoredCheckpoint = { header: undefined, rows: new Map() };
  const query = 'SELECT row, state, at, shift_ms, process, attentive_since, attended_ms, leases FROM checkpoint';
  for (const [number, state, at, shiftMs, process, since, attendedMs, leases] of storage.read(query)) {
    if (leases instanceof ArrayBuffer) stored.rows.set(Number(number), new Float64Array(leases));
    if (state !== 'open' && state !== 'closed') continue;
    // Only the earlier version names a process, and it leaves the columns that it does not know as they are.
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
  /** Why nothing can be stored at the moment; undefined while it can be. */
  readonly fault: string | undefined;
  offer(write: () => void): void;
}

/**
 * Keeps renewals: they live in memory, and are packed into a row for each 10,000 leases at most five seconds after they
 * were answered.
 *
 * The first renewal after a checkpoint opens it, durably and before it is answered; so a wake that finds it open knows
 * that renewals were lost, and one that finds it closed knows that none were. That is at most two writes in five
 * seconds, whatever the number of leases, and none while no lease is renewed. Where attention belongs to the process, a
 * wake needs no such sign, and the first renewal writes nothing.
 *
 * While nothing can be stored renewals stay in memory; the checkpoint is made once that is over.
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
    /** Where checkpoints are counted. */
    counters: Pick<Counters, 'checkpoints'>;
    queue: WriteQueue;
    /** Whether a wake has to be shown that renewals followed the checkpoint. */
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

  /** When the next one is to be made, on the namespace's axis; `Infinity` while there is nothing to keep. */
  get dueAt(): number {
    return this.#dueAt;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Call with every renewal: what is answered from here on may be lost to a crash for five seconds. */
  open(): void {
    if (this.#state === 'open') return;
    this.#state = 'open';
    this.request();
    if (!this.#marksOpen) return;
    const header = this.#header();
    this.#queue.offer(() => this.#storage.run(PUT_HEADER, ...header));
  }

  /** Has a checkpoint made within five seconds: what changes slowly, as attention does, may wait that long. */
  request(): void {
    this.#dueAt = Math.min(this.#dueAt, this.#time.now() + CHECKPOINT_DELAY_MS);
  }

  /** Takes a request back, once what was to be kept is over. Renewals are kept all the same. */
  withdraw(): void {
    if (this.#state === 'closed') this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Writes everything about leases that is not written yet; nothing is lost to a crash from here on. While nothing can be
   * stored it is left for later.
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
