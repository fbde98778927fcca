import type { RollcallError } from '../../client/wire/rollcall-error';
import { groupedName } from '../../codecs/nacos/names';
import type { NamingFuzzyWatchRequest } from '../../codecs/nacos/requests';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import { NACOS_SUBSCRIPTIONS_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { inAnswerTime } from './answer-time';
import { type FuzzyPattern, FuzzyWatches } from './fuzzy-watches';
import type { InstanceHolders } from './instance-holders';
import type { NacosClient } from './nacos-clients';
import { NamespaceLines } from './namespace-lines';
import { Publications } from './publications';
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
  readonly holders: InstanceHolders;
}

/** The connection of an attachment, as the attachment sees it. */
export interface AttachedConnection {
  /** Sends a request to the client. */
  push(push: Push): void;
  /** The registry has taken back what it permitted: the client has to connect again, to be told why. */
  lost(): void;
  /** Something unexpected was thrown on behalf of the client. */
  failed(error: unknown): void;
}

/** A watch of the names of all services, and the client's patterns. */
interface NamesWatch {
  readonly watches: FuzzyWatches;
  readonly watch: ReplicaWatch<ServiceNames>;
}

/** The part of a connection for one token in one namespace: a client of the registry, over sockets of its own. */
export class Attachment {
  readonly client: NacosClient;
  readonly #shared: SharedState;
  readonly #connection: AttachedConnection;
  readonly #lines: NamespaceLines;
  readonly #subscriptions = new Map<string, Subscription>();
  #publications: Publications | undefined;
  #fuzzy: NamesWatch | undefined;
  #isOver = false;

  /** @param subscriber Name of the client in receipts. */
  constructor(client: NacosClient, subscriber: string, shared: SharedState, connection: AttachedConnection) {
    this.client = client;
    this.#shared = shared;
    this.#connection = connection;
    this.#lines = new NamespaceLines(
      () => client.link(subscriber),
      () => connection.lost(),
    );
  }

  /** The ephemeral instances of the connection. */
  get publications(): Publications {
    const { namespace } = this.client;
    const trouble = () => this.#lines.trouble;
    this.#publications ??= new Publications(namespace, this.#lines.first, this.#shared.holders, trouble);
    return this.#publications;
  }

  /** True if the client has nothing here. */
  get isIdle(): boolean {
    return this.#subscriptions.size === 0 && this.#fuzzy === undefined && (this.#publications?.size ?? 0) === 0;
  }

  /**
   * Subscribes the client to a service, or changes the clusters of its subscription. Returns the list, as UTF-8.
   *
   * @throws {RegistryError} The refusal of the registry; `LIMIT_EXCEEDED`.
   * @throws {RollcallError} `UNREACHABLE`.
   */
  async subscribe(service: ServiceKey, clusters: string): Promise<Uint8Array> {
    const name = groupedName(service);
    const subscription = this.#subscriptions.get(name) ?? this.#opened(name, service);
    try {
      return await inAnswerTime(subscription.select(clusters), () => this.#lines.trouble);
    } catch (error) {
      if (!subscription.watch.isReady) this.#close(name, subscription);
      throw error;
    }
  }

  unsubscribe(service: ServiceKey): void {
    const name = groupedName(service);
    const subscription = this.#subscriptions.get(name);
    if (subscription !== undefined) this.#close(name, subscription);
  }

  /**
   * Watches names of services.
   *
   * @throws {RegistryError} The refusal of the registry; `LIMIT_EXCEEDED`.
   * @throws {RollcallError} `UNREACHABLE`.
   */
  async watchNames(pattern: FuzzyPattern, request: NamingFuzzyWatchRequest): Promise<void> {
    const fuzzy = this.#fuzzy ?? this.#openFuzzy();
    try {
      await inAnswerTime(fuzzy.watch.ready, () => this.#lines.trouble);
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
    this.#lines.close(endsSession ? CLOSE_CODES.sessionEnded : 1000);
  }

  #opened(name: string, service: ServiceKey): Subscription {
    const most = NACOS_SUBSCRIPTIONS_PER_CONNECTION_MAX_COUNT;
    if (this.#subscriptions.size >= most) {
      const message = `a connection may subscribe to ${most} services; unsubscribe from some`;
      throw new RegistryError('LIMIT_EXCEEDED', message);
    }
    const subscription: Subscription = new Subscription(service, {
      namespace: this.client.namespace,
      replicas: this.#shared.services,
      push: (push) => this.#connection.push(push),
      onRefused: (error) => this.#refused(name, subscription, error),
      onFailed: (error) => this.#connection.failed(error),
    });
    this.#subscriptions.set(name, subscription);
    this.#lines.add(subscription.watch);
    return subscription;
  }

  #refused(name: string, subscription: Subscription, error: RollcallError): void {
    if (error.code === 'LIMIT_EXCEEDED' && this.#lines.move(subscription.watch)) return;
    subscription.watch.fail(error);
    this.#close(name, subscription);
  }

  #close(name: string, subscription: Subscription): void {
    if (this.#subscriptions.get(name) === subscription) this.#subscriptions.delete(name);
    this.#lines.remove(subscription.watch);
    subscription.close();
  }

  #openFuzzy(): NamesWatch {
    const replica = this.#shared.names.join(this.client.namespace);
    const watches = new FuzzyWatches(replica.content, (push) => this.#connection.push(push));
    const watch: ReplicaWatch<ServiceNames> = new ReplicaWatch({
      scope: {},
      replica,
      observer: true,
      onChange: () => watches.changed(),
      onRefused: (error) => watch.fail(error),
      onFailed: (error) => this.#connection.failed(error),
    });
    const fuzzy = { watches, watch };
    this.#fuzzy = fuzzy;
    this.#lines.add(watch);
    return fuzzy;
  }

  #closeFuzzy(fuzzy: NamesWatch): void {
    if (this.#fuzzy !== fuzzy) return;
    this.#fuzzy = undefined;
    this.#lines.remove(fuzzy.watch);
    fuzzy.watch.stop();
    fuzzy.watches.close();
    this.#shared.names.leave(this.client.namespace);
  }
}
