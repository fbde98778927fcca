import type { RollcallError } from '../../client/wire/rollcall-error';
import type { LinkUser, SocketLink } from '../../client/wire/socket-link';
import { groupedName } from '../../codecs/nacos/names';
import type { NamingFuzzyWatchRequest } from '../../codecs/nacos/requests';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import {
  NACOS_SUBSCRIPTIONS_PER_CONNECTION_MAX_COUNT,
  NACOS_SUBSCRIPTIONS_PER_SOCKET_MAX_COUNT,
} from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { type FuzzyPattern, FuzzyWatches } from './fuzzy-watches';
import type { NacosClient } from './nacos-clients';
import { type InstanceOwners, Publications } from './publications';
import type { Push } from './pushes';
import type { Replicas } from './replica';
import { ReplicaWatch } from './replica-watch';
import type { ServiceListing } from './service-listing';
import type { ServiceNames } from './service-names';
import { Subscription } from './subscription';

/** State that all connections of a server share. */
export interface SharedState {
  readonly services: Replicas<ServiceListing>;
  readonly names: Replicas<ServiceNames>;
  readonly owners: InstanceOwners;
}

/** A socket of the namespace, and the subscriptions on it. */
interface Line {
  readonly link: SocketLink;
  readonly keeper: LinkUser;
  readonly subscriptions: Set<Subscription>;
}

/** A watch of the names of all services, and the client's patterns. */
interface NamesWatch {
  readonly watches: FuzzyWatches;
  readonly watch: ReplicaWatch<ServiceNames>;
}

/** The part of a connection for one token in one namespace: a client of the registry, over sockets of its own. */
export class Attachment {
  readonly client: NacosClient;
  readonly #subscriber: string;
  readonly #shared: SharedState;
  readonly #push: (push: Push) => void;
  /** The first one holds the session. */
  readonly #lines: Line[] = [];
  readonly #subscriptions = new Map<string, Subscription>();
  #publications: Publications | undefined;
  #fuzzy: NamesWatch | undefined;
  #isOver = false;

  /**
   * @param subscriber Name of the client in receipts.
   * @param push Sends a request to the client.
   */
  constructor(client: NacosClient, subscriber: string, shared: SharedState, push: (push: Push) => void) {
    this.client = client;
    this.#subscriber = subscriber;
    this.#shared = shared;
    this.#push = push;
  }

  /** The ephemeral instances of the connection. */
  get publications(): Publications {
    const { namespace } = this.client;
    this.#publications ??= new Publications(namespace, this.#line(0).link, this.#shared.owners);
    return this.#publications;
  }

  /** Number of subscriptions. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /**
   * Subscribes the client to a service, or changes the clusters of its subscription. Returns the list, as UTF-8.
   *
   * @throws {RegistryError} The refusal of the registry; `LIMIT_EXCEEDED`.
   */
  async subscribe(service: ServiceKey, clusters: string): Promise<Uint8Array> {
    const name = groupedName(service);
    const subscription = this.#subscriptions.get(name) ?? this.#opened(name, service);
    try {
      subscription.select(clusters);
      return await subscription.answer();
    } catch (error) {
      if (!subscription.watch.isReady) this.#close(name, subscription);
      throw error;
    }
  }

  /** Returns the list of a service to which the client is subscribed; undefined if it is not. */
  subscription(service: ServiceKey): Subscription | undefined {
    return this.#subscriptions.get(groupedName(service));
  }

  unsubscribe(service: ServiceKey): void {
    const name = groupedName(service);
    const subscription = this.#subscriptions.get(name);
    if (subscription !== undefined) this.#close(name, subscription);
  }

  /** Watches names of services. @throws {RegistryError} The refusal of the registry; `LIMIT_EXCEEDED`. */
  async watchNames(pattern: FuzzyPattern, request: NamingFuzzyWatchRequest): Promise<void> {
    const fuzzy = this.#fuzzy ?? this.#openFuzzy();
    try {
      await fuzzy.watch.ready;
    } catch (error) {
      this.#closeFuzzy(fuzzy);
      throw error;
    }
    fuzzy.watches.watch(pattern, request);
  }

