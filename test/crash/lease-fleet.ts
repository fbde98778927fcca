import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceView } from '../../src/model/instance';
import type { InstanceList } from '../../src/model/queries';
import { OutcomeUnknown } from '../http/http-caller';
import type { SeededRandom } from '../simulation/seeded-random';
import type { SessionHolder } from '../watch-proofs/session-holder';
import { type HeldLease, leaseBounds, type Outage } from './lease-bounds';
import type { RegistryClient } from './registry-client';

const LOOK_EVERY_MS = 150;
const MORTAL_EVERY_MS = 300;
const PULSE_MS = 50;

/**
 * Renewed leases outlast an outage that is too short to be detected: 2.5 s, plus a quarter of the lease
 * before and after it.
 */
const RENEWED_TTL_MS = { from: 5_000, to: 7_000 };
const RENEWALS_PER_TTL = 4;

/** Longest pause of the test process: after a longer one, its late renewals prove nothing about leases. */
const PAUSE_MAX_MS = 700;

/** An instance with a short lease. */
interface Holder extends HeldLease {
  id: string;
}

/**
 * Instances with short leases. Some renew throughout the run, by requests or a session, and must never be
 * missing, despite crashes, restarts and freezes. Others are registered once and left to die: they must not expire too
 * early or too late.
 */
export class LeaseFleet {
  readonly counts = { renewals: 0, resumes: 0, deaths: 0, looks: 0, late: 0 };
  readonly #client: RegistryClient;
  readonly #random: SeededRandom;
  readonly #violations: string[];
  readonly #outages: readonly Outage[];
  readonly #renewing = new Map<string, Holder>();
  readonly #dying = new Map<string, Holder>();
  /** Time of this process's last pause that was too long. */
  #pausedAt = 0;

  /** @param outages Outages so far, including the current one. It grows during the run. */
  constructor(client: RegistryClient, random: SeededRandom, violations: string[], outages: readonly Outage[]) {
    this.#client = client;
    this.#random = random;
    this.#violations = violations;
    this.#outages = outages;
  }

  /** Runs until `stop` is aborted. */
  async work(renewing: number, sessions: readonly SessionHolder[], stop: AbortSignal): Promise<void> {
    const ids = Array.from({ length: renewing }, (_, number) => `renewing-${number}`);
    await Promise.all([
      ...ids.map((id) => this.#renew(id, stop)),
      this.#leaveToDie(stop),
      this.#watch(stop),
      this.#watchSessions(sessions, stop),
      this.#notePauses(stop),
    ]);
  }

  /** Renews at a fixed pace, whether a renewal succeeds or not: an early retry would hide a lost lease. */
  async #renew(id: string, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const holder = this.#renewing.get(id);
      const startedAt = Date.now();
      const renewed = holder === undefined ? await this.#register('renewing', id) : await this.#beat(holder);
      if (renewed !== undefined) this.#renewing.set(id, renewed);
      const { ttlMs } = renewed ?? holder ?? { ttlMs: RENEWED_TTL_MS.from };
      await sleep(Math.max(0, startedAt + ttlMs / RENEWALS_PER_TTL - Date.now()));
    }
  }

  async #register(service: 'renewing' | 'dying', id: string): Promise<Holder | undefined> {
    const { from, to } = service === 'renewing' ? RENEWED_TTL_MS : { from: 1_000, to: 1_500 };
    const ttlMs = this.#random.whole(from, to);
    const removeAfterMs = this.#random.chance(0.5) ? ttlMs : ttlMs + this.#random.whole(0, 1_000);
    const body = { address: '10.0.0.8', port: 8080, lease: { ttlMs, removeAfterMs } };
    const answer = await this.#answered('PUT', `/groups/DEFAULT_GROUP/services/${service}/instances/${id}`, body);
    if (answer === undefined) return undefined;
    if (answer.status >= 300) this.#violations.push(`${id} can't register: ${JSON.stringify(answer.body)}`);
    return { id, ttlMs, removeAfterMs, sentAt: answer.sentAt, answeredAt: answer.answeredAt, isRegistration: true };
  }

  async #beat(holder: Holder): Promise<Holder | undefined> {
    const path = `/groups/DEFAULT_GROUP/services/renewing/instances/${holder.id}/heartbeat`;
    const answer = await this.#answered('POST', path);
    if (answer === undefined) return undefined;
    if (answer.status === 200) {
      this.counts.renewals += 1;
      return { ...holder, sentAt: answer.sentAt, answeredAt: answer.answeredAt, isRegistration: false };
    }
    this.#missed(holder, `renews in time and gets ${JSON.stringify(answer.body)}`);
    this.#renewing.delete(holder.id);
    return undefined;
  }

  /** Reports a holder that ended though it renewed in time, which must never happen. */
  #missed(holder: Holder, what: string): void {
    if (this.#pausedAt > holder.sentAt) this.counts.late += 1;
    else this.#violations.push(`${holder.id} ${what}; lease ${JSON.stringify(holder)}`);
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
      // Copies the holders first: only those from before the call are judged by it.
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
    for (const holder of holders) {
      const view = shown.get(holder.id);
      if (service === 'dying') this.#judgeDying(holder, view, answer.sentAt, answer.answeredAt);
      else if (view?.healthy !== true) this.#missed(holder, view === undefined ? 'is gone' : 'is unhealthy');
    }
  }

  #judgeDying(holder: Holder, view: InstanceView | undefined, sentAt: number, answeredAt: number): void {
    const removal = leaseBounds(holder, holder.removeAfterMs, this.#outages);
    const illness = leaseBounds(holder, holder.ttlMs, this.#outages);
    const say = (what: string) => this.#violations.push(`${holder.id} ${what}; lease ${JSON.stringify(holder)}`);
    if (view === undefined) {
      if (answeredAt < removal.earliest) say(`is gone at ${answeredAt}, before ${removal.earliest}`);
      if (this.#dying.delete(holder.id)) this.counts.deaths += 1;
      return;
    }
    if (sentAt > removal.latest) say(`is still there at ${sentAt}, after ${removal.latest}`);
    if (!view.healthy && answeredAt < illness.earliest) say(`is unhealthy before ${illness.earliest}`);
    if (view.healthy && sentAt > illness.latest) say(`is still healthy after ${illness.latest}`);
  }

  /** A session outlives every outage: its client reconnects in time, and resumes it. */
  async #watchSessions(sessions: readonly SessionHolder[], stop: AbortSignal): Promise<void> {
    let losses = 0;
    let judgedAt = Date.now();
    while (!stop.aborted) {
      await sleep(LOOK_EVERY_MS);
      const lost = sessions.reduce((sum, holder) => sum + holder.losses, 0);
      this.counts.resumes = sessions.reduce((sum, holder) => sum + holder.resumes, 0);
      if (lost > losses && this.#pausedAt > judgedAt - RENEWED_TTL_MS.to) this.counts.late += lost - losses;
      else if (lost > losses) this.#violations.push(`${lost - losses} sessions ended while their clients were alive`);
      losses = lost;
      judgedAt = Date.now();
    }
  }

  async #notePauses(stop: AbortSignal): Promise<void> {
    for (let at = Date.now(); !stop.aborted; at = Date.now()) {
      await sleep(PULSE_MS);
      if (Date.now() - at > PAUSE_MAX_MS) this.#pausedAt = Date.now();
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
