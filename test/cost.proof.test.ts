import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readJsonText } from '../src/model/json-text';
import type { Stats } from '../src/model/stats';
import { definition, key } from './fixtures/definition';
import { NodeNamespace } from './fixtures/node-namespace';
import { SocketClient } from './fixtures/socket-client';

const HOUR_MS = 60 * 60 * 1_000;
const INSTANCES = 1_000;
/** Time between two pings of a session, in milliseconds. */
const PING_MS = 15_000;
const CALLER = { tokenId: 'owner' };

/** The platform lets an object sleep that has heard nothing for so long. */
const ASLEEP_AFTER_MS = 10_000;

/** Time that one event keeps the object busy: one that writes waits for the disk. Assumed, and generous; see the page. */
const EVENT_MS = 1;
const WRITING_EVENT_MS = 20;

/** What a namespace cost in an hour. */
interface Cost {
  requests: number;
  messages: number;
  alarms: number;
  wakes: number;
  rowsWritten: number;
  rowsRead: number;
  /** In events, as the platform bills it. */
  busySeconds: number;
  /** Until the platform may let it sleep. */
  awakeSeconds: number;
}

/** A namespace that falls asleep as the platform lets it, and the meter beside it. */
class MeteredNamespace {
  readonly namespace = new NodeNamespace();
  #slept: Stats['sinceStart'][] = [];
  #heardAt = this.#now;
  #isAsleep = false;
  /** Times that it was looked at since it woke: each is a request that nobody else makes. */
  #looks = 0;
  #wakes = 0;
  #awakeMs = 0;

