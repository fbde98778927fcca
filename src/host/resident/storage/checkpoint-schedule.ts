import { WAL_CHECKPOINT_BYTES, WAL_HOLD_BYTES } from '../../../model/limits';
import type { Checkpointed } from './checkpoint-worker';
import type { WalFile } from './wal-file';

/** Number of flushes, or of statements, between two checks of the WAL. A check costs two small reads. */
const LOOK_EVERY_FLUSHES = 16;
const LOOK_EVERY_STATEMENTS = 64;

/** Parts of a {@link CheckpointSchedule}. */
export interface CheckpointScheduleParts {
  wal: WalFile;
  /** Runs a PASSIVE checkpoint. */
  checkpoint(): Promise<Checkpointed>;
}

/**
 * Decides when to checkpoint a WAL, and when commits have to wait for a checkpoint.
 *
 * While commits continue, a checkpoint never reaches the end of the WAL, and SQLite never restarts it. Above a second bound
 * commits therefore wait until the checkpoint has ended.
 */
export class CheckpointSchedule {
  readonly #parts: CheckpointScheduleParts;
  readonly #interval: number;
  readonly #bound: number;
  /** The round of the WAL that `#next` refers to. */
  #round = '';
  /** Number of frames in the round above which the next checkpoint is due. */
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

  /** Error message of the last checkpoint, such as that of a full disk; undefined if it succeeded. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Runs a checkpoint after the one under way. A failure leaves the WAL unchanged, and is kept as {@link failure}. */
  async checkpoint(): Promise<void> {
    await this.#running;
    await this.#run();
  }

  /**
   * Checks the WAL after a flush, and starts a checkpoint if one is due.
   *
   * @param statements Number of writing statements since the previous flush.
   * @returns The checkpoint that commits have to wait for; undefined if they need not wait.
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
