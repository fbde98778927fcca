import type { RollcallError } from '../../client/wire/rollcall-error';
import type { SocketLink } from '../../client/wire/socket-link';
import { mappedInstance, type NacosInstance } from '../../codecs/nacos/instance';
import { groupedName, instanceAt } from '../../codecs/nacos/names';
import { RegistryError } from '../../model/errors';
import { NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { inAnswerTime } from './answer-time';
import type { Holder, InstanceHolders } from './instance-holders';
import { InstanceSession, nameOf, type SessionInstance } from './instance-session';

/**
 * The ephemeral instances that one connection has registered in a namespace: by service, as many as the last request for it
 * named. A session holds them, so they end with it. The owner of the socket keeps it open while there are none.
 */
export class Publications implements Holder {
  readonly #namespace: string;
  readonly #session: InstanceSession;
  readonly #holders: InstanceHolders;
  readonly #trouble: () => RollcallError | undefined;
  /** Instances by service, and there by id. */
  readonly #services = new Map<string, Map<string, SessionInstance>>();
  /** Instances by their names among all holders. */
  readonly #names = new Map<string, SessionInstance>();
  /** Requests under way, by service: each waits for the one before it. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #isOver = false;

  /** @param trouble Returns the reason why the socket is not open, if it is known. */
  constructor(namespace: string, link: SocketLink, holders: InstanceHolders, trouble: () => RollcallError | undefined) {
    this.#namespace = namespace;
    this.#trouble = trouble;
    this.#holders = holders;
    this.#session = new InstanceSession(link, {
      registeredAgain: (instances) => {
        for (const instance of instances) holders.registeredAgain(this.#nameOf(instance), this);
      },
    });
  }

  /** Number of instances. */
  get size(): number {
    return this.#names.size;
  }

  /**
   * Registers the instances of a service in place of those that this connection has there: all of them, or if one is refused,
   * none.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   * @throws {RollcallError} The refusal of the registry; `UNREACHABLE` if it does not answer.
   */
  publish(service: ServiceKey, instances: readonly NacosInstance[]): Promise<void> {
    return this.#inTurn(service, async () => {
      const wanted = new Map(instances.map((instance) => namedInstance(service, instance)));
      const name = groupedName(service);
      const before = this.#services.get(name) ?? new Map<string, SessionInstance>();
      const most = NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT;
      if (this.size - before.size + wanted.size > most) {
        throw new RegistryError('LIMIT_EXCEEDED', `a connection may have ${most} instances; remove some`);
      }
      await inAnswerTime(this.#session.opened(), this.#trouble);
      const left = [...before.values()].filter(({ id }) => !wanted.has(id));
      await this.#change([...wanted.values()], left);
      if (this.#isOver) return;
      if (wanted.size > 0) this.#services.set(name, wanted);
      else this.#services.delete(name);
    });
  }

  /**
   * Removes the instances of a service that this connection has registered; none is no error.
   *
   * @throws {RollcallError} `UNREACHABLE` if the registry does not answer.
   */
  unpublish(service: ServiceKey): Promise<void> {
    return this.#inTurn(service, async () => {
      const name = groupedName(service);
      const before = this.#services.get(name);
      if (before === undefined) return;
      await inAnswerTime(this.#session.opened(), this.#trouble);
      await this.#change([], [...before.values()]);
      this.#services.delete(name);
    });
  }

  reclaim(name: string): void {
    const instance = this.#names.get(name);
    if (instance !== undefined) this.#session.reclaim(instance);
  }

  /** Forgets all instances. The code with which the socket is closed says whether their session ends with it. */
  leave(): void {
    this.#isOver = true;
    this.#session.end();
    for (const name of this.#names.keys()) this.#holders.left(name, this);
    this.#names.clear();
    this.#services.clear();
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

  async #change(put: readonly SessionInstance[], left: readonly SessionInstance[]): Promise<void> {
    // The registry's instance of that name may be another connection's: the last one, or then the one before.
    const own = left.filter((each) => this.#holders.before(this.#nameOf(each), this) === undefined);
    await this.#make(put, own);
    if (this.#isOver) return;
    for (const instance of left) {
      const name = this.#nameOf(instance);
      this.#session.forget(instance);
      this.#names.delete(name);
      this.#holders.left(name, this);
    }
    for (const instance of put) {
      const name = this.#nameOf(instance);
      this.#names.set(name, instance);
      this.#holders.registered(name, this);
    }
  }

  /** Makes a change. An operator may have removed an instance meanwhile, which is no error. */
  async #make(put: readonly SessionInstance[], removed: readonly SessionInstance[]): Promise<void> {
    const keys = removed.map(({ group, service, id }) => ({ group, service, id }));
    try {
      await this.#session.change(put, keys);
    } catch (error) {
      if (keys.length === 0 || !isMissing(error)) throw error;
      for (const key of keys) {
        await this.#session.change([], [key]).catch((each: unknown) => {
          if (!isMissing(each)) throw each;
        });
      }
      await this.#session.change(put, []);
    }
  }

  #nameOf(instance: SessionInstance): string {
    return `${this.#namespace}\n${nameOf(instance)}`;
  }
}

function namedInstance(service: ServiceKey, instance: NacosInstance): [string, SessionInstance] {
  const { ephemeral: _ephemeral, ...members } = mappedInstance(instance);
  const key = instanceAt(service, instance);
  return [key.id, { ...key, ...members }];
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown }; // `as`: the member is compared
  return code === 'INSTANCE_NOT_FOUND' || code === 'SERVICE_NOT_FOUND';
}
