import { describe, expect, it, onTestFinished } from 'vitest';
import type { Admin } from '../../src/client/admin';
import { ConsoleStage } from './console-stage';
import { LASTING, rowsOf, servicesOf } from './service-rows';
import type { Tab } from './tab';

/** Changes that arrive, drains, and long lists. */

const stage = new ConsoleStage();

/** Creates a namespace for the running test. */
async function newNamespace(settings: { retention?: { maxCount: number } } = {}): Promise<string> {
  const id = `n${Math.random().toString(36).slice(2, 10)}`;
  await stage.admin.createNamespace({ body: { id, ...settings } });
  onTestFinished(() => stage.admin.removeNamespace({ ns: id, force: true }));
  return id;
}

const register = (admin: Admin, ns: string, service: string, id: string) =>
  admin.registerInstance({ ns, service, id, body: LASTING });

describe('a change', () => {
  it('of instances and their health is shown with its counts, without a reload', async () => {
    const ns = await newNamespace();
    const tab = await stage.open(`/${ns}/services`);
    await tab.page.getByText('No service is registered yet.').waitFor();
    await register(stage.admin, ns, 'orders', 'a');
    await tab.row(/orders.*1 of 1.*All up/).waitFor();
    await register(stage.admin, ns, 'orders', 'b');
    await tab.row(/orders.*2 of 2/).waitFor();
    const dying = { ...LASTING, lease: { ttlMs: 1_000, removeAfterMs: 600_000 } };
    await stage.admin.registerInstance({ ns, service: 'orders', id: 'c', body: dying });
    await tab.row(/orders.*2 of 3.*1 unhealthy/).waitFor();
    await stage.admin.putOverride({ ns, service: 'orders', id: 'a', body: { quarantine: { reason: 'bad disk' } } });
    await tab.row(/orders.*1 of 3/).waitFor();
    for (const id of ['a', 'b', 'c']) await stage.admin.deregisterInstance({ ns, service: 'orders', id });
    await expect.poll(() => tab.row('orders').count()).toBe(0);
    await expect.poll(() => rowsOf(tab)).toEqual(await servicesOf(stage.admin, ns));
  });

  it('needs one socket for a tab, whatever pages it visits', async () => {
    const ns = await newNamespace();
    await register(stage.admin, ns, 'orders', 'a');
    const tab = await stage.open(`/${ns}/services`);
    await tab.isLive();
    for (const [heading, path] of [
      ['orders', `/${ns}/services/DEFAULT_GROUP/orders`],
      ['a', `/${ns}/services/DEFAULT_GROUP/orders/instances/a`],
      ['Services', `/${ns}/services`],
    ] as const) {
      await tab.follow(path);
      await expect.poll(() => tab.page.locator('h1').innerText()).toBe(heading);
      await tab.isSettled();
    }
    await tab.isLive();
    await register(stage.admin, ns, 'orders', 'b');
    await tab.row(/orders.*2 of 2/).waitFor();
    expect(tab.sockets).toHaveLength(1);
  });

  it('is shown after a time so long that the registry has forgotten the changes since', async () => {
    const ns = await newNamespace({ retention: { maxCount: 10 } });
    await register(stage.admin, ns, 'orders', 'a');
    const tab = await stage.open(`/${ns}/services`);
    await tab.isLive();
    const { revision } = await stage.admin.readStats({ ns });
    // As a browser does to a page that it keeps for the back button.
    await tab.page.evaluate(`dispatchEvent(new Event('pagehide'))`);
    await expect
      .poll(async () => (await stage.admin.listSubscribers({ ns, service: 'orders' })).subscribers)
      .toEqual([]);
    await stage.admin.deregisterInstance({ ns, service: 'orders', id: 'a' });
    // The registry forgets revisions by the thousand.
    for (let count = 0; (await stage.admin.readStats({ ns })).compactedRevision <= revision; count += 1)
      await Promise.all(
        [...Array(100)].map((_, index) => register(stage.admin, ns, `service-${index % 8}`, `${count}-${index}`)),
      );
    await tab.page.evaluate(`dispatchEvent(new Event('pageshow'))`);
    await expect.poll(() => rowsOf(tab)).toEqual(await servicesOf(stage.admin, ns));
    await register(stage.admin, ns, 'payments', 'a');
    await tab.row(/payments.*1 of 1/).waitFor();
  });
});

