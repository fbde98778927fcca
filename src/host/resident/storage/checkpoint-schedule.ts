import { WAL_CHECKPOINT_BYTES, WAL_HOLD_BYTES } from '../../../model/limits';
import type { Checkpointed } from './checkpoint-worker';
import type { WalFile } from './wal-file';

/** How many flushes, or statements, may pass between two looks at the WAL. A look costs two small reads. */
const LOOK_EVERY_FLUSHES = 16;
const LOOK_EVERY_STATEMENTS = 64;

/** Parts of a {@link CheckpointSchedule}. */
export interface CheckpointScheduleParts {
  wal: WalFile;
  /** Runs a PASSIVE checkpoint. */
  checkpoint(): Promise<Checkpointed>;
}

/**
 * Decides when a WAL is checkpointed, and when commits wait for it.
 *
 * While commits go on, a checkpoint never reaches the end of the WAL, and so SQLite never begins at its start again. Above
 * a second bound commits therefore wait for the end of a checkpoint.
 */
export class CheckpointSchedule {
  readonly #parts: CheckpointScheduleParts;
  readonly #interval: number;
  readonly #bound: number;
  /** The WAL's round that `#next` belongs to. */
  #round = '';
  /** The next checkpoint is due when the round has more frames. */
  #next: number;
  #running: Promise<void> | undefined;
  #flushes = 0;
  #statements = 0;
  #failure: string | undefined;

  constructor(parts: CheckpointScheduleParts) {
    this.#parts = parts;
    this.#interval = parts.wal.framesIn(WAL_CHECKPOINT_BYTES);
    this.#bound = parts.wal.framesIn(WAL_HOLD_BYTES);
    this.#next = this.#interval;
  }

  /** Why the last checkpoint failed: a full disk, for one. Undefined once one has succeeded. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Runs a checkpoint after the one under way. A failure is kept as {@link failure}: the WAL stays as it is. */
  async checkpoint(): Promise<void> {
    await this.#running;
    await this.#run();
  }

  /**
   * Looks at the WAL after a flush, and starts a checkpoint where one is due.
   *
   * @param statements How many statements have written since the flush before.
   * @returns What commits have to wait for; undefined where they may go on.
   */
  flushed(statements: number): Promise<void> | undefined {
    this.#flushes += 1;
    this.#statements += statements;
    if (this.#flushes < LOOK_EVERY_FLUSHES && this.#statements < LOOK_EVERY_STATEMENTS) return undefined;
    this.#flushes = 0;
    this.#statements = 0;
    const { wal } = this.#parts;
    const round = wal.round();
    if (round !== this.#round) {
      this.#round = round;
      this.#next = this.#interval;
    }
    if (this.#running === undefined && wal.hasMoreFrames(this.#next)) this.#run();
    return this.#running !== undefined && wal.hasMoreFrames(this.#bound) ? this.#running : undefined;
  }

  #run(): Promise<void> {
    this.#running = this.#attempt();
    return this.#running;
  }

  async #attempt(): Promise<void> {
    try {
      const { frames } = await this.#parts.checkpoint();
      this.#next = frames + this.#interval;
      this.#failure = undefined;
    } catch (error) {
      this.#next += this.#interval;
      this.#failure = error instanceof Error ? error.message : String(error);
    } finally {
      this.#running = undefined;
    }
  }
}
