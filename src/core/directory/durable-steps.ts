import { outcomeUnknown } from '../storage/commit-pipeline';
import type { SqlStorage } from '../storage/sql-storage';

/**
 * Steps of the directory: each looks and changes at once, in one transaction, and its answer or refusal waits until all
 * that it was derived from is durable (I3).
 */
export class DurableSteps {
  readonly #storage: SqlStorage;
  readonly #beforeSync: () => void;
  readonly #onFailure: (reason: unknown) => void;
  /** Resolves when everything that was changed so far is durable. */
  #unsynced: Promise<void> | undefined;
  #failed = false;

  /**
   * @param beforeSync Called after each change: what it does, such as arming the alarm, becomes durable with it.
   * @param onFailure Called once if a change can't be made durable: what the storage shows is then ahead of the disk.
   */
  constructor(storage: SqlStorage, beforeSync: () => void, onFailure: (reason: unknown) => void) {
    this.#storage = storage;
    this.#beforeSync = beforeSync;
    this.#onFailure = onFailure;
  }

  /** Answers what `look` says; it changes nothing. */
  async read<T>(look: () => T): Promise<T> {
    this.#assertSound();
    try {
      return look();
    } finally {
      await this.#unsynced;
    }
  }

  /**
   * Answers what `work` says once that is durable; a throw leaves nothing behind.
   *
   * @throws {RegistryError} `UNAVAILABLE` if it could not be made durable: whether it happened is not known.
   */
  async change<T>(work: () => T): Promise<T> {
    this.#assertSound();
    const { promise: answer, resolve } = Promise.withResolvers<T>();
    try {
      this.#storage.transaction(() => resolve(work()));
      this.#beforeSync();
      this.#unsynced = this.#sync();
    } finally {
      await this.#unsynced;
    }
    return answer;
  }

  async #sync(): Promise<void> {
    try {
      await this.#storage.sync();
    } catch (error) {
      if (!this.#failed) {
        this.#failed = true;
        this.#onFailure(error);
      }
      throw outcomeUnknown(error);
    }
  }

  #assertSound(): void {
    if (this.#failed) throw outcomeUnknown();
  }
}