  get #now(): number {
    return this.namespace.platform.clock.now();
  }

  /** Lets time pass until `at`, with the alarms on the way. */
  async passUntil(at: number): Promise<void> {
    const { platform } = this.namespace;
    for (let next = this.#nextStop(at); next < at; next = this.#nextStop(at)) {
      platform.jump(Math.max(0, next - this.#now));
      if (!this.#isAsleep && this.#now >= this.#heardAt + ASLEEP_AFTER_MS) await this.#sleep();
      else await this.event(() => this.namespace.pass(0));
    }
    platform.jump(at - this.#now);
  }

  /** Something that the object is woken for. */
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

  /** What it cost since it was last asked. */
  async cost(messages: number): Promise<Cost> {
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
      busySeconds: Math.round((requests * EVENT_MS + alarms * WRITING_EVENT_MS) / 1_000),
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

function less(after: Cost, before: Cost): Cost {
  // `as`: the same members, each a number.
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof Cost]]),
  ) as unknown as Cost;
}

/** The line of design/cost.md that tells of it. */
function lineOf(title: string, cost: Cost): string {
  const { requests, messages, alarms, wakes, rowsWritten, rowsRead, busySeconds, awakeSeconds } = cost;
  const figures = [requests, messages, alarms, wakes, rowsWritten, rowsRead, busySeconds, awakeSeconds];
  return `| ${title} | ${figures.map((figure) => figure.toLocaleString('en')).join(' | ')} |`;
}

const HOURS_PER_MONTH = 30 * 24;
const MILLION = 1_000_000;

/** Dollars on the paid plan, beyond what it includes. Source: prices of Durable Objects and Workers, see the page. */
const PRICES = {
  workerRequests: { perUnit: 0.3 / MILLION, included: 10 * MILLION },
  objectRequests: { perUnit: 0.15 / MILLION, included: MILLION },
  gigabyteSeconds: { perUnit: 12.5 / MILLION, included: 400_000 },
  rowsWritten: { perUnit: 1 / MILLION, included: 50 * MILLION },
  rowsRead: { perUnit: 0.001 / MILLION, included: 25_000 * MILLION },
};
const MESSAGES_PER_REQUEST = 20;
const OBJECT_GIGABYTES = 0.128;

/**
 * The line of design/cost.md with what a month of such hours costs: all of it, beyond what is included, and all of it if
 * the object were billed until it sleeps.
 */
function billOf(title: string, cost: Cost): string {
  const { requests, messages, alarms, rowsWritten, rowsRead, busySeconds, awakeSeconds } = cost;
  const used: Record<keyof typeof PRICES, number> = {
    workerRequests: requests,
    objectRequests: requests + alarms + messages / MESSAGES_PER_REQUEST,
    gigabyteSeconds: busySeconds * OBJECT_GIGABYTES,
    rowsWritten,
    rowsRead,
  };
  const bill = (includes: boolean) =>
    Object.entries(PRICES).map(([name, { perUnit, included }]) => {
      const inMonth = used[name as keyof typeof PRICES] * HOURS_PER_MONTH; // `as`: a name from that very table
      return Math.max(0, inMonth - (includes ? included : 0)) * perUnit;
    });
  const sum = (dollars: number[]) => dollars.reduce((total, each) => total + each, 0);
  const whileAwake = (awakeSeconds - busySeconds) * OBJECT_GIGABYTES * HOURS_PER_MONTH * PRICES.gigabyteSeconds.perUnit;
  const dollars = [...bill(false), sum(bill(false)), sum(bill(true)), sum(bill(false)) + whileAwake];
  return `| ${title} | ${dollars.map((each) => `$${each.toFixed(2)}`).join(' | ')} |`;
}

/** Compares a cost with what the page says. */
function expectOnPage(title: string, cost: Cost): void {
  expect(page).toContain(lineOf(title, cost));
  expect(page).toContain(billOf(title, cost));
}

const page = readFileSync('design/cost.md', 'utf8').replaceAll(/ +\|/g, ' |');

describe('an hour of', () => {
  it('[I8] 1,000 instances that beat every 10 s over HTTP costs what design/cost.md says', async () => {
    const metered = new MeteredNamespace();
    const { api } = metered.namespace;
    const ids = Array.from({ length: INSTANCES }, (_, n) => `instance-${n}`);
    for (const id of ids) {
      await metered.event(() => api.register(CALLER, { key: key(id), definition: definition({}), precondition: {} }));
    }
    const begin = metered.namespace.platform.clock.now();
    const before = await metered.cost(0);
    for (let beat = 0; beat < HOUR_MS / 10; beat++) {
      await metered.passUntil(begin + (beat + 1) * 10);
      await metered.event(() => api.renew(CALLER, key(ids[beat % INSTANCES] ?? '')));
    }
    expectOnPage('1,000 instances, beats over HTTP, ttl 30 s', less(await metered.cost(0), before));
  });

  it.each([
    ['1,000 instances, a session each, ttl 45 s', INSTANCES],
    ['One instance, a session, ttl 45 s', 1],
  ])('[I8, L16] %s, costs what design/cost.md says', async (title, count) => {
    const metered = new MeteredNamespace();
    const clients: SocketClient[] = [];
    for (let n = 0; n < count; n++) {
      const client = new SocketClient(metered.namespace);
      clients.push(client);
      await metered.event(() => client.ask({ type: 'session' }));
      const operation = { op: 'register', service: 'orders', id: `instance-${n}`, address: '10.0.0.1', port: 80 };
      await metered.event(() => client.ask({ type: 'batch', operations: [operation] }));
    }
    const begin = metered.namespace.platform.clock.now();
    const before = await metered.cost(0);
    let pings = 0;
    const everyMs = PING_MS / count;
    for (let at = everyMs; at <= HOUR_MS; at += everyMs) {
      await metered.passUntil(begin + at);
      // Each every 15 s, one after the other. The platform answers: it is no event.
      clients[pings % count]?.ping();
      pings += 1;
    }
    expectOnPage(title, less(await metered.cost(pings), before));
    const { instances, healthyInstances } = readJsonText(
      (await metered.event(() => metered.namespace.api.stats())).body,
    );
    expect({ instances, healthyInstances }).toEqual({ instances: count, healthyInstances: count });
  });

  it('[I8] a namespace where nothing happens costs nothing', async () => {
    const metered = new MeteredNamespace();
    const { api } = metered.namespace;
    for (let n = 0; n < INSTANCES; n++) {
      const command = { key: key(`i${n}`), definition: definition({ ephemeral: false }), precondition: {} };
      await metered.event(() => api.register(CALLER, command));
    }
    const asleepAt = metered.namespace.platform.clock.now() + ASLEEP_AFTER_MS + 1;
    await metered.passUntil(asleepAt);
    const before = await metered.cost(0);
    await metered.passUntil(asleepAt + HOUR_MS);
    expectOnPage('An idle namespace', less(await metered.cost(0), before));
  });
});
