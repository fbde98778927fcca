import { describe, expect, it } from 'vitest';
import { readJsonText } from '../../src/model/json';
import { VERIFICATION_MAX_AGE_MS } from '../../src/model/limits';
import { definition, key } from '../fixtures/definition';
import { EntryCalls } from '../fixtures/entry-calls';
import { LeaseCalls } from '../fixtures/lease-calls';
import { NodeNamespace } from '../fixtures/node-namespace';
import { SocketClient } from '../fixtures/socket-client';
import { type HourlyUsage, MonthlyBill, usageBetween } from './bill';
import {
  type CountedFleet,
  eurekaClients,
  goMicroServices,
  INSTANCES,
  nacosClients,
  nacosConnections,
  nacosMessages,
  nativeBeats,
} from './fleets';
import { ASLEEP_AFTER_MS, MeteredNamespace } from './metered-namespace';
import { CostPage, countText, dollarsText, rowOf } from './page';

const HOUR_MS = 60 * 60 * 1_000;
const CALLER = { tokenId: 'owner' };

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
    { title: 'Nacos 2 and 3 over gRPC, through one gateway', count: nacosConnections },
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
    expectOnPage(title, usageBetween(before, await metered.cost(pings)));
    const { instances, healthyInstances } = readJsonText(
      (await metered.event(() => metered.namespace.api.stats())).body,
    );
    expect({ instances, healthyInstances }).toEqual({ instances: count, healthyInstances: count });
  });

  it('[I8, GL1] of a lock is what the pages say', async () => {
    const [ttlMs, everyMs] = [15_000, 5_000];
    const metered = new MeteredNamespace();
    const leases = () => new LeaseCalls(metered.namespace.api);
    const { id } = await metered.event(() => leases().grant({ ttlMs }));
    await metered.event(() => leases().acquire('lock', id));
    const begin = metered.namespace.platform.clock.now();
    const before = await metered.cost(0);
    for (let at = everyMs; at <= HOUR_MS; at += everyMs) {
      await metered.passUntil(begin + at);
      await metered.event(() => leases().renew(id));
    }
    const usage = usageBetween(before, await metered.cost(0));
    expect((await metered.event(() => leases().read(id))).holds.locks).toBe(1);
    expectOnPage('A lock or an election, ttl 15 s', {
      ...usage,
      ...{ workerRequests: usage.requests, directoryRequests: HOUR_MS / VERIFICATION_MAX_AGE_MS },
    });
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
    expectOnPage('An idle namespace', usageBetween(before, await metered.cost(0)));
  });

  it('[KV7, GL1] of each call about entries and leases is what the guide says', async () => {
    const { api } = new NodeNamespace();
    const [entries, leases] = [new EntryCalls(api), new LeaseCalls(api)];
    const rowsWritten = async () => readJsonText((await api.stats()).body).sinceStart.rowsWritten;
    const puts = (name: string) =>
      Array.from({ length: 10 }, (_, index) => {
        return { op: 'put', key: `${name}/${index}`, value: 'x', precondition: {} } as const;
      });
    const { id } = await leases.grant({ ttlMs: null });
    const renewed = await leases.grant({ ttlMs: 3_600_000 });
    // The first renewal since a checkpoint notes that another one is due.
    await leases.renew(renewed.id);
    for (const { key } of puts('held')) await leases.put(key, 'x', id);
    await entries.put('a', 'x');
    const rows: Record<string, () => Promise<unknown>> = {
      'put an entry': () => entries.put('a', 'y'),
      'read or list entries, now or in the past': () => entries.range(),
      'a transaction that changes ten entries': () => api.transaction(CALLER, { if: [], do: puts('new'), else: [] }),
      'acquire a lock': () => leases.acquire('a', id),
      'release a lock': () => leases.release('a', id),
      'delete an entry': () => entries.delete('a'),
      'grant a lease': () => leases.grant({ ttlMs: null }),
      'renew a lease': () => leases.renew(renewed.id),
      'revoke a lease that holds ten entries': () => leases.revoke(id),
    };
    for (const [title, act] of Object.entries(rows)) {
      const before = await rowsWritten();
      await act();
      const written = (await rowsWritten()) - before;
      expect.soft(guide.row('Entries, leases and locks', title)).toBe(rowOf(title, [countText(written)]));
    }
    expect(guide.titles('Entries, leases and locks')).toEqual(['call', ...Object.keys(rows)]);
  });

  it('[D8] of what a client of Nacos does over gRPC is what the guide says', async () => {
    const rows = await nacosMessages();
    for (const [title, messages] of rows) {
      expect.soft(guide.row('Clients of Nacos', title)).toBe(rowOf(title, [countText(messages)]));
    }
    expect(guide.titles('Clients of Nacos')).toEqual(['what a client does', ...rows.keys()]);
  });

  it('[D8] was counted for every fleet on the pages', () => {
    for (const heading of ['An hour', 'A month, in dollars', 'Logs']) {
      expect(page.titles(heading).filter((title) => !counted.has(title))).toEqual([]);
    }
    expect(guide.titles('A month').filter((title) => !counted.has(title))).toEqual(['A fleet of 1,000']);
  });
});
