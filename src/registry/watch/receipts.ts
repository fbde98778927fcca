import type { InstanceKey } from '../../model/batch';
import { POLLER_LINGER_MS } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import type { Watcher } from './watcher';

/** One who asks again and again, and names itself: its cursor comes back with the next question. */
export interface Poller {
  readonly subscriber: string;
  /** Id of the token it polls with: the same name with another token is another poller. */
  readonly tokenId: string;
  readonly service: ServiceKey;
  address: string | undefined;
  /** Revision of the newest answer it was given. */
  sentRevision: number;
  /** Revision of the cursor it last came back with: it has that, and everything before. */
  acknowledgedRevision: number;
  /** On the namespace's axis; it lives as long as a poll of it is under way, too. */
  liveUntil: number;
}

/** Who polls, in its own words and by its token, and from where. */
export type PollerName = Pick<Poller, 'subscriber' | 'tokenId' | 'address'>;

/** One who has to acknowledge a change before its drain is done. */
type Awaited = Watcher | Poller;

/** A drain that waits for acknowledgements. */
interface Barrier {
  key: InstanceKey;
  revision: number;
  /** When it waits no longer; on the namespace's axis. */
  until: number;
  /** All of them, but for those who went before they could acknowledge. */
  awaited: Set<Awaited>;
  /** Those it still waits for. */
  missing: Set<Awaited>;
  resolve: (outcome: BarrierOutcome) => void;
}

/** What waiting came to. A subscriber counts once, however many watches it has. */
export interface BarrierOutcome {
  subscribers: number;
  acknowledged: number;
  /** Who has not acknowledged, by name. */
  laggards: string[];
}

/** The name under which a drain waits for somebody. */
export function subscriberOf(awaited: Awaited): string {
  return 'peer' in awaited ? awaited.peer.connection.memory.subscriber : awaited.subscriber;
}

/**
 * Tracks which subscribers have acknowledged which revision, and the drains that wait for them. What a watcher
 * acknowledged is kept with its socket and survives a sleep; pollers and drains live in memory.
 */
export class Receipts {
  readonly #pollers = new Map<string, Poller>();
  readonly #barriers = new Set<Barrier>();

  /** Notes a poll, and what it came back with. */
  notePoll(
    { subscriber, tokenId, address }: PollerName,
    service: ServiceKey,
    acknowledged: number,
    sent: number,
    now: number,
  ): void {
    const name = pollerName(subscriber, tokenId, service);
    const poller = this.#pollers.get(name) ?? {
      subscriber,
      tokenId,
      service: { group: service.group, service: service.service },
      address,
      sentRevision: 0,
      acknowledgedRevision: 0,
      liveUntil: 0,
    };
    this.#pollers.set(name, poller);
    poller.address = address;
    poller.sentRevision = Math.max(poller.sentRevision, sent);
    poller.liveUntil = now + POLLER_LINGER_MS;
    this.acknowledge(poller, acknowledged);
  }

  /** Notes that everything up to a revision has arrived. Revisions only rise. */
  acknowledge(awaited: Awaited, revision: number): void {
    if (revision <= awaited.acknowledgedRevision) return;
    awaited.acknowledgedRevision = revision;
    for (const barrier of this.#barriers) {
      if (revision >= barrier.revision && barrier.missing.delete(awaited)) this.#settleIfDone(barrier);
    }
  }

  /** Nobody waits any longer for one who is gone. */
  forget(awaited: Awaited): void {
    for (const barrier of this.#barriers) {
      if (!barrier.missing.delete(awaited)) continue;
      barrier.awaited.delete(awaited);
      this.#settleIfDone(barrier);
    }
  }

  /** Pollers of a service that are alive; those that are not are forgotten. */
  pollersOf(service: ServiceKey, now: number): Poller[] {
    const alive: Poller[] = [];
    for (const [name, poller] of this.#pollers) {
      if (poller.liveUntil <= now) {
        this.#pollers.delete(name);
        this.forget(poller);
      } else if (poller.service.service === service.service && poller.service.group === service.group) {
        alive.push(poller);
      }
    }
    return alive;
  }

  /**
   * Waits until all of `subscribers` have acknowledged a revision, or are gone; {@link expire} ends the wait.
   *
   * @param revision The change that they must have.
   * @param until When to wait no longer; on the namespace's axis.
   */
  wait(key: InstanceKey, revision: number, subscribers: readonly Awaited[], until: number): Promise<BarrierOutcome> {
    const missing = new Set(subscribers.filter(({ acknowledgedRevision }) => acknowledgedRevision < revision));
    return new Promise((resolve) => {
      const barrier: Barrier = { key, revision, until, awaited: new Set(subscribers), missing, resolve };
      this.#barriers.add(barrier);
      this.#settleIfDone(barrier);
    });
  }

  /** Ends waits for an instance's drain that are over, as far as they have come. */
  expire(key: InstanceKey, now: number): void {
    for (const barrier of this.#waitsFor(key)) {
      if (barrier.until <= now) this.#settle(barrier);
    }
  }

  /** Ends all waits, as far as they have come. */
  end(): void {
    for (const barrier of this.#barriers) this.#settle(barrier);
  }

  /** When the first wait for an instance's drain is over; `Infinity` where nobody waits. */
  firstWaitEndsAt(key: InstanceKey): number {
    return Math.min(...this.#waitsFor(key).map(({ until }) => until));
  }

  #waitsFor(key: InstanceKey): Barrier[] {
    return [...this.#barriers].filter((barrier) => {
      const { group, service, id } = barrier.key;
      return group === key.group && service === key.service && id === key.id;
    });
  }

  #settleIfDone(barrier: Barrier): void {
    if (barrier.missing.size === 0) this.#settle(barrier);
  }

  #settle(barrier: Barrier): void {
    this.#barriers.delete(barrier);
    const { awaited, missing, resolve } = barrier;
    const subscribers = new Set([...awaited].map(subscriberOf)).size;
    const laggards = [...new Set([...missing].map(subscriberOf))].sort();
    resolve({ subscribers, acknowledged: subscribers - laggards.length, laggards });
  }
}

function pollerName(subscriber: string, tokenId: string, { group, service }: ServiceKey): string {
  return `${subscriber}\u0000${tokenId}\u0000${group}\u0000${service}`;
}