  cancelNames(pattern: string): void {
    const fuzzy = this.#fuzzy;
    fuzzy?.watches.cancel(pattern);
    if (fuzzy?.watches.size === 0 && fuzzy.watch.isReady) this.#closeFuzzy(fuzzy);
  }

  /**
   * Ends everything that the client has here.
   *
   * @param endsSession True if the client is gone: its instances are removed at once. Otherwise their lease has its whole time to
   * live, for the next connection of the client to take them over.
   */
  close(endsSession: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const [name, subscription] of this.#subscriptions) this.#close(name, subscription);
    if (this.#fuzzy !== undefined) this.#closeFuzzy(this.#fuzzy);
    this.#publications?.leave();
    for (const { link, keeper } of this.#lines.splice(0))
      link.leave(keeper, endsSession ? CLOSE_CODES.sessionEnded : 1000);
  }

  #line(index: number): Line {
    const found = this.#lines[index];
    if (found !== undefined) return found;
    const link = this.client.link(this.#subscriber);
    const keeper: LinkUser = { up: () => {}, down: () => {} };
    const line = { link, keeper, subscriptions: new Set<Subscription>() };
    this.#lines.push(line);
    link.join(keeper);
    return line;
  }

  #opened(name: string, service: ServiceKey): Subscription {
    const most = NACOS_SUBSCRIPTIONS_PER_CONNECTION_MAX_COUNT;
    if (this.#subscriptions.size >= most) {
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `a connection may subscribe to ${most} services; unsubscribe from some`,
      );
    }
    const subscription: Subscription = new Subscription(service, {
      namespace: this.client.namespace,
      replicas: this.#shared.services,
      push: this.#push,
      onRefused: (error) => this.#refused(name, subscription, error),
    });
    this.#subscriptions.set(name, subscription);
    this.#start(subscription);
    return subscription;
  }

  #start(subscription: Subscription): void {
    const full = NACOS_SUBSCRIPTIONS_PER_SOCKET_MAX_COUNT;
    const roomy = this.#lines.findIndex(({ subscriptions }) => subscriptions.size < full);
    const line = this.#line(roomy < 0 ? this.#lines.length : roomy);
    line.subscriptions.add(subscription);
    subscription.watch.start(line.link);
  }

  #refused(name: string, subscription: Subscription, error: RollcallError): void {
    const line = this.#lines.find(({ subscriptions }) => subscriptions.has(subscription));
    // How much a socket holds depends on the lengths of the names, too. By itself, any watch has room.
    if (error.code === 'LIMIT_EXCEEDED' && line !== undefined && line.subscriptions.size > 1) {
      line.subscriptions.delete(subscription);
      const empty = this.#line(this.#lines.length);
      empty.subscriptions.add(subscription);
      subscription.watch.start(empty.link);
      return;
    }
    subscription.watch.fail(error);
    this.#close(name, subscription);
  }

  #close(name: string, subscription: Subscription): void {
    if (this.#subscriptions.get(name) === subscription) this.#subscriptions.delete(name);
    for (const { subscriptions } of this.#lines) subscriptions.delete(subscription);
    subscription.close();
  }

  #openFuzzy(): NamesWatch {
    const replica = this.#shared.names.join(this.client.namespace);
    const watches = new FuzzyWatches(replica.content, this.#push);
    const watch: ReplicaWatch<ServiceNames> = new ReplicaWatch({
      scope: {},
      replica,
      observer: true,
      onChange: () => watches.changed(),
      onRefused: (error) => watch.fail(error),
    });
    const fuzzy = { watches, watch };
    this.#fuzzy = fuzzy;
    watch.start(this.#line(0).link);
    return fuzzy;
  }

  #closeFuzzy(fuzzy: NamesWatch): void {
    if (this.#fuzzy !== fuzzy) return;
    this.#fuzzy = undefined;
    fuzzy.watch.stop();
    fuzzy.watches.close();
    this.#shared.names.leave(this.client.namespace);
  }
}
