import { describe, expect, it, onTestFinished } from 'vitest';
import type { Grant } from '../../src/client/wire/access-answers';
import { ConsoleStage } from './console-stage';
import { LASTING } from './service-rows';
import type { Tab } from './tab';

/** Tokens, the audit trail, and the settings of a namespace. */

const stage = new ConsoleStage();

/** Error statuses that a test provokes, as Chromium reports them. */
const REFUSED = /status of 4\d\d/;

/** Creates a token that is revoked after the test. */
async function newToken(name: string, ...grants: Grant[]): Promise<{ id: string; token: string }> {
  const { id, token } = await stage.admin.createToken({ body: { name, grants } });
  onTestFinished(() => stage.admin.revokeToken({ id }));
  return { id, token };
}

const statusOf = async (token: string): Promise<number> =>
  (await fetch(`${stage.registry.url}/api/v1/token`, { headers: { authorization: `Bearer ${token}` } })).status;

const button = (tab: Tab, name: string) => tab.page.locator('dialog').getByRole('button', { name });
const field = (tab: Tab, label: string) => tab.page.locator(`dialog label:has(> span:text-is("${label}"))`);
/** Returns the pages that the navigation offers. */
const navigation = (tab: Tab) => tab.page.locator('.nav a').allInnerTexts();
const storedBy = (tab: Tab) => tab.text('JSON.stringify({ ...sessionStorage })');

describe('a token', () => {
  it('is created for services that are named beforehand, and its secret is shown once', async () => {
    await stage.admin.registerInstance({ service: 'payments', id: 'a', body: LASTING });
    await stage.admin.registerInstance({ service: 'orders', id: 'a', body: LASTING });
    const tab = await stage.open('/access/tokens');
    await tab.page.getByRole('button', { name: 'New token' }).click();
    await field(tab, 'Name').locator('input').fill('payments in public');
    await field(tab, 'Scope').locator('select').selectOption('register');
    await field(tab, 'Namespace, or * for all').locator('input').fill('public');
    await tab.page.getByText('Broad: all services').waitFor();
    await field(tab, 'Services').locator('textarea').fill('pay*');
    await tab.page.getByText('Matches today: payments.').waitFor();
    await button(tab, 'New token').click();
    const secret = await tab.page.locator('dialog pre').innerText();
    await expect.poll(() => statusOf(secret)).toBe(200);
    await button(tab, 'Close').click();
    await tab.page.locator('dialog').waitFor({ state: 'detached' });
    await tab.row(/payments in public.*may register in pay\* of public \(1 service matches\)/).waitFor();
    const traces = `document.documentElement.outerHTML + JSON.stringify({ ...sessionStorage, ...localStorage })`;
    expect(await tab.text(traces)).not.toContain(secret);
    await expect.poll(() => tab.focused()).toBe('New token');

    await tab.page.getByRole('button', { name: 'Revoke payments in public' }).click();
    await button(tab, 'Revoke').click();
    await tab.row('payments in public').waitFor({ state: 'hidden' });
    await expect.poll(() => statusOf(secret)).toBe(401);
  });

  it('with invalid services is refused beside their field', async () => {
    const tab = await stage.open('/access/tokens');
    tab.expectProblems(REFUSED);
    await tab.page.getByRole('button', { name: 'New token' }).click();
    await field(tab, 'Name').locator('input').fill('wrong');
    await field(tab, 'Services').locator('textarea').fill('a*b');
    await button(tab, 'New token').click();
    await field(tab, 'Services').locator('[role=alert]:has-text("one trailing *")').waitFor();
  });

  it('that its own user rotates stays signed in, and signs out once it is revoked', async () => {
    const body = { name: 'own', grants: [{ scope: 'admin' as const, ns: 'public' }] };
    const { token } = await stage.admin.createToken({ body });
    const tab = await stage.open('/access/tokens', { token });
    await tab.row(/^own yours/).waitFor();
    await tab.page.getByRole('button', { name: 'Rotate own' }).click();
    await field(tab, 'The old secret stays valid for').locator('select').selectOption('0');
    await button(tab, 'Rotate').click();
    const rotated = await tab.page.locator('dialog pre').innerText();
    await expect.poll(() => statusOf(token)).toBe(401);
    await button(tab, 'Close').click();
    await tab.page.getByRole('link', { name: 'Audit trail' }).click();
    await tab.row(/rotated the token own/).waitFor();
    await tab.page.goBack();
    await tab.page.getByRole('button', { name: 'Revoke own' }).click();
    await tab.page.getByText('you will be signed out').waitFor();
    await button(tab, 'Revoke').click();
    await tab.page.getByLabel('Token').waitFor();
    await expect.poll(() => statusOf(rotated)).toBe(401);
    await expect.poll(() => storedBy(tab)).toBe('{}');
  });

  it('of a link can’t create or rotate tokens, and the page says how to', async () => {
    const { ticket } = await stage.admin.createTicket();
    await newToken('another', { scope: 'read', ns: 'public' });
    const tab = await stage.open(`/access/tokens#ticket=${ticket}`, { token: null });
    await tab.page.getByText('sign in with the token itself').waitFor();
    await tab.page.getByRole('button', { name: 'Revoke another' }).waitFor();
    await tab.isSettled();
    expect(await tab.page.getByRole('button', { name: /New token|Rotate/ }).count()).toBe(0);
  });

  it.each<[string, Grant, string[]]>([
    ['admin', { scope: 'admin', ns: 'public' }, ['Services', 'Entries', 'History', 'Access', 'Namespace']],
    ['read', { scope: 'read', ns: 'public' }, ['Services', 'Entries', 'History', 'Namespace']],
    ['read of keys', { scope: 'read', ns: 'public', keys: ['config/*'] }, ['Entries', 'Namespace']],
    ['read of a service', { scope: 'read', ns: 'public', services: ['a@@b'] }, ['Services', 'Namespace']],
    ['metrics', { scope: 'metrics', ns: 'public' }, []],
  ])('with %s is offered only the pages that it may read', async (name, grant, pages) => {
    const { token } = await newToken(name, grant);
    const tab = await stage.open('/', { token });
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    await expect.poll(() => navigation(tab)).toEqual(pages);
    await tab.isSettled();
    expect(await navigation(tab)).toEqual(pages);
    await tab.follow('/access/audit');
    if (grant.scope === 'admin')
      await tab
        .row(/created the token/)
        .first()
        .waitFor();
    else await tab.page.getByText('This needs the grant “admin” on every namespace.').waitFor();
    await tab.isSettled();
    expect(tab.refused).toEqual([]);
  });
});

