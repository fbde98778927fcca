import type { ScopeChanges, ScopeSnapshot } from '../../client/wire/wire-frame';
import { serviceInfoText, withRefTime } from '../../codecs/nacos/service-info';
import type { InstanceView } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import type { ReplicaContent } from './replica';

/** A service as clients are sent it. */
export interface Listing {
  /** `ServiceInfo` without its time: of two that are the same, clients see no difference. */
  readonly text: string;
  /** `ServiceInfo` as UTF-8. */
  readonly bytes: Uint8Array;
}

/** Lists that are kept for each service: those of its clusters that clients ask for. */
const LISTINGS_MAX_COUNT = 16;

/** The instances of a service, and its lists for clients. All clients that are sent a list share its bytes. */
export class ServiceListing implements ReplicaContent {
  readonly #instances = new Map<string, InstanceView>();
  #protectThreshold = 0;
  /** Revision of the service's definition. */
  #definedAt = 0;
  #refTime = 0;
  /** Lists by the text of their clusters; one is not current if the content has changed since it was made. */
  readonly #made = new Map<string, { listing: Listing; isCurrent: boolean }>();

  replace(services: ScopeSnapshot['services']): void {
    this.#instances.clear();
    this.#protectThreshold = services[0]?.protectThreshold ?? 0;
    this.#definedAt = services[0]?.revision ?? 0;
    // A large service has several pieces. `as`: the client's types have the members of the model's.
    for (const { instances } of services) {
      for (const instance of instances as InstanceView[]) this.#instances.set(instance.id, instance);
    }
    this.#changed();
  }

  apply(changes: ScopeChanges['changes'], revision: number): void {
    for (const change of changes) {
      if (change.kind === 'service' && revision >= this.#definedAt) {
        this.#definedAt = revision;
        this.#protectThreshold = change.type === 'put' ? change.after.protectThreshold : 0;
      } else if (change.kind === 'instance' && revision >= (this.#instances.get(change.id)?.revision ?? 0)) {
        // `as`: the client's types have the members of the model's
        if (change.type === 'put') this.#instances.set(change.id, change.after as InstanceView);
        else this.#instances.delete(change.id);
      }
    }
    this.#changed();
  }

  /**
   * Returns the list for a filter.
   *
   * @param clustersText The clusters as the client names them.
   */
  listing(service: ServiceKey, clusters: readonly string[], clustersText: string): Listing {
    const made = this.#made.get(clustersText);
    if (made?.isCurrent) return made.listing;
    const content = { instances: this.#instances.values(), protectThreshold: this.#protectThreshold };
    const text = serviceInfoText(service, content, { clusters, healthyOnly: false }, clustersText);
    if (made?.listing.text === text) {
      made.isCurrent = true;
      return made.listing;
    }
    this.#refTime = Math.max(Date.now(), this.#refTime + 1);
    const listing = { text, bytes: Buffer.from(withRefTime(text, this.#refTime)) };
    this.#made.delete(clustersText);
    this.#made.set(clustersText, { listing, isCurrent: true });
    const [oldest] = this.#made.keys();
    if (this.#made.size > LISTINGS_MAX_COUNT && oldest !== undefined) this.#made.delete(oldest);
    return listing;
  }

  #changed(): void {
    for (const made of this.#made.values()) made.isCurrent = false;
  }
}
