import type { Principal } from '../../model/grant';

/** Clients of a registry in this process, by what verified their token, and by a name. They are forgotten with it. */
export class ClientsByPrincipal<Client> {
  readonly #known = new WeakMap<Principal, Map<string, Client>>();
  readonly #most: number;

  /** @param most Clients of one principal. Beyond that, the first one is forgotten; a call that has it goes on with it. */
  constructor(most: number = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  get(principal: Principal, name: string): Client | undefined {
    return this.#known.get(principal)?.get(name);
  }

  set(principal: Principal, name: string, client: Client): void {
    const known = this.#known.get(principal) ?? new Map<string, Client>();
    this.#known.set(principal, known);
    known.set(name, client);
    const [first] = known.keys();
    if (known.size > this.#most && first !== undefined) known.delete(first);
  }
}
