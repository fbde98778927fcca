import { HEARTBEAT_INSTANCES_MAX_COUNT } from '../../model/limits';
import type { CheckedInstance, CheckRegistry } from './check-registry';

/** Time between two looks at what is due. */
const LOOK_MS = 1_000;

/** Share of the time to live after which a lease is renewed. */
const RENEWALS_PER_TTL = 4;

/** Parameters of {@link Renewals}. */
export interface RenewalsOptions {
  registry: Pick<CheckRegistry, 'renew'>;
  /** Milliseconds of a clock that does not go back. */
  now(): number;
  /** Returns false for an instance whose lease is to run out. */
  isKept(name: string): boolean;
  /** Called with an instance that the registry does not have any more. */
  onGone(name: string): void;
  onFailure(error: unknown): void;
}

interface Renewed {
  instance: CheckedInstance;
  dueAt: number;
}

/**
 * Renews the leases of checked instances, many in one call. The leases depend on this process and not on results: an
 * instance with a critical check stays until its own rule removes it, one whose runner is gone ends with its lease.
 */
export class Renewals {
  readonly #options: RenewalsOptions;
  readonly #renewed = new Map<string, Renewed>();
  /** The calls under way, by namespace. */
  readonly #busy = new Map<string, Promise<void>>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RenewalsOptions) {
    this.#options = options;
  }

  put(instance: CheckedInstance): void {
    const dueAt = this.#renewed.get(instance.name)?.dueAt ?? this.#options.now();
    if (instance.ttlMs === null) this.remove(instance.name);
    else this.#renewed.set(instance.name, { instance, dueAt });
  }

  remove(name: string): void {
    this.#renewed.delete(name);
  }

  /** Renews what is due. */
  tick(): void {
    const now = this.#options.now();
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    // What is due a little later joins the call.
    const due = [...this.#renewed.values()].filter(({ dueAt }) => dueAt <= now + LOOK_MS);
    // One call for each namespace, so that a slow registry is not asked again and again.
    void this.#renew(due.filter(({ instance }) => !this.#busy.has(instance.namespace)));
  }

  /** Renews all leases at once. Resolves when the registry has answered. */
  renewAll(): Promise<void> {
    return this.#renew([...this.#renewed.values()]);
  }

  async #renew(all: readonly Renewed[]): Promise<void> {
    const due = all.filter(({ instance }) => this.#options.isKept(instance.name));
    const byNamespace = new Map<string, Renewed[]>();
    for (const each of due) {
      const { namespace } = each.instance;
      const others = byNamespace.get(namespace);
      if (others === undefined) byNamespace.set(namespace, [each]);
      else others.push(each);
    }
    await Promise.all([...byNamespace].map(([namespace, each]) => this.#renewIn(namespace, each)));
  }

  #renewIn(namespace: string, due: readonly Renewed[]): Promise<void> {
    const before = this.#busy.get(namespace) ?? Promise.resolve();
    const call = before.then(() => this.#renewOneByOne(namespace, due));
    this.#busy.set(namespace, call);
    return call.finally(() => {
      if (this.#busy.get(namespace) === call) this.#busy.delete(namespace);
    });
  }

  async #renewOneByOne(namespace: string, due: readonly Renewed[]): Promise<void> {
    try {
      for (let first = 0; first < due.length; first += HEARTBEAT_INSTANCES_MAX_COUNT) {
        await this.#renewSome(namespace, due.slice(first, first + HEARTBEAT_INSTANCES_MAX_COUNT));
      }
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  async #renewSome(namespace: string, due: readonly Renewed[]): Promise<void> {
    const asked = due.map(({ instance }) => instance);
    const gone = await this.#options.registry.renew(namespace, asked);
    const now = this.#options.now();
    for (const each of due) each.dueAt = now + (each.instance.ttlMs ?? 0) / RENEWALS_PER_TTL;
    const instances = new Map(asked.map((instance) => [instance.name, instance]));
    for (const name of gone) {
      // It may have been registered again meanwhile.
      if (this.#renewed.get(name)?.instance === instances.get(name)) this.#options.onGone(name);
    }
  }
}