describe('a drain', () => {
  it('waits for no console, even if its page is blocked', async () => {
    const ns = await newNamespace();
    for (const id of ['a', 'b']) await register(stage.admin, ns, 'orders', id);
    const tab = await stage.open(`/${ns}/services`);
    const answered = Promise.withResolvers<void>();
    await tab.page.route('**/blocked', async (route) => {
      await answered.promise;
      await route.fulfill({ body: '' });
    });
    await tab.isLive();
    // A synchronous request blocks everything else in the page until its answer.
    const blocked = tab.page.evaluate(
      `(() => { const r = new XMLHttpRequest(); r.open('GET', '/blocked', false); r.send(); })()`,
    );
    await expect.poll(() => tab.requests.some((url) => url.endsWith('/blocked'))).toBe(true);
    const report = await stage.admin.drainInstance({ ns, service: 'orders', id: 'a', wait: '30s', grace: '1s' });
    expect(report).toMatchObject({ drained: true, laggards: [], subscribers: 0 });
    answered.resolve();
    await blocked;
  });
});

describe('a list of 10,000', () => {
  /** Registers 10,000 instances. @param serviceOf Returns the service of an instance. */
  const fill = async (ns: string, serviceOf: (n: number) => string) => {
    for (let first = 0; first < 10_000; first += 1_000) {
      const operations = [...Array(1_000)].map((_, index) => {
        const n = first + index;
        return { op: 'register' as const, service: serviceOf(n), id: `i-${String(n).padStart(5, '0')}`, ...LASTING };
      });
      await stage.admin.applyBatch({ ns, body: { operations } });
    }
  };

  /** Checks that few rows are mounted at the top, in the middle and at the end, and that a row with the focus stays. */
  const scrolls = async (tab: Tab, first: string, last: string) => {
    // The counts are known before all rows are, and the end is further down with each page of them.
    await expect.poll(() => tab.page.locator('[role=table]').getAttribute('aria-rowcount')).toBe('10001');
    await tab.isSettled();
    const link = tab.row(first).getByRole('link').first();
    await link.focus();
    const rowsInSight = () =>
      tab.number(`[...document.querySelectorAll('.rows .body .row')]
        .map((row) => row.getBoundingClientRect())
        .filter(({ top, bottom }) => top < innerHeight && bottom > 0).length`);
    for (const share of [0, 0.5, 1]) {
      await tab.page.evaluate(`scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * ${share})`);
      if (share === 1) await tab.row(last).waitFor();
      await expect.poll(rowsInSight).toBeGreaterThan(10);
      await expect.poll(() => tab.rowsMounted()).toBeLessThanOrEqual(60);
    }
    await expect.poll(() => tab.text('document.activeElement.closest(".row")?.textContent ?? ""')).toContain(first);
  };

  it('instances keeps few rows in the document, and shows a change of one in sight', async () => {
    const ns = await newNamespace();
    await fill(ns, () => 'orders');
    const tab = await stage.open(`/${ns}/services/DEFAULT_GROUP/orders`);
    await tab.page.getByText('10,000 of 10,000 available').waitFor();
    await scrolls(tab, 'i-00000', 'i-09999');
    await stage.admin.patchInstance({ ns, service: 'orders', id: 'i-09999', body: { weight: 3 } });
    await tab.row(/i-09999 .* 3 /).waitFor();
  });

  it('services keeps few rows in the document', async () => {
    const ns = await newNamespace();
    await fill(ns, (n) => `s-${String(n).padStart(5, '0')}`);
    const tab = await stage.open(`/${ns}/services?sort=name`);
    await tab.page.getByText('10,000 services').waitFor();
    await scrolls(tab, 's-00000', 's-09999');
    await tab.page.locator('[data-find]').fill('s-0500');
    await expect.poll(() => tab.rowsMounted()).toBe(10);
  });
});
