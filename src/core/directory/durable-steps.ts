import { CommitPipeline, outcomeUnknown } from '../storage/commit-pipeline';
import type { SqlStorage } from '../storage/sql-storage';

/** Hooks of {@link DurableSteps} into the directory. */
export interface StepHooks {
  /** Called after each change. Its effects, such as arming the alarm, become durable with the change. */
  beforeSync: () => void;
  /** Called once if a change can't be made durable: reads of the storage are then ahead of the disk. */
  onFailure: (reason: unknown) => void;
  /** Returns why nothing can be stored at the moment; undefined if storing works. */
  writeFault?: (() => string | undefined) | undefined;
}

/**
 * Steps of the directory. Each reads and writes synchronously, in one transaction, and its result or error waits until
 * everything that it was derived from is durable (I3). A step is written at once, as the next one reads its writes; the
 * pipeline makes it durable.
 */
export class DurableSteps {
  readonly #beforeSync: () => void;
  readonly #pipeline: CommitPipeline;

  constructor(storage: SqlStorage, { beforeSync, onFailure, writeFault }: StepHooks) {
    this.#beforeSync = beforeSync;
    // Steps are rare: gathering a group is not worth a turn of the event loop, nor are groups counted.
    this.#pipeline = new CommitPipeline({
      storage,
      counters: { commitGroups: 0 },
      writeFault,
      onFailure,
    });
  }

  /** True if changes can be stored at the moment. Otherwise they are refused, and reads continue. */
  get canStore(): boolean {
    return this.#pipeline.fault === undefined;
  }

  /** Returns the result of `look`, which must not change anything. */
  async read<T>(look: () => T): Promise<T> {
    if (this.#pipeline.hasFailed) throw outcomeUnknown();
    try {
      return look();
    } finally {
      await this.#pipeline.settled();
    }
  }

  /**
   * Returns the result of `work` once it is durable. If `work` throws, nothing is changed.
   *
   * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored, or if the change could not be made durable: the
   *   outcome is then unknown.
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
