import { readJsonText } from '../../src/model/json';
import type { Stats } from '../../src/model/stats';
import { NodeNamespace } from '../fixtures/node-namespace';

/** Idle time after which the platform lets an object sleep. */
export const ASLEEP_AFTER_MS = 10_000;

/** Time that one event keeps the object busy; one that writes waits for the disk. Assumed, and generous; see the page. */
const EVENT_MS = 1;
const WRITING_EVENT_MS = 20;

/** Work of a namespace's object, for itself and its callers. */
export interface ObjectCost {
  requests: number;
  messages: number;
  alarms: number;
  wakes: number;
  rowsWritten: number;
  rowsRead: number;
  /** Time in events, as the platform bills it. */
  busySeconds: number;
  /** Time until the platform may let it sleep. */
  awakeSeconds: number;
}

/** A namespace that falls asleep as on the platform, and its meter. */
export class MeteredNamespace {
  readonly namespace = new NodeNamespace();
  #slept: Stats['sinceStart'][] = [];
  #heardAt = this.#now;
  #isAsleep = false;
  /** Number of looks since it woke: each is a request that no client makes. */
  #looks = 0;
  #wakes = 0;
  #awakeMs = 0;

  get #now(): number {
    return this.namespace.platform.clock.now();
  }

  /** Lets time pass until `at`, and fires the alarms that are due. */
  async passUntil(at: number): Promise<void> {
    const { platform } = this.namespace;
    for (let next = this.#nextStop(at); next < at; next = this.#nextStop(at)) {
      platform.jump(Math.max(0, next - this.#now));
      if (!this.#isAsleep && this.#now >= this.#heardAt + ASLEEP_AFTER_MS) await this.#sleep();
      else await this.event(() => this.namespace.pass(0));
    }
    platform.jump(at - this.#now);
  }

  /** Runs an event that wakes the object. */
  async event<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isAsleep) {
      this.#isAsleep = false;
      this.#wakes += 1;
      this.#looks = 0;
      await this.namespace.restart();
    } else {
      this.#awakeMs += this.#now - this.#heardAt;
    }
    this.#heardAt = this.#now;
    return await work();
  }

  /** Returns the total cost so far. */
  async cost(messages: number): Promise<ObjectCost> {
    const stretches = [...this.#slept, ...(this.#isAsleep ? [] : [await this.#sinceStart()])];
    const sum = (figure: 'alarms' | 'rowsWritten' | 'requests') =>
      stretches.reduce((total, each) => total + each[figure], 0);
    const [requests, alarms] = [sum('requests'), sum('alarms')];
    return {
      requests,
      messages,
      alarms,
      wakes: this.#wakes,
      rowsWritten: sum('rowsWritten'),
      rowsRead: this.namespace.platform.storage.rowsRead,
      // Events overlap, but time is billed once.
      busySeconds: Math.round(Math.min(requests * EVENT_MS + alarms * WRITING_EVENT_MS, this.#awakeMs) / 1_000),
      awakeSeconds: Math.round(this.#awakeMs / 1_000),
    };
  }

  #nextStop(end: number): number {
    const sleepsAt = this.#isAsleep ? Number.POSITIVE_INFINITY : this.#heardAt + ASLEEP_AFTER_MS;
    return Math.min(end, sleepsAt, Math.max(this.#now, this.namespace.platform.nextEventAt));
  }

  async #sleep(): Promise<void> {
    this.#awakeMs += this.#now - this.#heardAt;
    this.#slept.push(await this.#sinceStart());
    this.namespace.platform.loseMemory();
    this.#isAsleep = true;
  }

  async #sinceStart(): Promise<Stats['sinceStart']> {
    const { sinceStart } = readJsonText((await this.namespace.api.stats()).body);
    this.#looks += 1;
    return { ...sinceStart, requests: sinceStart.requests - this.#looks };
  }
}
