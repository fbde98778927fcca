/**
 * Gives the rest of the process a turn after so much work, however many tasks did it: all namespaces of a process share one
 * thread.
 */
export class Pace {
  readonly #nextTurn: () => Promise<void>;
  readonly #perTurn: number;
  #spent = 0;
  #turn: Promise<void> | undefined;

  /**
   * @param nextTurn Resolves when the event loop has taken in what arrived.
   * @param perTurn Work of one turn, in the unit of {@link spend}.
   */
  constructor(nextTurn: () => Promise<void>, perTurn: number) {
    this.#nextTurn = nextTurn;
    this.#perTurn = perTurn;
  }

  /** Counts work that was done. */
  spend(work: number): void {
    this.#spent += work;
    if (this.#spent < this.#perTurn || this.#turn !== undefined) return;
    this.#spent = 0;
    this.#turn = this.#nextTurn().finally(() => {
      this.#turn = undefined;
    });
  }

  /** Resolves when there may be more work: those that wait go on in the order in which they began to. */
  async ready(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
  }
}