describe('the audit trail', () => {
  it('is filtered by action and token, and leads to the page of a target', async () => {
    const { id, token } = await newToken('night shift', { scope: 'operate', ns: 'public' });
    await stage.admin.registerInstance({ service: 'orders', id: 'a', body: LASTING });
    const body = JSON.stringify({ quarantine: { reason: 'bad disk' } });
    const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/a/override';
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    expect((await fetch(stage.registry.url + path, { method: 'PUT', headers, body })).ok).toBe(true);
    const tab = await stage.open('/access/audit');
    await tab.page.getByLabel('Action').selectOption('quarantined');
    await tab.page.getByLabel('Token, by name or id').fill('night');
    await tab.row(/night shift.*quarantined.*orders\/a public · bad disk Done/).waitFor();
    await expect.poll(() => tab.page.locator('tbody tr').count()).toBe(1);
    await expect.poll(() => tab.path).toBe('/access/audit?action=quarantined&actor=night');
    await tab.row('night shift').getByText(id).waitFor();
    await tab.page.getByRole('link', { name: 'orders/a' }).click();
    await expect.poll(() => tab.path).toBe('/public/services/DEFAULT_GROUP/orders/instances/a');
  });
});

describe('a namespace', () => {
  it('is created, changed by what is entered alone, and removed once its name is typed', async () => {
    const tab = await stage.open('/');
    tab.expectProblems(REFUSED);
    await tab.page.getByRole('button', { name: 'New namespace' }).click();
    await field(tab, 'Id').locator('input').fill('proof');
    await field(tab, 'Title').locator('input').fill('Settings');
    await button(tab, 'New namespace').click();
    await tab.page.getByRole('heading', { name: 'proof' }).waitFor();
    await stage.admin.patchNamespace({ ns: 'proof', body: { intervals: { nacosPollMs: 2_500 } } });

    const limits = tab.page.locator('dialog fieldset:has(legend:text-is("Limits in total"))');
    const instances = limits.locator('label:has(> span:text-is("Instances"))');
    await tab.page.getByRole('button', { name: 'Edit settings' }).click();
    await instances.locator('input').fill('100001');
    await button(tab, 'Save').click();
    await instances.locator('[role=alert]:has-text("100000")').waitFor();
    await instances.locator('input').fill('2');
    await button(tab, 'Save').click();
    await tab.page.locator('dialog').waitFor({ state: 'hidden' });
    expect(await stage.admin.readNamespace({ ns: 'proof' })).toMatchObject({
      limits: { instances: 2 },
      intervals: { nacosPollMs: 2_500 },
    });

    for (const id of ['a', 'b']) await stage.admin.registerInstance({ ns: 'proof', service: 's', id, body: LASTING });
    await tab.reload();
    await tab.page.getByText('Nearly full').waitFor();
    await tab.page.getByRole('button', { name: 'Remove the namespace' }).click();
    await tab.page.getByText('It holds 1 service and 2 instances.').waitFor();
    await tab.page.locator('dialog input.mono').fill('proof');
    await tab.isDrawn();
    expect(await button(tab, 'Remove').isEnabled()).toBe(false);
    await tab.page.getByLabel(/Erase everything/).check();
    await button(tab, 'Remove').click();
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    const { namespaces } = await stage.admin.listNamespaces();
    expect(namespaces.map(({ id }) => id)).not.toContain('proof');
    await expect.poll(() => tab.page.getByRole('link', { name: 'proof' }).count()).toBe(0);
  });
});

