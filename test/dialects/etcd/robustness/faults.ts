import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosProxy } from '../../../client/chaos-proxy';
import type { SeededRandom } from '../../../simulation/seeded-random';
import type { EtcdOutage, FaultyEtcd } from './faulty-etcd';

/** Faults of a server and of the connections to it, and of what is behind a gateway. */
export const FAULT_KINDS = ['kill', 'freeze', 'cut', 'kill-behind', 'cut-behind'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const PAUSE_MS = { from: 300, to: 3_000 };

/** A server that was frozen or killed answers again after this, or something is wrong. */
const ANSWERS_WITHIN_MS = 30_000;

/** Parts of {@link Faults}. */
export interface FaultPlan {
  target: FaultyEtcd;
  proxy: ChaosProxy;
  random: SeededRandom;
  kinds: readonly FaultKind[];
  /** Duration of a freeze. */
  freezeMs: { from: number; to: number };
  /** Makes a call, which fails while the server is away. */
  call: () => Promise<unknown>;
}

/** Injects faults, one after another. */
export class Faults {
  readonly outages: EtcdOutage[] = [];
  readonly counts: Record<FaultKind, number> = { kill: 0, freeze: 0, cut: 0, 'kill-behind': 0, 'cut-behind': 0 };
  readonly #plan: FaultPlan;
  #comingBack: Promise<void> = Promise.resolve();
  /** Faults that have not been done yet; each kind comes once before any comes again. */
  #next: FaultKind[] = [];

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  /** Resolves when the server is up: calls while it is down would only fill the history with unanswered calls. */
  up = (): Promise<void> => this.#comingBack;

  /** Injects faults until the signal is aborted, and then restores everything. */
  async work(stop: AbortSignal): Promise<void> {
    const { random, proxy, target } = this.#plan;
    const kinds = this.#plan.kinds.filter((kind) => target.behind !== undefined || !kind.endsWith('-behind'));
    while (!stop.aborted) {
      await sleep(random.magnitude(PAUSE_MS.from, PAUSE_MS.to), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) break;
      if (this.#next.length === 0) this.#next = kinds.flatMap((kind) => (kind === 'cut' ? [kind, kind] : [kind]));
      const [kind] = this.#next.splice(random.whole(0, this.#next.length - 1), 1);
      if (kind === undefined) continue;
      this.counts[kind] += 1;
      if (kind === 'cut') await this.#cut(proxy);
      else await this.#strike(kind);
    }
    proxy.heal();
    proxy.cut();
  }

  async #strike(kind: Exclude<FaultKind, 'cut'>): Promise<void> {
    const { target, random, freezeMs } = this.#plan;
    const back = Promise.withResolvers<void>();
    try {
      // Clients go on for a moment, so that some calls are lost.
      setTimeout(() => (this.#comingBack = back.promise), 30);
      if (kind === 'kill') await target.kill(this.outages);
      else if (kind !== 'freeze') await this.#strikeBehind(kind);
      else await target.freeze(random.magnitude(freezeMs.from, freezeMs.to), this.outages);
      await this.#answers();
      const outage = this.outages.at(-1);
      if (outage !== undefined) outage.until = Date.now();
    } finally {
      back.resolve();
    }
  }

  async #strikeBehind(kind: 'kill-behind' | 'cut-behind'): Promise<void> {
    const { behind } = this.#plan.target;
    if (behind === undefined) return;
    const from = Date.now();
    const never = Number.POSITIVE_INFINITY;
    const outage: EtcdOutage = { from, downBy: never, until: never };
    // What is cut off loses nothing.
    if (kind === 'cut-behind') outage.frozenUntil = from + 1;
    this.outages.push(outage);
    await (kind === 'kill-behind' ? behind.kill() : this.#cut(behind.proxy));
    outage.until = Date.now();
  }

  async #answers(): Promise<void> {
    for (const end = Date.now() + ANSWERS_WITHIN_MS; ; await sleep(20)) {
      const error = await this.#plan.call().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) return;
      if (Date.now() > end) throw error;
    }
  }

  async #cut(proxy: ChaosProxy): Promise<void> {
    const { random } = this.#plan;
    const kind = random.weighted({ cut: 3, reset: 3, stall: 2, delay: 2, refuse: 1 });
    if (kind === 'cut') return proxy.cut();
    if (kind === 'reset') return proxy.reset();
    if (kind === 'stall') proxy.deafen();
    else if (kind === 'delay') proxy.delay(random.whole(5, 150));
    else proxy.refuse();
    await sleep(random.whole(100, 2_000));
    proxy.heal();
    if (kind === 'stall') proxy.forgetHalfOpen();
  }
}
