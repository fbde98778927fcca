import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Client, rollcall } from '../../src/client';
import { type KeyValue, kv } from '../../src/client/kv';
import type { Grant } from '../../src/client/wire/access-answers';
import { ConsoleStage } from './console-stage';
import type { Tab } from './tab';

/** The page of entries: folders, values, leases, and changes with a precondition. */

const stage = new ConsoleStage();

const NS = 'entries';
let client: Client;
let entries: KeyValue;
beforeAll(async () => {
  await stage.admin.createNamespace({ body: { id: NS } });
  client = rollcall({ url: stage.registry.url, token: stage.registry.rootToken, namespace: NS });
  entries = kv(client);
});
afterAll(() => client.close());

/** Address of the page of an entry. */
const pageOf = (key: string) => `/${NS}/entries?key=${encodeURIComponent(key)}`;

/** A row of the list, by its whole name. */
const rowOf = (tab: Tab, name: string) =>
  tab.page.locator(`.entries .body .row:has(a:text-is("${name.replaceAll('\\', '\\\\')}"))`);
const dialog = (tab: Tab) => tab.page.locator('dialog');
const button = (tab: Tab, name: string) => dialog(tab).getByRole('button', { name, exact: true });
const field = (tab: Tab, label: string) =>
  dialog(tab).locator(`label:has(> span:text-is("${label}")) :is(input, textarea)`);
const act = (tab: Tab, name: string) => tab.page.locator('.head').getByRole('button', { name, exact: true });
const textOf = async (key: string) => (await entries.get(key))?.text();

/** Text of the value that the page shows. */
const shown = (tab: Tab) => tab.page.locator('.entry-value pre').innerText();

describe('the list', () => {
  it('has folders with their counts, follows changes in them, and finds keys below', async () => {
    await entries.put('tree/db/url', 'postgres://db');
    await entries.put('tree/db/pool', '20');
    await entries.put('tree/leader', 'host-1');
    const tab = await stage.open(`/${NS}/entries?prefix=tree/`);
    await rowOf(tab, 'db/').getByText('2 entries').waitFor();
    await rowOf(tab, 'leader').getByText('6 bytes').waitFor();
    await tab.isLive();
    await entries.put('tree/db/user', 'orders');
    await entries.put('tree/leader', 'host-1234');
    await rowOf(tab, 'db/').getByText('3 entries').waitFor();
    await rowOf(tab, 'leader').getByText('9 bytes').waitFor();
    await entries.delete('tree/leader');
    await rowOf(tab, 'leader').waitFor({ state: 'detached' });
    await tab.page.getByLabel('Find a key').fill('us');
    await rowOf(tab, 'db/user').waitFor();
    await expect.poll(() => tab.rowsMounted()).toBe(1);
    await tab.page.getByLabel('Find a key').fill('');
    await rowOf(tab, 'db/').getByRole('link').click();
    await rowOf(tab, 'pool').getByRole('link').click();
    await expect.poll(() => shown(tab)).toBe('20');
    await expect.poll(() => tab.path).toBe(pageOf('tree/db/pool'));
    await tab.page.getByRole('link', { name: 'tree', exact: true }).click();
    await rowOf(tab, 'db/').getByText('3 entries').waitFor();
    expect(tab.sockets).toHaveLength(1);
  });

  it('is used by the keyboard alone', async () => {
    await entries.put('keyboard/one/a', '1');
    await entries.put('keyboard/two', '2');
    const tab = await stage.open(`/${NS}/entries?prefix=keyboard/`);
    await rowOf(tab, 'one/').waitFor();
    await tab.page.keyboard.press('j');
    await expect.poll(() => tab.focused()).toBe('one/');
    await tab.page.keyboard.press('j');
    await expect.poll(() => tab.focused()).toBe('two');
    await tab.page.keyboard.press('Enter');
    await expect.poll(() => shown(tab)).toBe('2');
    await act(tab, 'Edit').waitFor();
    await tab.page.keyboard.press('.');
    await expect.poll(() => tab.focused()).toBe('Edit');
    await tab.page.keyboard.press('Enter');
    await field(tab, 'Value').waitFor();
    await tab.page.keyboard.press('Escape');
    await expect.poll(() => tab.focused()).toBe('Edit');
  });

  it('of 10,000 keys scrolls with few rows in the document', async () => {
    const put = (index: number) => ({ op: 'put' as const, key: `many/${String(index).padStart(5, '0')}`, value: 'x' });
    for (let first = 0; first < 10_000; first += 100)
      await entries.transaction({ do: [...Array(100)].map((_, index) => put(first + index)) });
    const tab = await stage.open(`/${NS}/entries?prefix=many/`);
    await tab.page.getByText('10,000 entries').waitFor();
    await rowOf(tab, '00000').waitFor();
    await tab.page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await rowOf(tab, '09999').waitFor();
    await rowOf(tab, '00000').waitFor({ state: 'detached' });
    await expect.poll(() => tab.rowsMounted()).toBeLessThan(60);
  });
});

