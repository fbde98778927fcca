import type { InstanceKey } from '../../../model/batch';
import type { ServiceKey } from '../../../model/namespace-api';
import { type Poller, type PollerName, Pollers } from './pollers';
import type { Watcher } from './watcher';

/** A subscriber that must acknowledge a change before its drain is done. */
type Awaited = Watcher | Poller;

/** The wait of a drain, until its caller is answered. */
export interface DrainWait {
  readonly outcome: Promise<BarrierOutcome>;
  /** Id of the token that has cancelled the drain. */
  cancelledBy?: string | undefined;
}

/** A drain that waits for acknowledgements. */
interface Barrier {
  key: InstanceKey;
  revision: number;
  /** End of the wait, on the namespace's axis. */
  until: number;
  /** Subscribers whose acknowledgement counts: all except those that left before they acknowledged. */
  awaited: Set<Awaited>;
  /** Subscribers whose acknowledgement is pending. */
  missing: Set<Awaited>;
  resolve: (outcome: BarrierOutcome) => void;
}

/** The outcome of a wait. A subscriber counts once, however many watches it has. */
export interface BarrierOutcome {
  subscribers: number;
  acknowledged: number;
  /** Names of the subscribers that have not acknowledged. */
  laggards: string[];
}

/** Returns the name under which a drain waits for a subscriber. */
export function subscriberOf(awaited: Awaited): string {
  return 'peer' in awaited ? awaited.peer.connection.memory.subscriber : awaited.subscriber;
}

/**
 * Tracks which subscribers have acknowledged which revision, and the drains that wait for them. The acknowledged revision of
 * a watcher is kept with its socket and survives a sleep; pollers and drains are in memory.
 */
export class Receipts {
  readonly #pollers: Pollers;
  readonly #barriers = new Set<Barrier>();
  /** Drains whose callers have not been answered, by their instances. */
  readonly #unanswered = new Map<DrainWait, InstanceKey>();

  /** @param pollerLingerMs Returns how long a poller is live after its last poll. */
  constructor(pollerLingerMs: () => number) {
    this.#pollers = new Pollers((poller) => this.forget(poller), pollerLingerMs);
  }

  /**
   * Records a poll, and the revisions that its poller has acknowledged and was sent. Returns false if there is no room for a
   * new poller: drains then can't wait for it.
   */
  notePoll(name: PollerName, service: ServiceKey, acknowledged: number, sent: number, now: number): boolean {
    const poller = this.#pollers.note(name, service, now);
    if (poller === undefined) return false;
    poller.sentRevision = Math.max(poller.sentRevision, sent);
    this.acknowledge(poller, acknowledged);
    return true;
  }

  /** Records that a subscriber has everything up to a revision. A lower revision than before is ignored. */
  acknowledge(awaited: Awaited, revision: number): void {
    if (revision <= awaited.acknowledgedRevision) return;
    awaited.acknowledgedRevision = revision;
    for (const barrier of this.#barriers) {
      if (revision >= barrier.revision && barrier.missing.delete(awaited)) this.#settleIfDone(barrier);
    }
  }

  /** Stops waiting for a subscriber that is gone. */
  forget(awaited: Awaited): void {
    for (const barrier of this.#barriers) {
      if (!barrier.missing.delete(awaited)) continue;
      barrier.awaited.delete(awaited);
      this.#settleIfDone(barrier);
    }
  }

  /** Returns the live pollers of a service. */
  pollersOf(service: ServiceKey, now: number): Poller[] {
    return this.#pollers.of(service, now);
  }

  /**
   * Waits until all of `subscribers` have acknowledged a revision, or are gone; {@link expire} and {@link cancel} end the
   * wait. The caller ends it with {@link answered}.
   *
   * @param revision Revision that they must have acknowledged.
   * @param until End of the wait, on the namespace's axis.
   */
  wait(key: InstanceKey, revision: number, subscribers: readonly Awaited[], until: number): DrainWait {
    const missing = new Set(subscribers.filter(({ acknowledgedRevision }) => acknowledgedRevision < revision));
    const outcome = new Promise<BarrierOutcome>((resolve) => {
      const barrier: Barrier = { key, revision, until, awaited: new Set(subscribers), missing, resolve };
      this.#barriers.add(barrier);
      this.#settleIfDone(barrier);
    });
    const wait: DrainWait = { outcome };
    this.#unanswered.set(wait, key);
    return wait;
  }

  /** Forgets a drain whose caller is answered. */
  answered(wait: DrainWait): void {
    this.#unanswered.delete(wait);
  }

  /** Ends the waits of an instance's drains, as a token has cancelled them: also those that were over but not answered. */
  cancel(key: InstanceKey, tokenId: string): void {
    for (const [wait, each] of this.#unanswered) if (isSame(each, key)) wait.cancelledBy ??= tokenId;
    for (const barrier of this.#waitsFor(key)) this.#settle(barrier);
  }

  /** Ends the waits of an instance's drains whose time is over, with the acknowledgements they have so far. */
  expire(key: InstanceKey, now: number): void {
    for (const barrier of this.#waitsFor(key)) {
      if (barrier.until <= now) this.#settle(barrier);
    }
  }

  /** Ends all waits, with the acknowledgements they have so far. */
  end(): void {
    for (const barrier of this.#barriers) this.#settle(barrier);
  }

  /** Returns when the first wait of an instance's drains ends; `Infinity` if there is none. */
  firstWaitEndsAt(key: InstanceKey): number {
    return Math.min(...this.#waitsFor(key).map(({ until }) => until));
  }

  #waitsFor(key: InstanceKey): Barrier[] {
    return [...this.#barriers].filter((barrier) => isSame(barrier.key, key));
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

function isSame(a: InstanceKey, b: InstanceKey): boolean {
  return a.id === b.id && a.service === b.service && a.group === b.group;
}