describe('a visit', () => {
  it('resumes by itself once the registry can be reached', async () => {
    const tab = await stage.open('/', { token: null });
    tab.expectProblems(/status of 503/);
    let isDown = true;
    await tab.page.route('**/api/v1/token', (route) =>
      isDown
        ? route.fulfill({ status: 503, body: JSON.stringify({ code: 'UNAVAILABLE', detail: 'not now' }) })
        : route.continue(),
    );
    await tab.page.evaluate(`sessionStorage.setItem('rollcall-token', '${stage.registry.rootToken}')`);
    await tab.go('/public/settings');
    await tab.page.getByText('The page tries again by itself.').waitFor();
    isDown = false;
    await tab.page.getByRole('heading', { name: 'public' }).waitFor();
    await expect.poll(() => tab.path).toBe('/public/settings');
  });

  it('moves the focus to the heading of each page, and names the page in the title', async () => {
    const tab = await stage.open('/public/services');
    await tab.isLive();
    await expect.poll(() => tab.text('document.title')).toBe('Services · public · Rollcall');
    await tab.page.locator('.nav').getByRole('link', { name: 'Access' }).click();
    // The link that was clicked has the focus, and the same text, at first.
    await expect
      .poll(() => tab.text('document.activeElement.matches("h1") && document.activeElement.innerText'))
      .toBe('Access');
    await expect.poll(() => tab.text('document.title')).toBe('Tokens · Rollcall');
    await expect.poll(() => tab.page.locator('[aria-live=polite].vh').innerText()).toContain('Tokens');
  });

  it('shows each page after each other one, although all are loaded on demand', async () => {
    const tab = await stage.open('/public/services');
    const headings = { History: 'History', Namespace: 'public', Access: 'Access' };
    for (const _round of [1, 2])
      for (const [link, heading] of Object.entries(headings)) {
        await tab.page.locator('.nav').getByRole('link', { name: link }).click();
        await expect.poll(() => tab.page.locator('h1').innerText()).toContain(heading);
      }
    await tab.page.getByRole('link', { name: 'Audit trail' }).click();
    await tab.page.getByLabel('Token, by name or id').waitFor();
    await tab.page.getByRole('link', { name: 'Tokens' }).click();
    await tab.page.getByRole('button', { name: 'New token' }).waitFor();
  });

  it('closes the menu of the account by Escape and by a click elsewhere', async () => {
    const tab = await stage.open('/');
    const signOut = tab.page.getByRole('button', { name: 'Sign out' });
    await tab.page.locator('.menu > summary').click();
    await signOut.waitFor();
    await tab.page.keyboard.press('Escape');
    await signOut.waitFor({ state: 'hidden' });
    await expect.poll(() => tab.text('document.activeElement.tagName')).toBe('SUMMARY');
    await tab.page.locator('.menu > summary').click();
    await tab.page.getByRole('heading', { name: 'Namespaces' }).click();
    await signOut.waitFor({ state: 'hidden' });
  });
});
