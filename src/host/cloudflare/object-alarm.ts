import type { Alarm } from '../../core/platform/platform';

/** The one alarm of a Durable Object. It remembers what it is armed for, so that nobody has to wait to know. */
export class ObjectAlarm implements Alarm {
  readonly #storage: DurableObjectStorage;
  #armedFor: number | null;

  /** @param armedFor What the platform says it is armed for, when the object starts. */
  constructor(storage: DurableObjectStorage, armedFor: number | null) {
    this.#storage = storage;
    this.#armedFor = armedFor;
  }

  /** Nothing is armed any more. */
  disarmed(): void {
    this.#armedFor = null;
  }

  armedFor(): number | null {
    return this.#armedFor;
  }

  /** A write that fails takes the object with it, so there is nothing to do about it here. */
  arm(at: number): void {
    this.#armedFor = at;
    void this.#storage.setAlarm(at);
  }

  /**
   * Call when it fires: it is no longer armed.
   *
   * @param scheduledTime When it was due, as the platform says; absent where that does not say.
   * @returns When it was due, in milliseconds since the epoch.
   */
  fired(scheduledTime: number | undefined): number {
    const dueAt = scheduledTime ?? this.#armedFor ?? Date.now();
    this.#armedFor = null;
    return dueAt;
  }
}
