import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConsoleStage } from './console-stage';
import { LASTING } from './service-rows';
import type { Tab } from './tab';

/** The page that explains an instance. */

const stage = new ConsoleStage();

const pathOf = (service: string, id: string) =>
  `/public/services/DEFAULT_GROUP/${service}/instances/${encodeURIComponent(id)}`;

/** Waits for the verdict to contain a text. */
const verdict = (tab: Tab, text: RegExp) => tab.page.locator('.sum').locator(`text=${text}`).first().waitFor();

/** A client in a process of its own, which renews its lease until it is killed. */
const CLIENT = `
  const [url, token] = process.argv.slice(1);
  const call = (method, path, body) => fetch(url + path, {
    method, body, headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
  });
  // On a busy machine, no heartbeat is late, and the time without health is long enough to be seen.
  const lease = { ttlMs: 8000, removeAfterMs: 25000 };
  await call('PUT', '', JSON.stringify({ address: '10.0.3.17', port: 8080, version: '4.1.0', lease }));
  await call('PUT', '', JSON.stringify({ address: '10.0.3.17', port: 8080, version: '4.1.1', lease }));
  for (let beats = 1; ; beats++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await call('POST', '/heartbeat');
    if (beats === 3) console.log('beating');
  }`;

describe('the page of an instance', () => {
  it('explains a client that was killed while it is open: stopped at once, unhealthy, removed', async () => {
    const { url, rootToken } = stage.registry;
    const instance = `${url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/killed/instances/killed-1`;
    const client = spawn(process.execPath, ['--input-type=module', '-e', CLIENT, instance, rootToken]);
    onTestFinished(() => void client.kill('SIGKILL'));
    await once(client.stdout, 'data');
    const tab = await stage.open(pathOf('killed', 'killed-1'));
    await verdict(tab, /It takes traffic/);
    await tab.isLive();
    client.kill('SIGKILL');
    await verdict(tab, /It is unhealthy: it has not renewed since/);
    await verdict(tab, /It stopped renewing at .* and was removed/);
    await verdict(tab, /it stopped at once: look for a crash, a kill or a cut network on 10\.0\.3\.17/);
    await tab.page.getByRole('img', { name: /killed-1: .*still trusted.*no traffic.*removed/ }).waitFor();
    const timeline = () => tab.page.locator('.tl').innerText();
    await expect
      .poll(timeline)
      .toMatch(/lease expired[\s\S]*Unhealthy[\s\S]*silent for[\s\S]*Registered again[\s\S]*Registered at/);
    await expect.poll(timeline).toContain('version 4.1.0 → 4.1.1');
  });

  it('follows a quarantine, and offers to lift it', async () => {
    const names = { service: 'sick', id: 'sick-1' };
    await stage.admin.registerInstance({ ...names, body: LASTING });
    const tab = await stage.open(pathOf('sick', 'sick-1'));
    await verdict(tab, /It takes traffic/);
    await tab.isLive();
    await stage.admin.putOverride({ ...names, body: { quarantine: { reason: 'bad disk' } } });
    await verdict(tab, /root quarantined it .* until it is lifted: “bad disk”/);
    await tab.page.locator('[data-acts]').getByRole('button', { name: /Lift/ }).waitFor();
    await stage.admin.clearOverride(names);
    await verdict(tab, /It takes traffic/);
    await tab.page.getByText('Quarantine lifted').waitFor();
  });

  it('leads from an instance that is gone to its service as it was', async () => {
    const names = { service: 'left', id: 'left-1' };
    await stage.admin.registerInstance({ ...names, body: LASTING });
    await stage.admin.deregisterInstance(names);
    const tab = await stage.open(pathOf('left', 'left-1'));
    await verdict(tab, /It was deregistered at .* by its own token, root/);
    await tab.page.getByRole('link', { name: /As of/ }).click();
    await expect.poll(() => tab.path).toMatch(/^\/public\/services\/DEFAULT_GROUP\/left\?at=/);
  });

  it('works for any id', async () => {
    for (const id of ['a/b', '100%', '%2F', 'ünï 中文', 'a?b#c', '"<b>&']) {
      await stage.admin.registerInstance({ service: 'odd', id, body: LASTING });
      const tab = await stage.open(pathOf('odd', id));
      await verdict(tab, /It takes traffic/);
      await expect.poll(() => tab.page.locator('h1').innerText()).toBe(id);
    }
  });

  it('says that an instance is unknown, and explains it once it registers', async () => {
    const tab = await stage.open(pathOf('later', 'later-1'));
    tab.expectProblems(/status of 404/);
    await tab.page.getByText('The registry knows no instance later-1').waitFor();
    await stage.admin.registerInstance({ service: 'later', id: 'later-1', body: LASTING });
    await verdict(tab, /It takes traffic/);
  });

  it('works with a token for its service alone', async () => {
    await stage.admin.registerInstance({ service: 'narrow', id: 'n-1', body: LASTING });
    const grants = [{ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@narrow'] } as const];
    const { token } = await stage.admin.createToken({
      body: { name: 'narrow', grants: grants.map((each) => ({ ...each, services: [...each.services] })) },
    });
    const tab = await stage.open(pathOf('narrow', 'n-1'), { token });
    await verdict(tab, /It takes traffic/);
    await tab.isLive();
    await tab.isSettled();
    expect(await tab.page.locator('[data-acts]').count()).toBe(0);
    await stage.admin.deregisterInstance({ service: 'narrow', id: 'n-1' });
    await verdict(tab, /It was deregistered/);
    await stage.admin.registerInstance({ service: 'narrow', id: 'n-1', body: LASTING });
    await verdict(tab, /It was gone for .* and came back/);
    await tab.follow(pathOf('other', 'o-1'));
    await tab.page.getByText('This needs the grant “read” on other').waitFor();
  });

  it('shows older history page by page', async () => {
    const names = { service: 'busy', id: 'busy-1' };
    for (let weight = 1; weight <= 30; weight++)
      await stage.admin.registerInstance({ ...names, body: { ...LASTING, weight } });
    const tab = await stage.open(pathOf('busy', 'busy-1'));
    await tab.page.getByRole('button', { name: 'Show more' }).click();
    await tab.page.getByText('Registered at 10.0.0.7:8080').waitFor();
    const listed = () => tab.page.locator('.tl > li').count();
    await expect.poll(listed).toBe(30);
    await tab.isLive();
    await stage.admin.patchInstance({ ...names, body: { weight: 50 } });
    await tab.page.getByText('weight 30 → 50').waitFor();
    await expect.poll(listed).toBe(31);
  });
});

it('the search finds an instance that is gone beyond the latest changes, and leads to its explanation', async () => {
  await stage.admin.registerInstance({ service: 'vanished', id: 'pod-7c9xk', body: LASTING });
  await stage.admin.deregisterInstance({ service: 'vanished', id: 'pod-7c9xk' });
  for (let weight = 1; weight <= 30; weight++)
    await stage.admin.registerInstance({ service: 'noise', id: 'noise-1', body: { ...LASTING, weight } });
  const tab = await stage.open('/public/services');
  await tab.isLive();
  await tab.page.getByRole('searchbox').fill('7c9x');
  await tab.page.getByRole('link', { name: /pod-7c9xk/ }).click();
  await verdict(tab, /It was deregistered/);
});
