import type { ObjectCost } from './metered-namespace';

/** Usage of the platform by a fleet in an hour: of its namespace's object, and of everything before it. */
export interface HourlyUsage extends ObjectCost {
  workerRequests: number;
  /** Calls to the directory's object. */
  directoryRequests: number;
}

/** Returns the usage of an object between two moments an hour apart, with no requests before it. */
export function usageBetween(before: ObjectCost, after: ObjectCost): HourlyUsage {
  // `as`: the same members, each a number.
  const cost = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof ObjectCost]]),
  ) as unknown as ObjectCost;
  return { ...cost, workerRequests: 0, directoryRequests: 0 };
}

const HOURS_PER_MONTH = 30 * 24;
const MILLION = 1_000_000;
const MESSAGES_PER_REQUEST = 20;
const OBJECT_GIGABYTES = 0.128;

/** CPU time of one request in the Worker, in milliseconds. Assumed; see the page. */
const WORKER_CPU_MS = 0.5;

/** Size of one invocation's log, with its request's headers. Assumed; see the page. */
const LOG_EVENT_GIGABYTES = 2_000 / 1_000_000_000;

/** Time for which the platform keeps logs, in months. */
const LOG_KEPT_MONTHS = 7 / 30;

/** Dollars on the paid plan, beyond what it includes each month. Sources are on the page. */
const PRICES = {
  workerRequests: { perUnit: 0.3 / MILLION, included: 10 * MILLION },
  workerCpuMs: { perUnit: 0.02 / MILLION, included: 30 * MILLION },
  objectRequests: { perUnit: 0.15 / MILLION, included: MILLION },
  gigabyteSeconds: { perUnit: 12.5 / MILLION, included: 400_000 },
  rowsWritten: { perUnit: 1 / MILLION, included: 50 * MILLION },
  rowsRead: { perUnit: 0.001 / MILLION, included: 25_000 * MILLION },
};

/** Prices of logs, until the end of November 2026 and from then on. */
const LOG_PRICES = {
  events: { perUnit: 0.6 / MILLION, included: 20 * MILLION },
  gigabytesIngested: { perUnit: 0.25, included: 50 },
  gigabyteMonths: { perUnit: 0.1, included: 12 },
};

type Price = (typeof PRICES)[keyof typeof PRICES];

const beyond = (used: number, { perUnit, included }: Price): number => Math.max(0, used - included) * perUnit;

/** Cost of a month of such hours, in dollars. */
export class MonthlyBill {
  readonly #usage: HourlyUsage;

  constructor(usage: HourlyUsage) {
    this.#usage = usage;
  }

  /** Cost of each resource, without the plan's allowances: in the order of the page. */
  get parts(): number[] {
    return Object.entries(this.#used).map(([name, used]) => used * PRICES[name as keyof typeof PRICES].perUnit); // `as`: a name from that table
  }

  get all(): number {
    return this.parts.reduce((total, each) => total + each, 0);
  }

  /** Sum of the bill without the plan's own five dollars. */
  get beyondPlan(): number {
    return Object.entries(this.#used)
      .map(([name, used]) => beyond(used, PRICES[name as keyof typeof PRICES])) // `as`: as above
      .reduce((total, each) => total + each, 0);
  }

  /** Total cost if the object were billed until it sleeps. */
  get allWhileAwake(): number {
    const idleSeconds = this.#usage.awakeSeconds - this.#usage.busySeconds;
    return this.all + idleSeconds * OBJECT_GIGABYTES * HOURS_PER_MONTH * PRICES.gigabyteSeconds.perUnit;
  }

  /** Cost of logs beyond the plan if each invocation of the Worker and of the objects is logged. */
  get invocationLogs(): { events: number; byEvents: number; byGigabytes: number } {
    const { workerRequests, requests, alarms, directoryRequests } = this.#usage;
    const events = (workerRequests + requests + alarms + directoryRequests) * HOURS_PER_MONTH;
    const gigabytes = events * LOG_EVENT_GIGABYTES;
    return {
      events,
      byEvents: beyond(events, LOG_PRICES.events),
      byGigabytes:
        beyond(gigabytes, LOG_PRICES.gigabytesIngested) +
        beyond(gigabytes * LOG_KEPT_MONTHS, LOG_PRICES.gigabyteMonths),
    };
  }

  /** Units of each resource in a month, in the order of {@link PRICES}. */
  get #used(): Record<keyof typeof PRICES, number> {
    const { workerRequests, directoryRequests, requests, alarms, messages, ...hour } = this.#usage;
    const inMonth = (inHour: number) => inHour * HOURS_PER_MONTH;
    return {
      workerRequests: inMonth(workerRequests),
      workerCpuMs: inMonth(workerRequests * WORKER_CPU_MS),
      objectRequests: inMonth(requests + directoryRequests + alarms + messages / MESSAGES_PER_REQUEST),
      gigabyteSeconds: inMonth(hour.busySeconds * OBJECT_GIGABYTES),
      rowsWritten: inMonth(hour.rowsWritten),
      rowsRead: inMonth(hour.rowsRead),
    };
  }
}
