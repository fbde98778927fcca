import { describe, expect, it } from 'vitest';
import { ConsoleStage } from './console-stage';
import { LASTING } from './service-rows';
import type { Tab } from './tab';

/** Single keys that operate the console. */

const stage = new ConsoleStage();

/** Registers services s000, s001 and so on, and opens the list of them, sorted by name. */
async function listOf(count: number): Promise<Tab> {
  const operations = Array.from({ length: count }, (_, index) => ({
    op: 'register' as const,
    service: `s${String(index).padStart(3, '0')}`,
    id: 'i',
    ...LASTING,
  }));
  await stage.admin.applyBatch({ body: { operations } });
  const tab = await stage.open('/public/services?sort=name');
  await tab.row('s000').waitFor();
  return tab;
}

const press = async (tab: Tab, ...keys: string[]) => {
  for (const key of keys) await tab.page.keyboard.press(key);
};
/** Presses keys faster than the page can draw what each of them leads to. */
const pressAtOnce = (tab: Tab, ...keys: string[]) => Promise.all(keys.map((key) => tab.page.keyboard.press(key)));

describe('a key', () => {
  it('moves among rows, beyond those that are mounted, and opens one', async () => {
    const tab = await listOf(200);
    await press(tab, 'j');
    await expect.poll(() => tab.focused()).toBe('s000');
    for (let index = 1; index <= 120; index++) {
      const name = `s${String(index).padStart(3, '0')}`;
      // The rows beyond those in sight are mounted once the page has scrolled.
      await tab.row(name).waitFor();
      await press(tab, 'j');
      await expect.poll(() => tab.focused()).toBe(name);
    }
    await press(tab, 'k');
    await expect.poll(() => tab.focused()).toBe('s119');
    await press(tab, 'Enter');
    await expect.poll(() => tab.path).toBe('/public/services/DEFAULT_GROUP/s119');
  });

  it('leads to the search and from there to what it finds, and is text within it', async () => {
    const tab = await listOf(20);
    await press(tab, '/', 's', '0', '1', '5');
    await expect.poll(() => tab.page.locator('[data-find]').inputValue()).toBe('s015');
    await tab.row('s014').waitFor({ state: 'hidden' });
    await tab.row('s015').waitFor();
    await press(tab, 'Enter');
    await expect.poll(() => tab.focused()).toBe('s015');
  });

  it('opens the acts of an instance, and closes them', async () => {
    await listOf(1);
    const tab = await stage.open('/public/services/DEFAULT_GROUP/s000/instances/i');
    const menu = tab.page.locator('[data-acts] details');
    await menu.waitFor();
    await tab.isSettled();
    await press(tab, '.');
    await expect.poll(() => menu.getAttribute('open')).not.toBeNull();
    await press(tab, 'Escape');
    await expect.poll(() => menu.getAttribute('open')).toBeNull();
  });

  it('does nothing together with Control, or once the keys are turned off, which lasts', async () => {
    const tab = await listOf(5);
    const isOn = tab.page.getByRole('switch', { name: 'Single keys are on' });
    await press(tab, 'Control+j', 'j');
    // The first row: only the second of the keys had an effect.
    await expect.poll(() => tab.focused()).toBe('s000');
    await press(tab, '?');
    await isOn.click();
    await expect.poll(() => isOn.getAttribute('aria-checked')).toBe('false');
    await press(tab, 'Escape');
    await isOn.waitFor({ state: 'detached' });
    await expect.poll(() => tab.focused()).toBe('s000');
    await press(tab, 'j', '?');
    await tab.isDrawn();
    expect(await tab.focused()).toBe('s000');
    expect(await isOn.count()).toBe(0);

    await tab.reload();
    await tab.row('s000').waitFor();
    await press(tab, 'j', '?');
    await tab.isDrawn();
    expect(await tab.focused()).not.toBe('s000');
    expect(await isOn.count()).toBe(0);
    await tab.page.locator('summary').click();
    await tab.page.getByRole('button', { name: 'Keyboard' }).click();
    await isOn.click();
    await expect.poll(() => isOn.getAttribute('aria-checked')).toBe('true');
    await press(tab, 'Escape');
    await isOn.waitFor({ state: 'detached' });
    await press(tab, 'j');
    await expect.poll(() => tab.focused()).toBe('s000');
  });

  it('has its effect also right before a dialog has opened, and right after it has closed', async () => {
    const tab = await listOf(5);
    await pressAtOnce(tab, 'j', '?', 'Escape', 'j');
    await expect.poll(() => tab.focused()).toBe('s001');
    await tab.page.locator('summary').click();
    await tab.page.getByRole('button', { name: 'Keyboard' }).click();
    await tab.page.getByRole('dialog').waitFor();
    await pressAtOnce(tab, 'Escape', 'j');
    await expect.poll(() => tab.focused()).toBe('s000');
  });

  it('closes a dialog that a menu has opened, with the focus on the menu', async () => {
    const tab = await listOf(1);
    await tab.page.locator('summary').click();
    await tab.page.getByRole('button', { name: 'Keyboard' }).click();
    await tab.page.getByRole('dialog').waitFor();
    await press(tab, 'Escape');
    await expect.poll(() => tab.text('document.activeElement.tagName')).toBe('SUMMARY');
    await press(tab, 'Enter');
    await tab.page.getByRole('button', { name: 'Keyboard' }).waitFor();
  });
});
