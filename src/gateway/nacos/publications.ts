import { Holding } from '../../client/session/holding';
import { Session } from '../../client/session/session';
import { RollcallError } from '../../client/wire/rollcall-error';
import type { SocketLink } from '../../client/wire/socket-link';
import { mappedInstance, type NacosInstance } from '../../codecs/nacos/instance';
import { groupedName, instanceAt } from '../../codecs/nacos/names';
import type { InstanceKey } from '../../model/batch';
import { NACOS_ANSWER_MAX_MS, NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { registryError } from '../sources/remote-errors';

/**
 * The connections of this process that registered an instance last, by its key. Two clients may register the same address: a
 * process that was started again on it, and one that has yet to stop. Removing it removes what the last one has registered only
 * for that one, as in Nacos.
 */
export type InstanceOwners = Map<string, Publications>;

/** An instance of a connection. */
interface Published {
  holding: Holding;
  /** Called with the error of an attempt that would fail again. */
  refuse: ((error: RollcallError) => void) | undefined;
  /** Error of the last attempt, if it failed. */
  trouble: RollcallError | undefined;
}

/**
 * The ephemeral instances that one connection has registered in a namespace: by service, as many as the last request for it
 * named. A session holds them, so they end with it. The owner of the socket keeps it open while there are none.
 */
export class Publications {
  readonly #namespace: string;
  readonly #link: SocketLink;
  readonly #session: Session;
  readonly #owners: InstanceOwners;
  readonly #services = new Map<string, Map<string, Published>>();
  /** Requests under way, by service: each waits for the one before it. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #count = 0;
  #isOver = false;

  constructor(namespace: string, link: SocketLink, owners: InstanceOwners) {
    this.#namespace = namespace;
    this.#link = link;
    this.#session = new Session(link, undefined);
    this.#owners = owners;
  }

  /** Number of instances. */
  get size(): number {
    return this.#count;
  }

  /**
   * Registers the instances of a service in place of those that this connection has there.
   *
   * Without an answer of the registry they stay wanted, and are registered once it answers: clients repeat their request until
   * then as well.
   *
   * @throws {RegistryError} The refusal of the registry; `UNAVAILABLE` if it does not answer in time.
   */
  publish(service: ServiceKey, instances: readonly NacosInstance[]): Promise<void> {
    return this.#inTurn(service, () => this.#publish(service, instances));
  }

  /**
   * Removes the instances of a service that this connection has registered; none is no error.
   *
   * @throws {RegistryError} `UNAVAILABLE` if the registry does not answer; they stay registered then.
   */
  unpublish(service: ServiceKey): Promise<void> {
    return this.#inTurn(service, async () => {
      const published = this.#services.get(groupedName(service));
      if (published !== undefined) await this.#remove(service, published, [...published.keys()]);
    });
  }

  /** Forgets all instances. The code with which the socket is closed says whether their session ends with it. */
  leave(): void {
    this.#isOver = true;
    this.#link.leave(this.#session);
    for (const { holding } of this.#all()) holding.end();
    for (const [key, owner] of this.#owners) if (owner === this) this.#owners.delete(key);
    this.#services.clear();
    this.#count = 0;
  }

  #all(): Published[] {
    return [...this.#services.values()].flatMap((published) => [...published.values()]);
  }

  #inTurn(service: ServiceKey, act: () => Promise<void>): Promise<void> {
    const name = groupedName(service);
    const before = this.#turns.get(name);
    const done = before === undefined ? act() : before.then(act, act);
    this.#turns.set(name, done);
    const clear = (): void => {
      if (this.#turns.get(name) === done) this.#turns.delete(name);
    };
    done.then(clear, clear);
    return done;
  }

  async #publish(service: ServiceKey, instances: readonly NacosInstance[]): Promise<void> {
    if (this.#isOver) return;
    const name = groupedName(service);
    const published = this.#services.get(name) ?? new Map<string, Published>();
    const wanted = new Map(instances.map((instance) => [instanceAt(service, instance).id, instance]));
    const left = [...published.keys()].filter((id) => !wanted.has(id));
    const most = NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT;
    if (this.#count - published.size + wanted.size > most) {
      throw registryError(new RollcallError('LIMIT_EXCEEDED', `a connection has at most ${most} instances`));
    }
    this.#services.set(name, published);
    const outcomes = [...wanted].map(([id, instance]) => this.#register({ ...service, id }, instance, published));
    const [failed] = (await Promise.allSettled(outcomes)).filter((outcome) => outcome.status === 'rejected');
    if (left.length > 0) await this.#remove(service, published, left);
    if (published.size === 0) this.#services.delete(name);
    if (failed !== undefined) throw registryError(failed.reason);
  }

  /** @throws {RollcallError} */
  async #register(key: InstanceKey, instance: NacosInstance, published: Map<string, Published>): Promise<void> {
    const { ephemeral: _ephemeral, ...members } = mappedInstance(instance);
    const definition = { ...key, ...members };
    const known = published.get(key.id);
    const each = known ?? this.#newHolding(definition);
    const { holding } = each;
    each.trouble = undefined;
    this.#owners.set(this.#nameOf(key), this);
    if (known === undefined) {
      published.set(key.id, each);
      this.#count += 1;
    } else holding.replace(definition);
    const settled = holding.settled();
    if (known === undefined) this.#session.keep(holding);
    else this.#session.changed();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const failed = new Promise<never>((_, reject) => {
      each.refuse = reject;
      timer = setTimeout(() => {
        reject(each.trouble ?? new RollcallError('UNREACHABLE', 'the registry does not answer'));
      }, NACOS_ANSWER_MAX_MS);
    });
    // The holding may be settled later than this call.
    settled.catch(() => {});
    try {
      await Promise.race([settled, failed]);
    } catch (error) {
      const isFinal = error instanceof RollcallError && !error.isPassing;
      if (isFinal && known === undefined) this.#forget(key, published, each);
      throw error;
    } finally {
      clearTimeout(timer);
      each.refuse = undefined;
    }
  }

  #newHolding(definition: ConstructorParameters<typeof Holding>[0]): Published {
    const each: Published = {
      holding: new Holding(definition, this.#link.time, (event) => {
        if (event.type === 'trouble') {
          each.trouble = event.error;
          if (!event.error.isPassing) each.refuse?.(event.error);
        } else each.trouble = undefined;
      }),
      refuse: undefined,
      trouble: undefined,
    };
    return each;
  }

  /** @throws {RegistryError} `UNAVAILABLE`. */
  async #remove(service: ServiceKey, published: Map<string, Published>, ids: readonly string[]): Promise<void> {
    const own = ids.filter((id) => this.#owners.get(this.#nameOf({ ...service, id })) === this);
    for (const id of own) {
      const each = published.get(id);
      if (each === undefined) continue;
      // From now on, it is not registered again.
      each.holding.isLeaving = true;
      try {
        await this.#link.ask({ type: 'batch', operations: [{ op: 'deregister', ...service, id }] });
      } catch (error) {
        const { code } = RollcallError.from(error, 'not removed');
        // An operator may have removed it.
        if (code === 'INSTANCE_NOT_FOUND' || code === 'SERVICE_NOT_FOUND') continue;
        each.holding.isLeaving = false;
        // It may have been removed all the same; then the session registers it again, since the removal is reported as failed.
        each.holding.markLost();
        this.#session.changed();
        throw registryError(error);
      }
    }
    for (const id of ids) {
      const each = published.get(id);
      if (each !== undefined) this.#forget({ ...service, id }, published, each);
    }
    if (published.size === 0) this.#services.delete(groupedName(service));
  }

  #forget(key: InstanceKey, published: Map<string, Published>, each: Published): void {
    if (published.get(key.id) !== each) return;
    published.delete(key.id);
    this.#count -= 1;
    const name = this.#nameOf(key);
    if (this.#owners.get(name) === this) this.#owners.delete(name);
    each.holding.end();
    this.#session.drop(each.holding);
  }

  #nameOf({ group, service, id }: InstanceKey): string {
    return `${this.#namespace}\n${group}\n${service}\n${id}`;
  }
}
