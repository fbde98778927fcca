import { describe, expect, it, onTestFinished } from 'vitest';
import { rollcall } from '../../src/client/client';
import type { WatchFrame } from '../../src/client/wire/frames';
import { ConsoleStage } from './console-stage';
import { LASTING } from './service-rows';
import type { Tab } from './tab';

/** Acts of an operator that meet changes of others, and their undo; with a token for one service. */

const stage = new ConsoleStage();

/** A subscriber that acknowledges its first frame, and later ones once it is asked to. */
interface SlowSubscriber {
  /** Acknowledges everything that it has received, and from now on each frame. */
  catchUp: () => void;
}

async function subscribe(subscriber: string, service: string): Promise<SlowSubscriber> {
  const { url, rootToken: token } = stage.registry;
  const client = rollcall({ url, token, subscriber, onWarning: false });
  onTestFinished(() => client.close());
  let newest = '';
  let isCatchingUp = false;
  const first = Promise.withResolvers<void>();
  const onFrame = (frame: WatchFrame) => {
    if (!('cursor' in frame)) return;
    if (newest === '' || isCatchingUp) watch.acknowledge(frame.cursor);
    newest = frame.cursor;
    first.resolve();
  };
  const watch = client.watch({ services: [service] }, { onFrame });
  await first.promise;
  // Until its acknowledgement has arrived: a drain must wait for later changes alone.
  const isCaughtUp = async () => {
    const { subscribers } = await stage.admin.listSubscribers({ service });
    return subscribers.some(({ id, acknowledgedRevision }) => id.startsWith(subscriber) && acknowledgedRevision > 0);
  };
  await expect.poll(isCaughtUp).toBe(true);
  const catchUp = () => {
    isCatchingUp = true;
    watch.acknowledge(newest);
  };
  return { catchUp };
}

/** Registers instances `<service>-0` and so on, and opens the page of their service. */
async function openService(service: string, count: number): Promise<Tab> {
  for (let index = 0; index < count; index += 1) {
    await stage.admin.registerInstance({ service, id: `${service}-${index}`, body: LASTING });
  }
  const services = [`DEFAULT_GROUP@@${service}`];
  const grants = (['read', 'operate'] as const).map((scope) => ({ scope, ns: 'public', services }));
  const { token } = await stage.admin.createToken({ body: { name: service, grants } });
  const tab = await stage.open(`/public/services/DEFAULT_GROUP/${service}`, { token });
  await tab.isLive();
  return tab;
}

/** Opens the dialog of an act from the row of an instance. */
async function openDialog(tab: Tab, id: string, act = 'Take it out'): Promise<void> {
  await tab.page.getByRole('button', { name: `${act}: ${id}` }).click();
  await tab.page.locator('dialog .big').waitFor();
}

const submit = (tab: Tab) => tab.page.locator('dialog [type=submit]').click();
const run = (tab: Tab, text: string | RegExp) => tab.page.locator(`.run >> text=${text}`).waitFor();
const press = (tab: Tab, name: string) => tab.page.locator('.run').getByRole('button', { name }).click();
const hasRow = (tab: Tab, name: string | RegExp) => tab.row(name).first().waitFor();
const overrideOf = (service: string, id: string) => stage.admin.readOverride({ service, id });

describe('a pause', () => {
  it('is undone alone if others have changed the service, too', async () => {
    const tab = await openService('busy', 2);
    await openDialog(tab, 'busy-0');
    await submit(tab);
    await run(tab, 'busy-0 is paused.');
    await stage.admin.putOverride({ service: 'busy', id: 'busy-1', body: { weight: 3 } });
    await press(tab, 'Undo');
    await run(tab, 'Undone: busy-0 is as it was before.');
    expect((await overrideOf('busy', 'busy-1')).weight).toBe(3);
  });

  it('is refused, and its undo, too, once others have changed the same settings', async () => {
    const tab = await openService('contested', 3);
    tab.expectProblems(/status of 412/);
    const names = { service: 'contested', id: 'contested-0' };
    await openDialog(tab, names.id);
    await stage.admin.putOverride({ ...names, body: { weight: 2 } });
    await submit(tab);
    const dialog = tab.page.locator('dialog');
    await dialog.locator('text=Someone else has changed this meanwhile').waitFor();
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByRole('alert').waitFor({ state: 'hidden' });
    await submit(tab);
    await run(tab, 'contested-0 is paused.');
    expect(await overrideOf(names.service, names.id)).toMatchObject({ weight: 2, quarantine: {} });

    await stage.admin.putOverride({ ...names, body: { weight: 7 } });
    await press(tab, 'Undo');
    await run(tab, 'Someone else has changed this meanwhile');
    expect(await overrideOf(names.service, names.id)).toMatchObject({ weight: 7 });
  });
});

describe('the last available instance', () => {
  it('is taken out only after its id has been typed, also if it became the last one meanwhile', async () => {
    const tab = await openService('last', 2);
    await openDialog(tab, 'last-1');
    await tab.page.locator('dialog .big:has-text("1 of 2 available")').waitFor();
    await stage.admin.putOverride({ service: 'last', id: 'last-0', body: { enabled: false } });
    await submit(tab);
    await tab.page.locator('dialog >> text=This is the last available instance').waitFor();
    await expect.poll(() => tab.page.locator('dialog [type=submit]').isEnabled()).toBe(false);
    await tab.isSettled();
    expect(await tab.page.locator('dialog [type=submit]').isEnabled()).toBe(false);
    await tab.page.getByLabel('Type last-1 to confirm').fill('last-1');
    await submit(tab);
    await run(tab, 'last-1 is paused.');
  });
});

describe('a drain', () => {
  const drain = async (tab: Tab, id: string) => {
    await openDialog(tab, id);
    await tab.page.getByLabel('Drain, then remove').check();
    await submit(tab);
    await run(tab, `${id} is draining.`);
  };

  it('that another operator cancels is shown as such', async () => {
    const tab = await openService('drain', 2);
    // The response to the drain that is cancelled.
    tab.expectProblems(/status of 409/);
    await subscribe('late', 'drain');
    await drain(tab, 'drain-0');
    await run(tab, /^Not acknowledged yet: late/);
    await stage.admin.cancelDrain({ service: 'drain', id: 'drain-0' });
    await run(tab, 'drain-0 is no longer draining.');
    await hasRow(tab, /Up drain-0/);
    await tab.isSettled();
    expect(await tab.page.locator('.run [role=alert]').count()).toBe(0);
  });

  it('removes the instance once all have stopped calling, and its undo lifts the quarantine', async () => {
    const tab = await openService('removed', 2);
    const late = await subscribe('late', 'removed');
    await drain(tab, 'removed-0');
    late.catchUp();
    await run(tab, 'removed-0 is removed.');
    await tab.page.getByRole('heading', { name: 'Gone lately' }).waitFor();
    await expect.poll(() => tab.row(/removed-0/).count()).toBe(0);
    const names = { service: 'removed', id: 'removed-0' };
    const { available } = await stage.admin.registerInstance({ ...names, body: LASTING });
    expect(available).toBe(false);
    await press(tab, 'Undo');
    await run(tab, /removed-0 is out of quarantine/);
    await hasRow(tab, /Up removed-0/);
  });
});
