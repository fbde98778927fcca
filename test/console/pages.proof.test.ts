import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../src/client/wire/access-answers';
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

/** Widths of screens. Chinese texts are shorter than English ones, but not all of them. */
const WIDTHS = { en: [360, 720, 1_280, 2_560, 3_840], zh: [360, 720] } as const;

/** Returns the widths at which a page must be scrolled sideways. */
async function tooWide(tab: Tab, widths: readonly number[]): Promise<string[]> {
  const problems: string[] = [];
  for (const width of widths) {
    await tab.page.setViewportSize({ width, height: 300 });
    await tab.isDrawn();
    const needed = await tab.number('document.documentElement.scrollWidth');
    if (needed > width) problems.push(`needs ${needed} of ${width} pixels`);
  }
  return problems;
}

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

/** Fields and values of records, which are not translated. */
const RECORDED = ['up', 'draining', 'quarantined', 'available'];

/** English texts that are not also Chinese ones; each language is offered by its own name. */
const english = new Set(textsOf(en));
for (const text of [...textsOf(zh), en.language, ...RECORDED]) english.delete(text);

/** Returns the texts of a page: those of its nodes and of the attributes that people read or hear. */
const TEXTS = `(() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode.data.trim());
  for (const name of ['aria-label', 'title', 'placeholder'])
    for (const element of document.querySelectorAll('[' + name + ']')) texts.push(element.getAttribute(name));
  return texts;
})()`;

/** Headings of the pages in English. */
const HEADINGS: Record<keyof typeof PAGES, string> = {
  namespaces: 'Namespaces',
  services: 'Services',
  service: 'orders',
  subscribers: 'orders',
  definition: 'orders',
  past: 'orders',
  instance: 'orders-4',
  why: 'orders-7c9',
  diff: 'Two moments of orders',
  entries: 'config/',
  entry: 'config/features.json',
  held: 'locks/orders/1',
  history: 'History',
  tokens: 'Access',
  audit: 'Access',
  settings: 'shop',
};

/** Goes through all pages in one tab, and returns the problems that `problemsOf` finds, after the name of their page. */
async function problemsOnPages(tab: Tab, problemsOf: (name: string) => Promise<readonly unknown[]>): Promise<string[]> {
  const problems: string[] = [];
  for (const [name, path] of Object.entries(PAGES)) {
    await tab.follow(path(population));
    await tab.isSettled();
    const shown = await tab.page.locator('main [role=alert]').allInnerTexts();
    problems.push(...shown.map((text) => `${name}: ${text}`));
    problems.push(...(await problemsOf(name)).map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

describe('each page', () => {
  it('has nothing that axe finds serious, in both themes', async () => {
    const tab = await stage.open('/');
    await tab.page.evaluate(`${readFileSync(clientFile('axe-core/axe.min.js'), 'utf8')};0`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.page.emulateMedia({ colorScheme });
      const found = problemsOnPages(tab, async (name) => {
        await expect.poll(() => tab.text(`document.querySelector('h1')?.textContent`)).toContain(HEADINGS[name]);
        return (await tab.page.evaluate(AXE)) as string[]; // `as`: see AXE
      });
      expect(await found, colorScheme).toEqual([]);
    }
  });

  it('scrolls in one direction at any width', async () => {
    const tab = await stage.open('/', { viewport: { width: 720, height: 300 } });
    expect(await problemsOnPages(tab, () => tooWide(tab, WIDTHS.en))).toEqual([]);
  });

  it('is in Chinese for a Chinese browser, and scrolls in one direction there', async () => {
    const tab = await stage.open('/', { language: 'zh' });
    const problems = problemsOnPages(tab, async () => {
      // All rows of a common screen, which a narrow one lacks.
      await tab.page.setViewportSize({ width: 1_280, height: 800 });
      await tab.isDrawn();
      const texts = (await tab.page.evaluate(TEXTS)) as string[]; // `as`: see TEXTS
      return [...texts.filter((text) => english.has(text)), ...(await tooWide(tab, WIDTHS.zh))];
    });
    expect(await problems).toEqual([]);
    await expect.poll(() => tab.text('document.documentElement.lang')).toBe('zh-Hans');
  });
});

it('the language can be changed, and stays after a reload', async () => {
  const tab = await stage.open('/shop/services');
  await tab.page.locator('summary').click();
  await tab.page.getByRole('button', { name: '中文' }).click();
  await tab.page.getByRole('heading', { name: zh.titles.services }).first().waitFor();
  await tab.reload();
  await tab.page.getByRole('heading', { name: zh.titles.services }).first().waitFor();
  await expect.poll(() => tab.text('document.documentElement.lang')).toBe('zh-Hans');
});

it('the token is in no address, in no text of a page, in no storage that was not asked for, and in no line of the log', async () => {
  const token = stage.registry.rootToken;
  const tab = await stage.open('/', { token: null });
  await tab.page.getByLabel('Token').fill(token);
  await tab.page.getByRole('button', { name: 'Sign in' }).click();
  await tab.page.getByRole('heading', { name: 'Namespaces' }).waitFor();
  for (const [name, path] of Object.entries(PAGES)) {
    await tab.follow(path(population));
    await expect.poll(() => tab.text(`document.querySelector('h1')?.textContent`)).toContain(HEADINGS[name]);
    await tab.isSettled();
    expect(await tab.text('document.documentElement.outerHTML')).not.toContain(token);
  }
  expect(await tab.text('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain(token);
  await expect.poll(() => tab.sockets.length).toBeGreaterThan(0);
  expect(tab.requests.filter((url) => url.includes(token))).toEqual([]);
  await expect.poll(() => stage.printed.some((line) => line.includes('/console'))).toBe(true);
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
  'read on some keys': [{ scope: 'read', ns: 'shop', keys: ['config/*'] }],
};

describe.each(Object.entries(SCOPES))('a token with %s', (name, grants) => {
  it('sees every page without a refused request', async () => {
    const { token } = await stage.admin.createToken({ body: { name, grants } });
    const tab = await stage.open('/', { token, viewport: { width: 720, height: 300 } });
    await tab.isSettled();
    expect(await problemsOnPages(tab, async () => tab.refused.splice(0))).toEqual([]);
  });
});
