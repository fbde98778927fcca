import {
  POLLERS_PER_NAMESPACE_MAX_COUNT,
  POLLERS_PER_TOKEN_MAX_COUNT,
  POLLERS_PRUNE_INTERVAL_MS,
} from '../../../model/limits';
import type { ServiceKey } from '../../../model/namespace-api';

/** A subscriber that polls under a name; each poll brings back the cursor of the previous answer. */
export interface Poller {
  readonly subscriber: string;
  /** Id of the token it polls with: the same name with another token is another poller. */
  readonly tokenId: string;
  readonly service: ServiceKey;
  address: string | undefined;
  /** Revision of the newest answer it was given. */
  sentRevision: number;
  /** Revision of the cursor in its latest poll: it has everything up to that. */
  acknowledgedRevision: number;
  /** On the namespace's axis. A pending poll also keeps it live. */
  liveUntil: number;
}

/** The name and token that a poller polls with, and its address. */
export type PollerName = Pick<Poller, 'subscriber' | 'tokenId' | 'address'>;

/**
 * Keeps the pollers of a namespace, each until a while after its last poll. Callers choose
 * the names, so their number is bounded, for each token and in total. A live poller is never dropped to
 * make room for another.
 */
export class Pollers {
  readonly #onExpired: (poller: Poller) => void;
  readonly #lingerMs: () => number;
  /** In the order in which they expire, as each poll moves its poller to the end. */
  readonly #byName = new Map<string, Poller>();
  readonly #countByToken = new Map<string, number>();
  #prunedAt = 0;

  /**
   * @param onExpired Called for each poller that did not come back in time.
   * @param lingerMs Returns how long a poller is live after its last poll.
   */
  constructor(onExpired: (poller: Poller) => void, lingerMs: () => number) {
    this.#onExpired = onExpired;
    this.#lingerMs = lingerMs;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Records a poll, and returns its poller; undefined if there is no room for a new one. */
  note({ subscriber, tokenId, address }: PollerName, service: ServiceKey, now: number): Poller | undefined {
    if (now - this.#prunedAt >= POLLERS_PRUNE_INTERVAL_MS) this.#prune(now);
    const name = pollerName(subscriber, tokenId, service);
    const known = this.#byName.get(name);
    if (known === undefined) {
      if (!this.#hasRoomFor(tokenId)) return undefined;
      this.#countByToken.set(tokenId, (this.#countByToken.get(tokenId) ?? 0) + 1);
    } else {
      this.#byName.delete(name);
    }
    const poller = known ?? {
      subscriber,
      tokenId,
      service: { group: service.group, service: service.service },
      address,
      sentRevision: 0,
      acknowledgedRevision: 0,
      liveUntil: 0,
    };
    poller.address = address;
    poller.liveUntil = now + this.#lingerMs();
    this.#byName.set(name, poller);
    return poller;
  }

  /** Returns the live pollers of a service. */
  of({ group, service }: ServiceKey, now: number): Poller[] {
    this.#prune(now);
    return [...this.#byName.values()].filter(
      (each) => each.service.service === service && each.service.group === group,
    );
  }

  #hasRoomFor(tokenId: string): boolean {
    if (this.#byName.size >= POLLERS_PER_NAMESPACE_MAX_COUNT) return false;
    return (this.#countByToken.get(tokenId) ?? 0) < POLLERS_PER_TOKEN_MAX_COUNT;
  }

  /** Drops the pollers that did not come back. Each is dropped once, so the cost per poll is small. */
  #prune(now: number): void {
    this.#prunedAt = now;
    for (const [name, poller] of this.#byName) {
      if (poller.liveUntil > now) return;
      this.#byName.delete(name);
      const count = (this.#countByToken.get(poller.tokenId) ?? 0) - 1;
      if (count > 0) this.#countByToken.set(poller.tokenId, count);
      else this.#countByToken.delete(poller.tokenId);
      this.#onExpired(poller);
    }
  }
}

function pollerName(subscriber: string, tokenId: string, { group, service }: ServiceKey): string {
  return `${subscriber}\u0000${tokenId}\u0000${group}\u0000${service}`;
}
