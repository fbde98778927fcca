import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../src/client/wire/directory-answers';
import { en } from '../../src/console/words/en';
import { zh } from '../../src/console/words/zh';
import { clientFile } from '../programs/browser';
import { ConsoleStage } from './console-stage';
import { PAGES, type Population, populate } from './population';
import type { Tab } from './tab';

/** Promises that hold on each page: accessibility, widths, languages, privacy, and no refused request. */

const stage = new ConsoleStage();
let population: Population;
beforeAll(async () => {
  population = await populate(stage.registry, 'shop');
});

const WIDTHS = [360, 720, 1_280, 2_560, 3_840];

/** Returns the paths of a result of axe at which it finds something serious or critical. */
const AXE = `axe.run().then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ' ' + failureSummary)))`;

/** Texts of a language that are not functions, at any depth. */
function* textsOf(words: object): Generator<string> {
  for (const value of Object.values(words)) {
    if (typeof value === 'string') yield value;
    else if (typeof value === 'object' && value !== null) yield* textsOf(value);
  }
}

/** English texts that are not also Chinese ones; each language is offered by its own name. */
const english = new Set(textsOf(en));
for (const text of [...textsOf(zh), en.language]) english.delete(text);

/** Returns the texts of a page: those of its nodes and of the attributes that people read or hear. */
const TEXTS = `(() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode.data.trim());
  for (const name of ['aria-label', 'title', 'placeholder'])
    for (const element of document.querySelectorAll('[' + name + ']')) texts.push(element.getAttribute(name));
  return texts;
})()`;

const openPage = async (name: string, options: Parameters<ConsoleStage['open']>[1] = {}): Promise<Tab> => {
  const tab = await stage.open(PAGES[name]?.(population) ?? '', options);
  await tab.isSettled();
  return tab;
};

describe.each(Object.keys(PAGES))('the page %s', (name) => {
  it('has nothing that axe finds serious, in both themes, and scrolls in one direction at any width', async () => {
    const tab = await openPage(name);
    await tab.page.evaluate(`${readFileSync(clientFile('axe-core/axe.min.js'), 'utf8')};0`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.page.emulateMedia({ colorScheme });
      expect(await tab.page.evaluate(AXE), colorScheme).toEqual([]);
    }
    for (const width of WIDTHS) {
      await tab.page.setViewportSize({ width, height: 900 });
      await tab.isSettled();
      expect(await tab.number('document.documentElement.scrollWidth'), `of ${width} pixels`).toBeLessThanOrEqual(width);
    }
  });

  it('is in Chinese for a Chinese browser', async () => {
    const tab = await openPage(name, { language: 'zh' });
    expect(await tab.text('document.documentElement.lang')).toBe('zh-Hans');
    const texts = (await tab.page.evaluate(TEXTS)) as string[]; // `as`: see TEXTS
    expect(texts.filter((text) => english.has(text))).toEqual([]);
    expect(texts.join('')).toMatch(/\p{Script=Han}/u);
  });
});

it('the language can be changed, and stays after a reload', async () => {
  const tab = await openPage('services');
  await tab.page.locator('summary').click();
  await tab.page.getByRole('button', { name: '中文' }).click();
  await tab.page.getByRole('heading', { name: zh.services.title }).first().waitFor();
  await tab.page.reload();
  await tab.page.getByRole('heading', { name: zh.services.title }).first().waitFor();
  expect(await tab.text('document.documentElement.lang')).toBe('zh-Hans');
});

it('the token is in no address, in no text of a page, in no storage that was not asked for, and in no line of the log', async () => {
  const token = stage.registry.rootToken;
  const tab = await stage.open('/', { token: null });
  await tab.page.getByLabel('Token').fill(token);
  await tab.page.getByRole('button', { name: 'Sign in' }).click();
  await tab.isSettled();
  for (const path of Object.values(PAGES)) {
    await tab.follow(path(population));
    await tab.isSettled();
    expect(await tab.text('document.documentElement.outerHTML')).not.toContain(token);
  }
  expect(await tab.text('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain(token);
  expect(tab.sockets.length).toBeGreaterThan(0);
  expect(tab.requests.filter((url) => url.includes(token))).toEqual([]);
  expect(stage.printed.some((line) => line.includes('/console'))).toBe(true);
  expect(stage.printed.filter((line) => line.includes(token))).toEqual([]);
});

it('the keyboard alone signs in, finds a service and opens it', async () => {
  const tab = await stage.open('/shop/services', { token: null });
  const { keyboard } = tab.page;
  /** Presses Tab until the focus is on an element that matches. */
  const tabTo = async (selector: string) => {
    await keyboard.press('Tab');
    while (!(await tab.page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)))
      await keyboard.press('Tab');
  };
  await tab.page.getByLabel('Token').waitFor();
  await tabTo('[name=token]');
  await keyboard.type(stage.registry.rootToken);
  await keyboard.press('Enter');
  await tab.row('orders').waitFor();
  await tabTo('[data-find]');
  await keyboard.type('orders');
  await expect.poll(() => tab.rowsMounted()).toBe(1);
  await tabTo('.rows .row a');
  await keyboard.press('Enter');
  await expect.poll(() => tab.path).toBe('/shop/services/DEFAULT_GROUP/orders');
});

const SCOPES: Record<string, Grant[]> = {
  read: [{ scope: 'read', ns: 'shop' }],
  'read on one service': [{ scope: 'read', ns: 'shop', services: ['DEFAULT_GROUP@@orders'] }],
  register: [{ scope: 'register', ns: 'shop' }],
  operate: [{ scope: 'operate', ns: 'shop' }],
  admin: [{ scope: 'admin', ns: 'shop' }],
  metrics: [{ scope: 'metrics', ns: '*' }],
};

describe.each(Object.entries(SCOPES))('a token with %s', (name, grants) => {
  it('sees every page without a refused request', async () => {
    const { token } = await stage.admin.createToken({ body: { name, grants } });
    const tab = await stage.open('/', { token });
    await tab.isSettled();
    for (const path of Object.values(PAGES)) {
      await tab.follow(path(population));
      await tab.isSettled();
      expect(tab.refused, path(population)).toEqual([]);
    }
  });
});
