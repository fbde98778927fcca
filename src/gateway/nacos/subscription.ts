import { clustersIn, groupedName } from '../../codecs/nacos/names';
import type { ServiceKey } from '../../model/namespace-api';
import type { Push } from './pushes';
import type { Replicas } from './replica';
import { ReplicaWatch, type ReplicaWatchOptions } from './replica-watch';
import type { Listing, ServiceListing } from './service-listing';

/** Parameters of {@link Subscription}. */
export interface SubscriptionOptions {
  /** Namespace as the client names it. */
  namespace: string;
  /** Replicas of the services of that namespace. */
  replicas: Replicas<ServiceListing>;
  push(push: Push): void;
  onRefused: ReplicaWatchOptions<ServiceListing>['onRefused'];
}

/**
 * A client's subscription to a service. Whenever its list changes, the client is sent the whole list; while it has not
 * acknowledged one, changes wait, so that the next list has all of them.
 */
export class Subscription {
  readonly watch: ReplicaWatch<ServiceListing>;
  readonly #service: ServiceKey;
  readonly #options: SubscriptionOptions;
  #clustersText = '';
  #clusters: readonly string[] = [];
  /** The list that the client has, or that is on its way; undefined: none that counts. */
  #sent: Listing | undefined;
  #isWaiting = false;
  #isOver = false;

  constructor(service: ServiceKey, options: SubscriptionOptions) {
    this.#service = service;
    this.#options = options;
    this.watch = new ReplicaWatch({
      scope: { services: [groupedName(service)] },
      replica: options.replicas.join(this.#replicaName),
      observer: false,
      onChange: () => this.#changed(),
      onRefused: options.onRefused,
    });
  }

  /**
   * Sets the clusters whose instances the client wants.
   *
   * @param text As the client names them.
   * @throws {RegistryError} `INVALID_REQUEST`.
   */
  select(text: string): void {
    this.#clusters = clustersIn(text);
    this.#clustersText = text;
    this.#sent = undefined;
  }

  /** Returns the list for an answer, as UTF-8, once the watch is ready. The client has it from then on. */
  async answer(): Promise<Uint8Array> {
    await this.watch.ready;
    this.#sent = this.#listing();
    return this.#sent.bytes;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.watch.stop();
    this.#options.replicas.leave(this.#replicaName);
  }

  get #replicaName(): string {
    return `${this.#options.namespace} ${groupedName(this.#service)}`;
  }

  #listing(): Listing {
    return this.watch.replica.content.listing(this.#service, this.#clusters, this.#clustersText);
  }

  #changed(): void {
    // Before the answer to its subscription, a client expects nothing.
    if (this.#isOver || this.#isWaiting || this.#sent === undefined) return;
    const listing = this.#listing();
    const { cursor } = this.watch;
    if (listing === this.#sent) {
      this.watch.acknowledge(cursor);
      return;
    }
    this.#sent = listing;
    this.#isWaiting = true;
    const { group, service } = this.#service;
    const { namespace } = this.#options;
    const names = JSON.stringify({ module: 'naming', namespace, groupName: group, serviceName: service });
    this.#options.push({
      type: 'NotifySubscriberRequest',
      parts: [`${names.slice(1, -1)},"serviceInfo":`, listing.bytes, '}'],
      acknowledged: () => {
        this.#isWaiting = false;
        if (this.#isOver) return;
        this.watch.acknowledge(cursor);
        this.#changed();
      },
      // Nacos repeats a push without an end.
      late: () => {
        this.#isWaiting = false;
        this.#sent = NOT_TAKEN;
        this.#changed();
      },
    });
  }
}

/** Stands for a list that the client has not acknowledged. */
const NOT_TAKEN: Listing = { bytes: new Uint8Array() };
