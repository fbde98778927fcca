/** A token's part of a namespace. */
export interface Holding {
  /** Id of the token; empty for records of which it is not known. */
  readonly token: string;
  /** Instances that it registered. */
  instances: number;
  /** Services that exist since it registered an instance of them, or made them. */
  services: number;
  /** Text of its instances, and of overrides and services that it set last. */
  bytes: number;
}

/** The parts of a namespace that tokens hold: sums that the catalog keeps, in memory. */
export class Holdings {
  readonly #byToken = new Map<string, Holding>();

  /** Returns what a token holds; nothing, where it is not known. */
  of(token: string): Readonly<Holding> {
    return this.#byToken.get(token) ?? { token, instances: 0, services: 0, bytes: 0 };
  }

  /** Adds to what a token holds. Returns it, for {@link take} to find it without a look-up. */
  add(token: string, instances: number, services: number, bytes: number): Holding {
    let holding = this.#byToken.get(token);
    if (holding === undefined) {
      holding = { token, instances: 0, services: 0, bytes: 0 };
      this.#byToken.set(token, holding);
    }
    holding.instances += instances;
    holding.services += services;
    holding.bytes += bytes;
    return holding;
  }

  /** Takes from what a token holds. One that holds nothing is forgotten. */
  take(holding: Holding, instances: number, services: number, bytes: number): void {
    holding.instances -= instances;
    holding.services -= services;
    holding.bytes -= bytes;
    if (holding.instances === 0 && holding.services === 0 && holding.bytes === 0) this.#byToken.delete(holding.token);
  }

  /** Those that hold most bytes, the largest first. */
  largest(count: number): readonly Readonly<Holding>[] {
    return [...this.#byToken.values()].sort((a, b) => b.bytes - a.bytes).slice(0, count);
  }
}
