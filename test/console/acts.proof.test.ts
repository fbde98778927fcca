import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { rollcallAdmin } from '../../src/client/admin';
import type { Grant } from '../../src/client/wire/access-answers';
import { ConsoleStage } from './console-stage';
import { LASTING } from './service-rows';
import type { Tab } from './tab';

/** Acts of operators: their effect, their progress, their undo, and which of them a token is offered. */

const stage = new ConsoleStage();
let made = 0;

/** Registers a service with instances `a`, `b` and so on. Returns its name. */
async function newService(ids: readonly string[]): Promise<string> {
  const service = `service-${made++}`;
  const operations = ids.map((id) => ({ op: 'register' as const, service, id, ...LASTING }));
  await stage.admin.applyBatch({ body: { operations } });
  return service;
}

const open = async (service: string, rest = ''): Promise<Tab> => {
  const tab = await stage.open(`/public/services/DEFAULT_GROUP/${service}${rest}`);
  await tab.isLive();
  return tab;
};

/** Opens a watch of a service that acknowledges nothing before it is asked to, and then everything. */
async function subscribe(service: string, subscriber: string): Promise<{ acknowledge: () => void }> {
  const { url, rootToken } = stage.registry;
  const address = `${url.replace('http', 'ws')}/api/v1/ns/public/socket?subscriber=${subscriber}`;
  const socket = new WebSocket(address, ['rollcall.v1', `token.${rootToken}`]);
  onTestFinished(() => socket.terminate());
  let cursor = '';
  let isAcknowledging = false;
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  const acknowledge = () => {
    isAcknowledging = true;
    send({ type: 'ack', watch: 'w', cursor });
  };
  const snapshot = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { type: string; cursor?: string }; // `as`: tests of the watch check it
      cursor = frame.cursor ?? cursor;
      if (isAcknowledging && frame.cursor !== undefined) acknowledge();
      if (frame.type === 'snapshot') resolve();
    });
  });
  await new Promise((resolve) => socket.once('open', resolve));
  send({ type: 'watch', id: '1', watch: 'w', scope: { services: [service] } });
  await snapshot;
  return { acknowledge };
}

const button = (tab: Tab, name: string | RegExp) => tab.page.getByRole('button', { name, exact: true });
const submit = (tab: Tab) => tab.page.locator('dialog [type=submit]');

describe('taking an instance out', () => {
  it('shows its effect first, pauses it, and is undone', async () => {
    const service = await newService(['a', 'b', 'c']);
    await subscribe(service, 'checkout-1');
    const tab = await open(service);
    await tab
      .row(/a.*10\.0\.0\.7/)
      .first()
      .waitFor();
    await button(tab, 'Take it out: a').click();
    const dialog = tab.page.locator('dialog');
    await dialog.getByText('Takes 1 of 3 available instances out; 1 subscriber is notified.').waitFor();
    await dialog.getByLabel('Reason').fill('bad disk');
    await submit(tab).click();
    await tab.row(/^Quarantined a /).waitFor();
    const override = await stage.admin.readOverride({ service, id: 'a' });
    expect(override).toMatchObject({ quarantine: { reason: 'bad disk' } });
    await tab.page.getByRole('status').getByText('a is paused.').waitFor();
    await button(tab, 'Undo').click();
    await tab.page.getByText('Undone: a is as it was before.').waitFor();
    await tab.row(/^Up a /).waitFor();
    expect(await stage.admin.readInstance({ service, id: 'a' })).toMatchObject({ available: true, overridden: false });
  });

  it('drains it, names who still calls it, and can be cancelled until its removal', async () => {
    const service = await newService(['a', 'b']);
    const subscriber = await subscribe(service, 'reports-1');
    const tab = await open(service);
    // The call that waits for the drain.
    tab.expectProblems(/status of 409/);
    const drain = async () => {
      await button(tab, 'Take it out: a').click();
      await tab.page.getByLabel(/Drain, then remove/).check();
      await submit(tab).click();
      await tab.page.getByRole('status').getByText('a is draining.').waitFor();
      await tab.page.getByText('0 of 1 subscriber has stopped calling').waitFor();
      await tab.page.getByText(/reports-1/).waitFor();
    };
    await drain();
    await tab.row(/^Draining a /).waitFor();
    await tab.page.locator('.run').getByRole('button', { name: 'Cancel drain' }).click();
    await tab.page.getByText('a is no longer draining.').waitFor();
    await tab.row(/^Up a /).waitFor();
    expect(await stage.admin.readInstance({ service, id: 'a' })).toMatchObject({ status: 'up', available: true });

    await drain();
    subscriber.acknowledge();
    await tab.page.getByText('1 of 1 subscriber has stopped calling').waitFor();
    await tab.page.getByText('a is removed.').waitFor();
    await expect.poll(() => tab.row(/10\.0\.0\.7/).count()).toBe(1);
    expect((await stage.admin.listInstances({ service })).instances.map(({ id }) => id)).toEqual(['b']);
  });

  it('is off while the registry is away', async () => {
    const own = await stage.startOwnRegistry();
    await own.admin.registerInstance({ service: 'orders', id: 'a', body: LASTING });
    const tab = await stage.open('/public/services/DEFAULT_GROUP/orders', { at: own.running });
    tab.expectProblems(/ERR_|WebSocket/);
    await tab.isLive();
    const isEnabled = () => button(tab, 'Take it out: a').isEnabled();
    await expect.poll(isEnabled).toBe(true);
    await own.kill();
    await tab.isLost();
    await expect.poll(isEnabled).toBe(false);
    await own.restart();
    await expect.poll(isEnabled).toBe(true);
  });
});