describe('an entry', () => {
  it('is text as it is, whatever its type, and otherwise its size and its first bytes', async () => {
    const html = '<img src="x" onerror="document.title = 1"><b>bold</b>';
    await entries.put('value/page', html, { contentType: 'text/html' });
    await entries.put('value/bytes', new Uint8Array([0, 255, 16]), { contentType: 'image/png' });
    const tab = await stage.open(pageOf('value/page'));
    await expect.poll(() => shown(tab)).toBe(html);
    await tab.page.getByText('text/html').waitFor();
    await tab.follow(pageOf('value/bytes'));
    await expect.poll(() => shown(tab)).toBe('00 ff 10');
    await tab.page.getByText('Not text: 3 bytes').waitFor();
    await tab.isSettled();
    expect(await act(tab, 'Edit').count()).toBe(0);
    const odd = new Uint8Array([97, 47, 255]);
    await entries.put(odd, 'odd');
    await tab.follow(`/${NS}/entries?prefix=a/`);
    await rowOf(tab, '\\xff').getByRole('link').click();
    await expect.poll(() => shown(tab)).toBe('odd');
  });

  it('shows its changes as they are made, and its earlier values', async () => {
    await entries.put('log/level', 'info');
    const tab = await stage.open(pageOf('log/level'));
    await expect.poll(() => shown(tab)).toBe('info');
    await tab.isLive();
    await entries.put('log/level', 'debug');
    await expect.poll(() => shown(tab)).toBe('debug');
    const changes = tab.page.locator('.tl li');
    await expect.poll(() => changes.count()).toBe(2);
    await changes.nth(1).locator('summary').click();
    await expect.poll(() => changes.nth(1).locator('pre').innerText()).toBe('info');
    await entries.delete('log/level');
    await tab.page.getByText('There is no such entry.').waitFor();
    await changes.nth(0).getByText('entry deleted').waitFor();
    await expect.poll(() => changes.count()).toBe(3);
  });

  it('shows its lease with what it holds and the time that is left, and keeps it when it is edited', async () => {
    const { id } = await stage.admin.grantLease({ ns: NS, body: { ttlMs: 3_600_000 } });
    await entries.put('locks/a', 'worker-1', { lease: id });
    await entries.put('locks/b', 'worker-1', { lease: id });
    const tab = await stage.open(pageOf('locks/a'));
    await tab.page.getByText(/ of 1 hr, unless renewed/).waitFor();
    await tab.page.getByText('2 entries · 0 instances').waitFor();
    await act(tab, 'Edit').click();
    await field(tab, 'Value').fill('worker-2');
    await button(tab, 'Save').click();
    await dialog(tab).waitFor({ state: 'detached' });
    await expect.poll(() => textOf('locks/a')).toBe('worker-2');
    expect((await entries.get('locks/a'))?.lease).toBe(id);
    await tab.page.getByRole('link', { name: 'locks/b' }).click();
    await expect.poll(() => shown(tab)).toBe('worker-1');
    await stage.admin.revokeGrantedLease({ ns: NS, lease: id });
    await tab.page.getByText('There is no such entry.').waitFor();
  });
});

