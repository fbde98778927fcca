/** A connection that has registered instances. */
export interface Holder {
  /** Registers an instance that it has again, because the registry may have none, or another one's. */
  reclaim(name: string): void;
}

/**
 * The connections of this process that have registered an instance of the same name, the last one at the end.
 *
 * Two clients may register the same address: a process that was started again on it, and one that has yet to stop; or a client on
 * a new connection, while the old one has broken without a sign. Nacos has an instance of each of them then. The registry has one, for
 * the session that has registered it last. When that one goes, the one before it registers its own again.
 */
export class InstanceHolders {
  readonly #holders = new Map<string, Holder[]>();

  /** Number of instances. */
  get size(): number {
    return this.#holders.size;
  }

  /** Notes that a connection has registered an instance. */
  registered(name: string, holder: Holder): void {
    const others = this.#holders.get(name);
    if (others === undefined || (others.length === 1 && others[0] === holder)) this.#holders.set(name, [holder]);
    else this.#holders.set(name, [...others.filter((each) => each !== holder), holder]);
  }

  /** Notes that a connection has registered an instance again by itself. One that another connection has registered since is not its own. */
  registeredAgain(name: string, holder: Holder): void {
    const last = this.#holders.get(name)?.at(-1);
    if (last !== undefined && last !== holder) last.reclaim(name);
  }

  /** Reports whether the registry's instance is that of another connection. */
  isOthers(name: string, holder: Holder): boolean {
    const last = this.#holders.get(name)?.at(-1);
    return last !== undefined && last !== holder;
  }

  /** Returns the connection whose instance comes to light when this one removes its own; undefined if there is none. */
  before(name: string, holder: Holder): Holder | undefined {
    return this.#holders.get(name)?.findLast((each) => each !== holder);
  }

  /** Notes that a connection has an instance no more. */
  left(name: string, holder: Holder): void {
    const holders = this.#holders.get(name);
    if (holders === undefined || !holders.includes(holder)) return;
    const others = holders.filter((each) => each !== holder);
    if (others.length === 0) this.#holders.delete(name);
    else this.#holders.set(name, others);
    if (holders.at(-1) === holder) others.at(-1)?.reclaim(name);
  }
}
