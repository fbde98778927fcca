import { expect, it } from 'vitest';
import { ConsoleStage, type MortalRegistry } from './console-stage';
import { LASTING, rowsOf, servicesOf } from './service-rows';
import type { Tab } from './tab';

/** Registries that die, freeze and return. */

const stage = new ConsoleStage();

/** Problems that Chromium itself reports when nothing answers. */
const UNREACHABLE = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/;

const put = (own: MortalRegistry, service: string, id: string) =>
  own.admin.registerInstance({ service, id, body: LASTING });

/** Opens the list of a registry of its own with two services. */
async function twoServices(): Promise<{ own: MortalRegistry; tab: Tab }> {
  const own = await stage.startOwnRegistry();
  for (const id of ['a', 'b']) await put(own, 'orders', id);
  await put(own, 'payments', 'a');
  const tab = await stage.open('/public/services', { at: own.running });
  tab.expectProblems(UNREACHABLE);
  await tab.row(/orders.*2 of 2/).waitFor();
  await tab.isLive();
  return { own, tab };
}

const showsAll = async (own: MortalRegistry, tab: Tab) =>
  expect.poll(() => rowsOf(tab)).toEqual(await servicesOf(own.admin, 'public'));

/** The latest changes that the page lists, newest first, such as `c registered`. */
const changesShown = (tab: Tab): Promise<unknown> =>
  tab.page.evaluate(`[...document.querySelectorAll('.feed a')].map((link) => link.textContent)`);

it('a registry that is killed is shown as lost while its data stay, and nothing is missed or shown twice after that', async () => {
  const { own, tab } = await twoServices();
  await own.kill();
  await tab.isLost();
  await expect.poll(() => tab.page.locator('.live').innerText()).toMatch(/Reconnecting, as of \d\d:\d\d:\d\d/);
  await expect.poll(() => rowsOf(tab)).toEqual(['orders: 2 of 2', 'payments: 1 of 1']);
  await own.restart();
  await put(own, 'shipping', 'a');
  await put(own, 'orders', 'c');
  await own.admin.deregisterInstance({ service: 'payments', id: 'a' });
  await tab.isLive();
  await showsAll(own, tab);
  await put(own, 'orders', 'd');
  await tab.row(/orders.*4 of 4/).waitFor();
  await expect
    .poll(() => changesShown(tab))
    .toEqual([
      'd registered',
      'a deregistered',
      'c registered',
      ...['a', 'a', 'b', 'a'].map((id) => `${id} registered`),
    ]);
});

it('a registry that is frozen is shown as lost, and what changed meanwhile follows', async () => {
  const { own, tab } = await twoServices();
  own.freeze();
  await tab.isLost();
  await expect.poll(() => rowsOf(tab)).toEqual(['orders: 2 of 2', 'payments: 1 of 1']);
  own.thaw();
  await put(own, 'orders', 'c');
  await tab.isLive();
  await showsAll(own, tab);
});

it('a registry that returns with other data is read again', async () => {
  const { own, tab } = await twoServices();
  await own.kill();
  await own.restart({ isEmpty: true });
  await put(own, 'shipping', 'a');
  await expect.poll(() => rowsOf(tab)).toEqual(['shipping: 1 of 1']);
  await tab.isLive();
  await put(own, 'shipping', 'b');
  await tab.row(/shipping.*2 of 2/).waitFor();
});
