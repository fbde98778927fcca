/**
 * Takes the pictures of `docs/console/`: `npm run console:pictures`.
 *
 * It starts a registry of its own, fills it with services in trouble, acts on them, and opens each page in Debian's Chromium:
 * in both themes and both languages at a width of 1280 pixels, and light and in English at 360. Needs the Debian packages
 * `chromium` and, for Chinese, `fonts-wqy-microhei`; and `npm ci --prefix test/clients`.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../src/launcher/start-registry';
import { PAGES, type Population, populate } from '../test/console/population';
import { type Browser, launchBrowser, type Page } from '../test/programs/browser';
import { withPalette } from './palette-png';

const FOLDER = 'docs/console';

/** Most that all pictures may weigh together. */
const SIZE_MAX_BYTES = 3_000_000;

/** One series of pictures. */
interface Series {
  width: number;
  height: number;
  theme: 'light' | 'dark';
  language: 'en' | 'zh';
}

const SERIES: readonly Series[] = [
  { width: 1280, height: 800, theme: 'light', language: 'en' },
  { width: 1280, height: 800, theme: 'dark', language: 'en' },
  { width: 1280, height: 800, theme: 'light', language: 'zh' },
  { width: 1280, height: 800, theme: 'dark', language: 'zh' },
  { width: 360, height: 760, theme: 'light', language: 'en' },
];

/** Waits until a page has its data: nothing loads, and nothing has changed for a moment. */
async function settled(page: Page): Promise<void> {
  await page.locator('main').first().waitFor();
  const look = () => page.evaluate(`document.querySelector('.skeleton') ? '' : document.body.innerText`);
  for (let last = ''; ; ) {
    await new Promise((wake) => setTimeout(wake, 400));
    const text = String(await look());
    if (text !== '' && text === last) return;
    last = text;
  }
}

async function takeSeries(browser: Browser, origin: string, token: string, population: Population, series: Series) {
  const { width, height, theme, language } = series;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
  });
  const page = await context.newPage();
  const take = async (name: string) => {
    await settled(page);
    const picture = withPalette(Buffer.from(await page.screenshot({})));
    writeFileSync(join(FOLDER, `${name}-${width}-${theme}-${language}.png`), picture);
  };
  await page.goto(`${origin}/console/`);
  await take('sign-in');
  await context.addInitScript(`sessionStorage.setItem('rollcall-token', '${token}')`);
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(`${origin}/console${path(population)}`);
    await take(name);
  }
  await context.close();
}

async function main(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'rollcall-pictures-'));
  const registry = await startRegistry({ data });
  const browser = await launchBrowser();
  try {
    const population = await populate(registry, 'shop');
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    for (const series of SERIES) await takeSeries(browser, registry.url, registry.rootToken, population, series);
  } finally {
    await browser.close();
    await registry.stop();
    rmSync(data, { recursive: true, force: true });
  }
  const pictures = readdirSync(FOLDER).map((name) => join(FOLDER, name));
  const bytes = pictures.reduce((sum, path) => sum + statSync(path).size, 0);
  console.log(`${pictures.length} pictures, ${(bytes / 1_000_000).toFixed(2)} MB`);
  if (bytes > SIZE_MAX_BYTES) throw new Error(`the pictures weigh more than ${SIZE_MAX_BYTES / 1_000_000} MB`);
}

await main();
process.exit();
