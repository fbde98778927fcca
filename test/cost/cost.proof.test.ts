import { describe, expect, it } from 'vitest';
import { readJsonText } from '../../src/model/json';
import { definition, key } from '../fixtures/definition';
import { SocketClient } from '../fixtures/socket-client';
import { type HourlyUsage, MonthlyBill } from './bill';
import { type CountedFleet, eurekaClients, goMicroServices, INSTANCES, nacosClients, nativeBeats } from './fleets';
import { ASLEEP_AFTER_MS, MeteredNamespace, type ObjectCost } from './metered-namespace';
import { CostPage, countText, dollarsText, rowOf } from './page';

const HOUR_MS = 60 * 60 * 1_000;
const CALLER = { tokenId: 'owner' };

function less(after: ObjectCost, before: ObjectCost): HourlyUsage {
  // `as`: the same members, each a number.
  const cost = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof ObjectCost]]),
  ) as unknown as ObjectCost;
  return { ...cost, workerRequests: 0, directoryRequests: 0 };
}

/** Compares a fleet's usage in an hour, its monthly bill and its logs with the figures on the pages. */
function expectOnPage(title: string, usage: HourlyUsage): void {
  counted.add(title);
  const { workerRequests, requests, directoryRequests, messages, alarms, wakes, ...hour } = usage;
  const { rowsWritten, rowsRead, busySeconds, awakeSeconds } = hour;
  const counts = [workerRequests, requests, directoryRequests, messages, alarms, wakes];
  const bill = new MonthlyBill(usage);
  const { events, byEvents, byGigabytes } = bill.invocationLogs;
  const expectRow = (heading: string, cells: readonly string[]) =>
    expect.soft(page.row(heading, title), heading).toBe(rowOf(title, cells));
  expectRow('An hour', [...counts, rowsWritten, rowsRead, busySeconds, awakeSeconds].map(countText));
  const dollars = [...bill.parts, bill.all, bill.beyondPlan, bill.allWhileAwake];
  expectRow('A month, in dollars', dollars.map(dollarsText));
  const inMonth = (inHour: number) => `${(Math.round((inHour * 720) / 100_000) / 10).toLocaleString('en')} million`;
  expect
    .soft(guide.row('A month', title), 'docs/cost.md')
    .toBe(
      rowOf(title, [
        guide.row('A month', title)?.split(' |')[1]?.trim() ?? '',
        inMonth(workerRequests),
        inMonth(requests + alarms + directoryRequests + messages / 20),
        bill.beyondPlan < 10 ? dollarsText(bill.beyondPlan) : `$${Math.round(bill.beyondPlan).toLocaleString('en')}`,
        `$${Math.round(byGigabytes).toLocaleString('en')}`,
      ]),
    );
  expectRow('Logs', [countText(events), ...[byEvents, byGigabytes].map(dollarsText)]);
}

const page = new CostPage('design/cost.md');
const guide = new CostPage('docs/cost.md');
/** Fleets that were counted: the page must have no others. */
const counted = new Set<string>(['']);

describe('the cost of an hour', () => {
  it.each<CountedFleet>([
    { title: 'Heartbeats over HTTP every 10 s, ttl 30 s', count: () => nativeBeats(30_000) },
    { title: 'Heartbeats over HTTP every 100 s, ttl 5 min', count: () => nativeBeats(300_000) },
    { title: 'Nacos, polls every 3 s, heartbeats every 5 s', count: () => nacosClients(3_000, 5_000) },
    { title: 'Nacos, polls every 10 s, heartbeats every 15 s', count: () => nacosClients(10_000, 15_000) },
    { title: 'Nacos, polls every 30 s, heartbeats every 30 s', count: () => nacosClients(30_000, 30_000) },
    { title: 'Eureka', count: eurekaClients },
    { title: 'go-micro', count: goMicroServices },
  ])('[I8, D8] of the fleet "$title" is what the pages say', async ({ title, count }) => {
    expectOnPage(title, await count());
  });

  it.each([
    ['Sessions, pings every 15 s, ttl 45 s', INSTANCES, 15_000],
    ['Sessions, pings every 30 s, ttl 90 s', INSTANCES, 30_000],
    ['One session, pings every 15 s, ttl 45 s', 1, 15_000],
  ])('[I8, L16] of %s is what design/cost.md says', async (title, count, pingMs) => {
    const metered = new MeteredNamespace();
    const clients: SocketClient[] = [];
    for (let n = 0; n < count; n++) {
      const client = new SocketClient(metered.namespace);
      clients.push(client);
      await metered.event(() => client.ask({ type: 'session', ttlMs: 3 * pingMs }));
      const operation = { op: 'register', service: 'orders', id: `instance-${n}`, address: '10.0.0.1', port: 80 };
      await metered.event(() => client.ask({ type: 'batch', operations: [operation] }));
    }
    const begin = metered.namespace.platform.clock.now();
    const before = await metered.cost(0);
    let pings = 0;
    const everyMs = pingMs / count;
    for (let at = everyMs; at <= HOUR_MS; at += everyMs) {
      await metered.passUntil(begin + at);
      // One after the other. The platform answers, so this is not an event.
      clients[pings % count]?.ping();
      pings += 1;
    }
    expectOnPage(title, less(await metered.cost(pings), before));
    const { instances, healthyInstances } = readJsonText(
      (await metered.event(() => metered.namespace.api.stats())).body,
    );
    expect({ instances, healthyInstances }).toEqual({ instances: count, healthyInstances: count });
  });

  it('[I8] of an idle namespace is nothing', async () => {
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

  it('[D8] was counted for every fleet on the pages', () => {
    for (const heading of ['An hour', 'A month, in dollars', 'Logs']) {
      expect(page.titles(heading).filter((title) => !counted.has(title))).toEqual([]);
    }
    expect(guide.titles('A month').filter((title) => !counted.has(title))).toEqual(['A fleet of 1,000']);
  });
});