describe('the past of a service', () => {
  it('is shown change by change, with its acts off, and compares with now', async () => {
    const service = await newService(['a', 'b']);
    await stage.admin.patchInstance({ service, id: 'a', body: { weight: 5 } });
    await stage.admin.deregisterInstance({ service, id: 'b' });
    const tab = await open(service);
    const weights = () => tab.page.locator('.row .weight').allInnerTexts();
    const at = () => new URL(tab.page.url()).searchParams.get('at');
    await expect.poll(() => tab.page.locator('.row .name').allInnerTexts()).toEqual(['a']);
    // The moment after the newest change, and the one before it.
    await button(tab, 'Previous change').click();
    await button(tab, 'Previous change').click();
    await tab.row(/^Up b /).waitFor();
    await expect.poll(at).not.toBeNull();
    await tab.isSettled();
    expect(await button(tab, /Take it out/).count()).toBe(0);
    await stage.admin.patchInstance({ service, id: 'a', body: { weight: 7 } });
    await tab.isSettled();
    expect(await weights()).toEqual(['5', '1']);
    await button(tab, 'Previous change').click();
    await expect.poll(weights).toEqual(['1', '1']);
    const from = encodeURIComponent(at() ?? '');
    await button(tab, 'Now').click();
    await expect.poll(weights).toEqual(['7']);
    await tab.follow(`/public/services/DEFAULT_GROUP/${service}/diff?from=${from}`);
    await tab.page.getByText('1 disappeared').waitFor();
    await expect.poll(() => tab.page.locator('main').innerText()).toMatch(/weight\s*1\s*→\s*7/);
  });
});

/** Tokens, and what each may do to instance `own`, which it has registered if it can, and to `other`. */
const SCOPES: Record<string, Grant[]> = {
  read: [{ scope: 'read', ns: 'public' }],
  'read and register': [
    { scope: 'read', ns: 'public' },
    { scope: 'register', ns: 'public' },
  ],
  'read and operate': [
    { scope: 'read', ns: 'public' },
    { scope: 'operate', ns: 'public' },
  ],
  admin: [{ scope: 'admin', ns: 'public' }],
};

describe.each(Object.entries(SCOPES))('a token with %s', (name, grants) => {
  it('is offered what the registry allows it, and nothing else', async () => {
    const service = await newService(['other', 'third']);
    const { token } = await stage.admin.createToken({ body: { name, grants } });
    const admin = rollcallAdmin({ url: stage.registry.url, token });
    const registers = await admin.registerInstance({ service, id: 'own', body: LASTING }).then(
      () => true,
      () => false,
    );
    if (!registers) await stage.admin.registerInstance({ service, id: 'own', body: LASTING });

    /** Returns whether a call is allowed: it fails for another reason than the token, and changes nothing. */
    const isAllowed = (call: Promise<unknown>) =>
      call.then(
        () => true,
        (error) => error.code !== 'FORBIDDEN',
      );
    const stale = { ifMatch: (await stage.admin.readStats()).epoch };
    for (const id of ['own', 'other']) {
      const names = { service, id };
      const tab = await stage.open(`/public/services/DEFAULT_GROUP/${service}/instances/${id}`, { token });
      await tab.isLive();
      await tab.isSettled();
      const offered = async () => [
        id,
        await tab.page.evaluate(
          `[...document.querySelectorAll('[data-acts] button')].map((each) => each.textContent).sort()`,
        ),
      ];
      const mayOverride = await isAllowed(admin.putOverride({ ...names, body: { weight: 2 }, ...stale }));
      const mayRemove = await isAllowed(admin.deregisterInstance({ ...names, ...stale }));
      await expect
        .poll(offered)
        .toEqual([
          id,
          [
            ...(mayOverride ? ['Change traffic'] : []),
            ...(mayRemove ? ['Remove now'] : []),
            ...(mayOverride || mayRemove ? ['Take it out'] : []),
          ],
        ]);
    }

    const tab = await stage.open('/access/tokens', { token });
    await tab.isSettled();
    const mayManage = await isAllowed(
      admin.createToken({ body: { name: 'probe', grants: [{ scope: 'read', ns: 'public' }] } }),
    );
    await expect.poll(() => button(tab, 'New token').count()).toBe(mayManage ? 1 : 0);
    await tab.follow('/public/settings');
    await tab.page.getByRole('heading', { name: 'public' }).waitFor();
    await tab.isSettled();
    const mayConfigure = await isAllowed(admin.patchNamespace({ ns: 'public', body: { title: name } }));
    await expect.poll(() => button(tab, 'Edit settings').count()).toBe(mayConfigure ? 1 : 0);
  });
});
