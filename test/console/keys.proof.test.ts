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

const focused = (tab: Tab) => tab.text(`document.activeElement.textContent`);
const press = async (tab: Tab, ...keys: string[]) => {
  for (const key of keys) await tab.page.keyboard.press(key);
};

describe('a key', () => {
  it('moves among rows, beyond those that are mounted, and opens one', async () => {
    const tab = await listOf(200);
    await press(tab, 'j');
    expect(await focused(tab)).toBe('s000');
    for (let index = 1; index <= 120; index++) {
      await press(tab, 'j');
      await expect.poll(() => focused(tab)).toBe(`s${String(index).padStart(3, '0')}`);
      await tab.number('new Promise((resolve) => requestAnimationFrame(resolve))');
    }
    await press(tab, 'k');
    expect(await focused(tab)).toBe('s119');
    await press(tab, 'Enter');
    await expect.poll(() => tab.path).toBe('/public/services/DEFAULT_GROUP/s119');
  });

  it('leads to the search and from there to what it finds, and is text within it', async () => {
    const tab = await listOf(20);
    await press(tab, '/', 's', '0', '1', '5');
    expect(await tab.text(`document.querySelector('[data-find]').value`)).toBe('s015');
    await tab.row('s014').waitFor({ state: 'hidden' });
    await press(tab, 'Enter');
    await expect.poll(() => focused(tab)).toBe('s015');
  });

  it('opens the acts of an instance, and closes them', async () => {
    await listOf(1);
    const tab = await stage.open('/public/services/DEFAULT_GROUP/s000/instances/i');
    const menu = tab.page.locator('[data-acts] details');
    await menu.waitFor();
    await press(tab, '.');
    await expect.poll(() => menu.getAttribute('open')).not.toBeNull();
    await press(tab, 'Escape');
    await expect.poll(() => menu.getAttribute('open')).toBeNull();
  });

  it('does nothing together with Control, or once the keys are turned off, which lasts', async () => {
    const tab = await listOf(5);
    await press(tab, 'Control+j');
    expect(await focused(tab)).not.toBe('s000');
    await press(tab, '?');
    await tab.page.getByRole('switch', { name: 'Single keys are on' }).click();
    await press(tab, 'Escape', 'j');
    expect(await focused(tab)).not.toBe('s000');
    await tab.page.reload();
    await tab.row('s000').waitFor();
    await press(tab, 'j', '?');
    expect(await tab.page.getByRole('dialog').count()).toBe(0);
    await tab.page.locator('summary').click();
    await tab.page.getByRole('button', { name: 'Keyboard' }).click();
    await tab.page.getByRole('switch', { name: 'Single keys are on' }).click();
    await press(tab, 'Escape', 'Escape', 'j');
    expect(await focused(tab)).toBe('s000');
  });
});
