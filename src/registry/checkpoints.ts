import { CHECKPOINT_DELAY_MS } from '../model/limits';
import type { Counters } from './counters';
import type { LeaseTable } from './lease-table';
import type { NamespaceTime } from './namespace-time';
import type { OneShot } from './platform';
import type { SqlStorage } from './sql-storage';

/** What the last checkpoint says about the moment it was written. */
export interface CheckpointHeader {
  /** `open`: renewals may have been answered that it does not hold. `closed`: there are none. */
  state: 'open' | 'closed';
  /** On the namespace's axis. */
  at: number;
  /** Between the clock and the axis. */
  shiftMs: number;
  /** The process, or the deployed version, that wrote it. */
  process: string;
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
  for (const row of storage.read('SELECT row, state, at, shift_ms, process, leases FROM checkpoint')) {
    const [number, state, at, shiftMs, process, leases] = row;
    if (leases instanceof ArrayBuffer) stored.rows.set(Number(number), new Float64Array(leases));
    if (state !== 'open' && state !== 'closed') continue;
    stored.header = { state, at: Number(at), shiftMs: Number(shiftMs), process: String(process) };
  }
  return stored;
}

const PUT_LEASES =
  'INSERT INTO checkpoint (row, leases) VALUES (?, ?) ON CONFLICT (row) DO UPDATE SET leases = excluded.leases';

const PUT_HEADER = `INSERT INTO checkpoint (row, state, at, shift_ms, process) VALUES (0, ?, ?, ?, ?)
  ON CONFLICT (row) DO UPDATE SET state = excluded.state, at = excluded.at, shift_ms = excluded.shift_ms,
    process = excluded.process`;

const PUT_BOTH = `INSERT INTO checkpoint (row, state, at, shift_ms, process, leases) VALUES (0, ?, ?, ?, ?, ?)
  ON CONFLICT (row) DO UPDATE SET state = excluded.state, at = excluded.at, shift_ms = excluded.shift_ms,
    process = excluded.process, leases = excluded.leases`;

/** Queues a write behind all that is queued already. */
type Enqueue = (write: () => void) => void;

/**
 * Keeps renewals: they live in memory, and are packed into a row for each 10,000 leases at most five seconds after they
 * were answered.
 *
 * The first renewal after a checkpoint opens it, durably and before it is answered; so a wake that finds it open knows
 * that renewals were lost, and one that finds it closed knows that none were. That is at most two writes in five
 * seconds, whatever the number of leases, and none while nobody renews.
 */
export class Checkpoints {
  readonly #storage: SqlStorage;
  readonly #leases: LeaseTable<unknown>;
  readonly #time: NamespaceTime;
  readonly #timer: OneShot;
  readonly #process: string;
  readonly #counters: Pick<Counters, 'checkpoints'>;
  readonly #enqueue: Enqueue;
  #state: CheckpointHeader['state'] = 'closed';

  constructor(parts: {
    storage: SqlStorage;
    leases: LeaseTable<unknown>;
    time: NamespaceTime;
    timer: OneShot;
    process: string;
    /** Where checkpoints are counted. */
    counters: Pick<Counters, 'checkpoints'>;
    enqueue: Enqueue;
  }) {
    this.#storage = parts.storage;
    this.#leases = parts.leases;
    this.#time = parts.time;
    this.#timer = parts.timer;
    this.#process = parts.process;
    this.#counters = parts.counters;
    this.#enqueue = parts.enqueue;
  }

  /** Call with every renewal: what is answered from here on may be lost to a crash for five seconds. */
  open(): void {
    if (this.#state === 'open') return;
    this.#state = 'open';
    const header = this.#header();
    this.#enqueue(() => this.#storage.run(PUT_HEADER, ...header));
    this.#timer.start(CHECKPOINT_DELAY_MS, () => {
      if (this.#state === 'open') this.close();
    });
  }

  /** Writes every renewal and extension that is not written yet; nothing is lost to a crash from here on. */
  close(): void {
    this.#state = 'closed';
    this.#counters.checkpoints += 1;
    const header = this.#header();
    const rows = this.#leases.packChanges();
    this.#enqueue(() => {
      let headerIsWritten = false;
      for (const { row, leases } of rows) {
        if (row === 0) this.#storage.run(PUT_BOTH, ...header, leases);
        else this.#storage.run(PUT_LEASES, row, leases);
        headerIsWritten ||= row === 0;
      }
      if (!headerIsWritten) this.#storage.run(PUT_HEADER, ...header);
    });
  }

  #header(): [string, number, number, string] {
    return [this.#state, this.#time.now(), this.#time.shiftMs, this.#process];
  }
}
