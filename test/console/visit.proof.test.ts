import { describe, expect, it } from 'vitest';
import { ConsoleStage } from './console-stage';

/** Signing in and out, by a token and by a link. */

const stage = new ConsoleStage();

const TOKEN_REFUSED = /status of 401/;
const STORED = `JSON.stringify({ ...sessionStorage, ...localStorage })`;

describe('a token', () => {
  it('signs in, is kept in memory only, and is gone after a reload', async () => {
    const tab = await stage.open('/public/services', { token: null });
    await tab.page.getByLabel('Token').fill(stage.registry.rootToken);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('heading', { name: 'Services' }).waitFor();
    await expect.poll(() => tab.path).toBe('/public/services');
    expect(await tab.text(STORED)).not.toContain(stage.registry.rootToken);
    await tab.reload();
    await tab.page.getByLabel('Token').waitFor();
  });

  it('stays for the tab if its user asks for it, until signing out', async () => {
    const tab = await stage.open('/', { token: null });
    await tab.page.getByLabel('Token').fill(stage.registry.rootToken);
    await tab.page.getByLabel(/Stay signed in/).check();
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    await tab.reload();
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    await tab.page.locator('summary').click();
    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    await tab.page.getByText('You are signed out.').waitFor();
    expect(await tab.text(STORED)).not.toContain(stage.registry.rootToken);
    await tab.reload();
    await tab.page.getByLabel('Token').waitFor();
  });

  it('that the registry refuses is reported, and another one signs in', async () => {
    const tab = await stage.open('/', { token: null });
    tab.expectProblems(TOKEN_REFUSED);
    await tab.page.getByLabel('Token').fill('rct_wrong');
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.locator('[role=alert]:has-text("does not accept this token")').waitFor();
    await tab.page.getByLabel('Token').fill(stage.registry.rootToken);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
  });

  it('that is revoked while it is used signs out, and the page says why', async () => {
    const grants = [{ scope: 'read', ns: 'public' } as const];
    const { id, token } = await stage.admin.createToken({ body: { name: 'short', grants } });
    const tab = await stage.open('/public/services', { token });
    tab.expectProblems(/status of 401|WebSocket/);
    await tab.isLive();
    await stage.admin.revokeToken({ id });
    await tab.page.locator('[role=alert]:has-text("revoked")').waitFor();
    expect(await tab.text(STORED)).not.toContain(token);
  });
});

describe('a link', () => {
  const link = async () => `#ticket=${encodeURIComponent((await stage.admin.createTicket()).ticket)}`;

  it('signs in, and leaves its ticket neither in the address nor in the history', async () => {
    const fragment = await link();
    const tab = await stage.open(`/public/services${fragment}`, { token: null });
    await tab.page.getByRole('heading', { name: 'Services' }).waitFor();
    await expect.poll(() => tab.path).toBe('/public/services');
    await tab.page.getByRole('link', { name: 'Rollcall' }).click();
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    await tab.page.goBack();
    await tab.page.getByRole('heading', { name: 'Services' }).waitFor();
    await expect.poll(() => tab.path).toBe('/public/services');
    expect([...tab.requests, await tab.text(STORED)].join()).not.toContain(fragment.slice('#ticket='.length));
    expect(await tab.text(STORED)).not.toContain(stage.registry.rootToken);
    await tab.page.goBack();
    await expect.poll(() => tab.page.url()).toBe('about:blank');
  });

  it('that was used is refused with its reason, and offers the form', async () => {
    const fragment = await link();
    const first = await stage.open(`/${fragment}`, { token: null });
    await first.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    const second = await stage.open(`/${fragment}`, { token: null });
    second.expectProblems(TOKEN_REFUSED);
    await second.page.locator('[role=alert]:has-text("valid once")').waitFor();
    await expect.poll(() => second.path).toBe('/');
    await second.page.getByLabel('Token').waitFor();
  });

  it('is worth a token that signing out revokes', async () => {
    const tab = await stage.open(`/${await link()}`, { token: null });
    await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    const { 'rollcall-token': token } = JSON.parse(await tab.text(STORED));
    const status = async () =>
      (await fetch(`${stage.registry.url}/api/v1/token`, { headers: { authorization: `Bearer ${token}` } })).status;
    await expect.poll(status).toBe(200);
    await tab.page.locator('summary').click();
    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    await expect.poll(status).toBe(401);
  });
});
