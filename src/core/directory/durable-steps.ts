import { CommitPipeline, outcomeUnknown } from '../storage/commit-pipeline';
import type { SqlStorage } from '../storage/sql-storage';

/** What steps need of the directory that they are part of. */
export interface StepHooks {
  /** Called after each change: what it does, such as arming the alarm, becomes durable with it. */
  beforeSync: () => void;
  /** Called once if a change can't be made durable: what the storage shows is then ahead of the disk. */
  onFailure: (reason: unknown) => void;
  /** Returns why nothing can be stored at the moment; undefined if it can. */
  writeFault?: (() => string | undefined) | undefined;
}

/**
 * Steps of the directory: each looks and changes at once, in one transaction, and its answer or refusal waits until all
 * that it was derived from is durable (I3). A step is written at once, as the next one reads what it wrote; the pipeline
 * makes it durable.
 */
export class DurableSteps {
  readonly #beforeSync: () => void;
  readonly #pipeline: CommitPipeline;

  constructor(storage: SqlStorage, { beforeSync, onFailure, writeFault }: StepHooks) {
    this.#beforeSync = beforeSync;
    // Steps are few: a group of them is not worth a turn of the event loop, nor a count.
    this.#pipeline = new CommitPipeline({
      storage,
      counters: { commitGroups: 0 },
      writeFault,
      onFailure,
    });
  }

  /** True if changes can be stored at the moment. If not, they are refused, and reads continue. */
  get canStore(): boolean {
    return this.#pipeline.fault === undefined;
  }

  /** Returns what `look` returns; it changes nothing. */
  async read<T>(look: () => T): Promise<T> {
    if (this.#pipeline.hasFailed) throw outcomeUnknown();
    try {
      return look();
    } finally {
      await this.#pipeline.settled();
    }
  }

  /**
   * Returns what `work` returns once that is durable; a throw leaves nothing behind.
   *
   * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored, or if the change could not be made durable, in which case it
   *   is unknown whether it happened.
   */
  async change<T>(work: () => T): Promise<T> {
    try {
      const answer = this.#pipeline.writeNow(work);
      this.#beforeSync();
      return answer;
    } finally {
      await this.#pipeline.settled();
    }
  }
}
