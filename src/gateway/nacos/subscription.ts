import { clustersIn, groupedName } from '../../codecs/nacos/names';
import { NACOS_PUSH_INTERVAL_MS } from '../../model/limits';
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
  onFailed: ReplicaWatchOptions<ServiceListing>['onFailed'];
}

/**
 * A client's subscription to a service. Whenever its list changes, the client is sent the whole list, at once if the last one was not
 * sent just before; while it has not acknowledged one, changes wait, so that the next list has all of them.
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
  /** Time of the last push, on the clock of the process. */
  #pushedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Time of the last answer to a subscription, on the same clock. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #repeat: NodeJS.Timeout | undefined;
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
      onFailed: options.onFailed,
    });
  }

  /**
   * Sets the clusters whose instances the client wants, and returns the list for the answer, as UTF-8, once the watch is ready. The
   * client has it from then on.
   *
   * @param text As the client names them.
   * @throws {RegistryError} `INVALID_REQUEST`; the refusal of the watch.
   */
  async select(text: string): Promise<Uint8Array> {
    const clusters = clustersIn(text);
    await this.watch.ready;
    this.#clusters = clusters;
    this.#clustersText = text;
    this.#sent = this.#listing();
    this.#answeredAt = performance.now();
    return this.#sent.bytes;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#repeat);
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
    if (listing.text === this.#sent.text) {
      this.watch.acknowledge(cursor);
      return;
    }
    const sinceMs = performance.now() - this.#pushedAt;
    if (sinceMs < NACOS_PUSH_INTERVAL_MS) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#changed();
      }, NACOS_PUSH_INTERVAL_MS - sinceMs);
      return;
    }
    this.#pushListing(listing, cursor);
  }

  #pushListing(listing: Listing, cursor: string | undefined): void {
    const isRepeat = this.#sent === NOT_TAKEN;
    this.#sent = listing;
    this.#isWaiting = true;
    this.#pushedAt = performance.now();
    if (!isRepeat && this.#pushedAt - this.#answeredAt < ANSWER_TAKEN_MS)
      this.#repeat ??= setTimeout(() => this.#pushAgain(), REPEAT_MS);
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
        this.#pushAgain();
      },
    });
  }

  #pushAgain(): void {
    this.#repeat = undefined;
    this.#sent = NOT_TAKEN;
    this.#changed();
  }
}

/** Time in which a client has taken the answer to its subscription. */
const ANSWER_TAKEN_MS = 1_000;

/**
 * Time after which a push that follows an answer closely is repeated: the Java client may take the two in any order, and keeps the
 * older one then. Nacos pushes once more after every subscription, this much later.
 */
const REPEAT_MS = 500;

/** Stands for a list that the client has not acknowledged. */
const NOT_TAKEN: Listing = { text: '', bytes: new Uint8Array() };
