import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosProxy } from '../client/chaos-proxy';
import type { Outage } from '../crash/lease-bounds';
import type { Victim } from '../crash/victim';
import { HttpCaller } from '../http/http-caller';
import type { SeededRandom } from '../simulation/seeded-random';
import { until } from '../watch-proofs/until';

/** Faults of a registry and of the connections to it. */
export const FAULT_KINDS = ['kill', 'stall', 'cut'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const PAUSE_MS = { from: 200, to: 2_500 };

/** Injects faults, one after another, during the calls of clients. */
export class Faults {
  readonly outages: Outage[] = [];
  readonly counts: Record<FaultKind, number> = { kill: 0, stall: 0, cut: 0 };
  readonly #victim: Victim;
  readonly #proxy: ChaosProxy;
  readonly #random: SeededRandom;
  readonly #kinds: readonly FaultKind[];
  #comingBack: Promise<void> = Promise.resolve();

  constructor(victim: Victim, proxy: ChaosProxy, random: SeededRandom, kinds: readonly FaultKind[]) {
    this.#victim = victim;
    this.#proxy = proxy;
    this.#random = random;
    this.#kinds = kinds;
  }

  /** Resolves when the registry is up: calls while it is down would only fill the history with unanswered calls. */
  up(): Promise<void> {
    return this.#comingBack;
  }

  /** Injects faults until the signal is aborted, and then restores everything. */
  async work(stop: AbortSignal): Promise<void> {
    const [first, ...others] = this.#kinds;
    while (!stop.aborted) {
      await sleep(this.#random.magnitude(PAUSE_MS.from, PAUSE_MS.to), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted || first === undefined) continue;
      const kind = this.#random.pick([first, ...others]);
      this.counts[kind] += 1;
      if (kind === 'cut') await this.#cut();
      else await this.#strike(kind);
    }
    this.#proxy.heal();
    // Half-open connections would stay so, and a caller without a timeout would wait forever.
    this.#proxy.cut();
  }

  async #strike(kind: 'kill' | 'stall'): Promise<void> {
    const back = Promise.withResolvers<void>();
    try {
      if (kind === 'kill') {
        // Clients keep calling for a moment, so that some calls are lost besides those pending at its death.
        setTimeout(() => (this.#comingBack = back.promise), 30);
        await this.#victim.strike(this.#random.weighted({ registry: 6, both: 2, launcher: 1 }), this.outages);
      } else {
        await this.#victim.freeze(this.#random.magnitude(50, 4_500), this.outages);
      }
      await this.#awaken();
    } finally {
      back.resolve();
    }
  }

  /** Ends an outage by a request to the namespace, which looks at the clock only then. */
  async #awaken(): Promise<void> {
    const caller = new HttpCaller(this.#victim.url, this.#victim.token);
    await until('the namespace answers', async () => {
      const answer = await caller.call('GET', '/services?limit=1').catch(() => undefined);
      return answer?.status === 200;
    });
    caller.close();
    const outage = this.outages.at(-1);
    if (outage !== undefined) outage.until = Date.now();
  }

  async #cut(): Promise<void> {
    const proxy = this.#proxy;
    switch (this.#random.weighted({ cut: 3, reset: 3, halfOpen: 1, delay: 2, refuse: 1 })) {
      case 'cut':
        proxy.cut();
        return;
      case 'reset':
        proxy.reset();
        return;
      case 'halfOpen':
        proxy.halfOpen();
        return;
      case 'delay':
        proxy.delay(this.#random.whole(5, 150));
        break;
      case 'refuse':
        proxy.refuse();
        break;
    }
    await sleep(this.#random.whole(50, 800));
    proxy.heal();
  }
}
