import type { SeededRandom } from '../seeded-random';
import type { VirtualTime } from '../virtual-time';
import type { Ending, LeaseTerms } from './subject';
import type { TrialHost } from './trial-host';

/** Plan of a holder: its lease, how it renews, and when it stops. */
export interface HolderPlan {
  terms: LeaseTerms;
  /** It sends its renewal at most this share of its ttl after it sent the last one that was acknowledged. */
  fraction: number;
  startsAt: number;
  /** When it dies; undefined for a timely holder, which renews until the end. */
  diesAt: number | undefined;
}

/** When a lease ended, in the world's time. */
export interface EndedAt {
  ending: Ending;
  at: number;
}

/**
 * A holder that renews in time: it sends a renewal at most `fraction` of its ttl after it sent the last acknowledged
 * one, and repeats it until it is answered, at intervals of at most a tenth of its ttl and at most a second.
 */
export class TrialHolder {
  readonly plan: HolderPlan;
  readonly endings: EndedAt[] = [];
  /** When the registry last took in a sign of life. */
  lastHeardAt = 0;
  registered = false;
  readonly #host: TrialHost;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  #connected = false;
  /** Counts sockets, so that the pings of an old one stop. */
  #connection = 0;

  constructor(time: VirtualTime, random: SeededRandom, host: TrialHost, plan: HolderPlan) {
    this.#time = time;
    this.#random = random;
    this.#host = host;
    this.plan = plan;
    time.after(plan.startsAt, () => this.#attempt());
  }

  get id(): string {
    return this.plan.terms.id;
  }

  get #dead(): boolean {
    return this.plan.diesAt !== undefined && this.#time.now >= this.plan.diesAt;
  }

  /** Notes that the registry ended the lease. A removed holder registers at its next renewal. */
  ended(ending: Ending): void {
    this.endings.push({ ending, at: this.#time.now });
    if (ending === 'removed') this.registered = false;
  }

  /** Sends one request, and another one unless it is answered in time. */
  #attempt(): void {
    if (this.#dead) return;
    const sentAt = this.#time.now;
    let settled = false;
    const longestMs = Math.min(this.plan.terms.ttlMs / 10, 1_000);
    this.#time.after(longestMs * this.#random.between(0.6, 1) - 1, () => {
      if (settled) return;
      settled = true;
      this.#attempt();
    });
    void this.#send().then((known) => {
      if (settled || known === undefined) return;
      settled = true;
      if (known) this.#acknowledged(sentAt);
      else this.#attempt();
    });
  }

  /** Resolves to whether the registry knows the lease; undefined if there is no answer. */
  #send(): Promise<boolean | undefined> {
    const { terms } = this.plan;
    return this.#host.call(async (subject) => {
      if (terms.kind === 'session' && !this.#connected) this.#connect();
      this.lastHeardAt = this.#time.now;
      if (!this.registered) {
        await subject.register(terms);
        this.registered = true;
        return true;
      }
      const known = await (terms.kind === 'session' ? subject.resume(terms.id) : subject.renew(terms.id));
      if (!known) this.registered = false;
      return known;
    });
  }

  #acknowledged(sentAt: number): void {
    const { terms, fraction } = this.plan;
    const pauseMs = terms.ttlMs * fraction * this.#random.between(0.97, 1);
    const delayMs = sentAt + pauseMs - this.#time.now;
    if (terms.kind === 'beat') this.#time.after(delayMs, () => this.#attempt());
    else this.#pingAfter(delayMs, this.#connection);
  }

  #connect(): void {
    this.#connected = true;
    this.#connection += 1;
    this.#host.openSocket(this.id, () => {
      this.#connected = false;
      this.#time.after(this.#random.between(0, this.#host.reconnectSpreadMs), () => this.#attempt());
    });
  }

  #pingAfter(delayMs: number, connection: number): void {
    this.#time.after(delayMs, () => {
      if (this.#dead || !this.#connected || connection !== this.#connection) return;
      this.#host.ping(this.id, () => {
        this.lastHeardAt = this.#time.now;
      });
      const { terms, fraction } = this.plan;
      this.#pingAfter(terms.ttlMs * fraction * this.#random.between(0.97, 1), connection);
    });
  }
}
