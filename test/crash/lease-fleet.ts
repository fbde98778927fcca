import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceView } from '../../src/model/instance';
import type { InstanceList } from '../../src/model/queries';
import { OutcomeUnknown } from '../http-caller';
import type { SeededRandom } from '../simulation/seeded-random';
import { type HeldLease, leaseBounds, type Outage } from './lease-bounds';
import type { RegistryClient } from './registry-client';

const LOOK_EVERY_MS = 150;
const MORTAL_EVERY_MS = 300;

/** An instance with a short lease. */
interface Holder extends HeldLease {
  id: string;
}

/**
 * Instances with leases of one to two seconds: some renew as long as the run lasts, and must never be missed; others
 * are registered once and left to die, and must neither go early nor stay.
 */
export class LeaseFleet {
  readonly counts = { renewals: 0, deaths: 0, looks: 0, late: 0 };
  readonly #client: RegistryClient;
  readonly #random: SeededRandom;
  readonly #violations: string[];
  readonly #outages: readonly Outage[];
  readonly #renewing = new Map<string, Holder>();
  readonly #dying = new Map<string, Holder>();

  /** @param outages Those so far, and the one that lasts: it grows while the run goes on. */
  constructor(client: RegistryClient, random: SeededRandom, violations: string[], outages: readonly Outage[]) {
    this.#client = client;
    this.#random = random;
    this.#violations = violations;
    this.#outages = outages;
  }

  /** Runs until it is told to stop. */
  async work(renewing: number, stop: AbortSignal): Promise<void> {
    const ids = Array.from({ length: renewing }, (_, number) => `renewing-${number}`);
    await Promise.all([...ids.map((id) => this.#renew(id, stop)), this.#leaveToDie(stop), this.#watch(stop)]);
  }

  async #renew(id: string, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const holder = this.#renewing.get(id);
      const renewed = holder === undefined ? await this.#register('renewing', id) : await this.#beat(holder);
      if (renewed !== undefined) this.#renewing.set(id, renewed);
      await sleep(renewed === undefined ? 50 : renewed.ttlMs / 4);
    }
  }

  async #register(service: string, id: string): Promise<Holder | undefined> {
    const ttlMs = this.#random.whole(1_000, 2_000);
    const removeAfterMs = this.#random.chance(0.5) ? ttlMs : ttlMs + this.#random.whole(0, 1_000);
    const body = { address: '10.0.0.8', port: 8080, lease: { ttlMs, removeAfterMs } };
    const answer = await this.#answered('PUT', `/groups/DEFAULT_GROUP/services/${service}/instances/${id}`, body);
    if (answer === undefined) return undefined;
    if (answer.status >= 300) this.#violations.push(`${id} can't register: ${JSON.stringify(answer.body)}`);
    return { id, ttlMs, removeAfterMs, sentAt: answer.sentAt, answeredAt: answer.answeredAt };
  }

  async #beat(holder: Holder): Promise<Holder | undefined> {
    const path = `/groups/DEFAULT_GROUP/services/renewing/instances/${holder.id}/heartbeat`;
    const answer = await this.#answered('POST', path);
    if (answer === undefined) return undefined;
    if (answer.status === 200) {
      this.counts.renewals += 1;
      return { ...holder, sentAt: answer.sentAt, answeredAt: answer.answeredAt };
    }
    const { earliest } = leaseBounds(holder, holder.removeAfterMs, this.#outages);
    if (answer.answeredAt >= earliest) this.counts.late += 1;
    else this.#violations.push(`${holder.id} renews in time and is told ${JSON.stringify(answer.body)}`);
    this.#renewing.delete(holder.id);
    return undefined;
  }

  async #leaveToDie(stop: AbortSignal): Promise<void> {
    for (let number = 0; !stop.aborted; number += 1) {
      const holder = await this.#register('dying', `dying-${number}`);
      if (holder !== undefined) this.#dying.set(holder.id, holder);
      await sleep(MORTAL_EVERY_MS);
    }
  }

  async #watch(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      // What began before the call is judged by it: holders are taken as they are now.
      const dying = [...this.#dying.values()];
      const renewing = [...this.#renewing.values()];
      await this.#look('dying', dying);
      await this.#look('renewing', renewing);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #look(service: string, holders: Holder[]): Promise<void> {
    const answer = await this.#answered('GET', `/groups/DEFAULT_GROUP/services/${service}/instances`);
    if (answer === undefined) return;
    this.counts.looks += 1;
    const shown = new Map((answer.body as InstanceList).instances.map((instance) => [instance.id, instance]));
    for (const holder of holders) this.#judge(holder, shown.get(holder.id), answer.sentAt, answer.answeredAt);
  }

  #judge(holder: Holder, view: InstanceView | undefined, sentAt: number, answeredAt: number): void {
    const removal = leaseBounds(holder, holder.removeAfterMs, this.#outages);
    const illness = leaseBounds(holder, holder.ttlMs, this.#outages);
    const say = (what: string) => this.#violations.push(`${holder.id} ${what}; lease ${JSON.stringify(holder)}`);
    const isDying = this.#dying.has(holder.id);
    if (view === undefined) {
      if (answeredAt < removal.earliest) say(`is gone at ${answeredAt}, before ${removal.earliest}`);
      if (this.#dying.delete(holder.id)) this.counts.deaths += 1;
    } else {
      // Renewals go on while we look: only those who never renew can be there for too long.
      if (isDying && sentAt > removal.latest) say(`is still there at ${sentAt}, after ${removal.latest}`);
      if (!view.healthy && answeredAt < illness.earliest) say(`is unhealthy before ${illness.earliest}`);
      if (isDying && view.healthy && sentAt > illness.latest) say(`is still healthy after ${illness.latest}`);
    }
  }

  async #answered(method: string, path: string, body?: unknown) {
    try {
      return await this.#client.call(method, path, body);
    } catch (error) {
      if (error instanceof OutcomeUnknown) return undefined;
      throw error;
    }
  }
}