describe('a change', () => {
  it('creates an entry, and overwrites none that exists', async () => {
    await entries.put('new/taken', 'before');
    const tab = await stage.open(`/${NS}/entries?prefix=new/`);
    await rowOf(tab, 'taken').waitFor();
    await act(tab, 'New entry').click();
    await field(tab, 'Key').fill('new/taken');
    await field(tab, 'Value').fill('mine');
    await field(tab, 'Content type').fill('text/plain');
    await button(tab, 'New entry').click();
    await dialog(tab).getByText('There is an entry with this key already.').waitFor();
    await field(tab, 'Key').fill('new/free');
    await button(tab, 'New entry').click();
    await expect.poll(() => shown(tab)).toBe('mine');
    expect(await textOf('new/taken')).toBe('before');
    expect(await entries.get('new/free')).toMatchObject({ contentType: 'text/plain', version: 1 });
  });

  it('is not made over that of another client until both have been shown', async () => {
    await entries.put('edit/a', 'one\r\ntwo');
    const tab = await stage.open(pageOf('edit/a'));
    await tab.isLive();
    await act(tab, 'Edit').click();
    await field(tab, 'Value').fill('mine\nand more');
    await entries.put('edit/a', 'theirs');
    const conflict = dialog(tab).locator('.conflict');
    await expect.poll(() => conflict.locator('pre').innerText()).toBe('theirs');
    await expect.poll(() => button(tab, 'Save').isEnabled()).toBe(false);
    expect(await textOf('edit/a')).toBe('theirs');
    await conflict.getByRole('button').click();
    await button(tab, 'Save').click();
    await dialog(tab).waitFor({ state: 'detached' });
    await expect.poll(() => textOf('edit/a')).toBe('mine\r\nand more');
  });

  it('that the watch has not shown yet is refused by the registry, and shown then', async () => {
    await entries.put('edit/b', 'one');
    const tab = await stage.open(pageOf('edit/b'));
    await tab.isLive();
    await act(tab, 'Edit').click();
    await field(tab, 'Value').fill('mine');
    // As a browser does to a page that it keeps for the back button: the watch stops.
    await tab.page.evaluate(`dispatchEvent(new Event('pagehide'))`);
    await entries.put('edit/b', 'theirs');
    await button(tab, 'Save').click();
    await expect.poll(() => dialog(tab).locator('.conflict pre').innerText()).toBe('theirs');
    expect(await textOf('edit/b')).toBe('theirs');
  });

  it('deletes an entry once that is confirmed', async () => {
    await entries.put('old/a', 'one');
    const tab = await stage.open(pageOf('old/a'));
    await act(tab, 'Delete').click();
    await dialog(tab).getByText('Its history stays').waitFor();
    await button(tab, 'Cancel').click();
    await dialog(tab).waitFor({ state: 'detached' });
    expect(await textOf('old/a')).toBe('one');
    await act(tab, 'Delete').click();
    await button(tab, 'Delete').click();
    await tab.page.getByText('There is no such entry.').waitFor();
    expect(await textOf('old/a')).toBeUndefined();
  });
});

describe('a token', () => {
  /** Opens a page with a token that is revoked after the test. */
  async function openWith(path: string, ...grants: Grant[]): Promise<Tab> {
    const { id, token } = await stage.admin.createToken({ body: { name: 'some keys', grants } });
    onTestFinished(() => stage.admin.revokeToken({ id }));
    return stage.open(path, { token });
  }

  it('is offered the keys that it may read, and changes where it may make them', async () => {
    await entries.put('mine/a', 'one');
    await entries.put('config/a', 'two');
    const tab = await openWith(
      `/${NS}/entries`,
      { scope: 'read', ns: NS, keys: ['mine/*', 'config/a'] },
      { scope: 'register', ns: NS, keys: ['mine/*'] },
    );
    await tab.page.getByRole('link', { name: 'config/a' }).click();
    await expect.poll(() => shown(tab)).toBe('two');
    await tab.isSettled();
    expect(await act(tab, 'Edit').count()).toBe(0);
    await tab.follow(`/${NS}/entries?prefix=con`);
    await tab.page.getByText('This needs the grant “read” on con.').waitFor();
    await tab.page.getByRole('link', { name: 'mine/*' }).click();
    await rowOf(tab, 'a').getByRole('link').click();
    await act(tab, 'Edit').click();
    await field(tab, 'Value').fill('changed');
    await button(tab, 'Save').click();
    await expect.poll(() => textOf('mine/a')).toBe('changed');
    expect(tab.refused).toEqual([]);
  });

  it('is created for keys', async () => {
    const tab = await stage.open('/access/tokens');
    await tab.page.getByRole('button', { name: 'New token' }).click();
    await field(tab, 'Name').fill('jobs of entries');
    await dialog(tab).locator('select').first().selectOption('register');
    await field(tab, 'Entries').fill('jobs/*\nleader');
    await button(tab, 'New token').click();
    await dialog(tab).locator('pre').waitFor();
    await button(tab, 'Close').click();
    await tab.row(/jobs of entries.*may write the entries jobs\/\*, leader of/).waitFor();
    const made = (await stage.admin.listTokens()).tokens.find(({ name }) => name === 'jobs of entries');
    expect(made?.grants).toMatchObject([{ scope: 'register', keys: ['jobs/*', 'leader'] }]);
  });
});
