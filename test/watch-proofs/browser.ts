import { createRequire } from 'node:module';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';

/** The part of playwright-core in use, whose own types are missing until it is installed. */
interface Playwright {
  chromium: { launch(options: object): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }> };
}

/** A page in a browser. */
export interface Page {
  goto(url: string): Promise<unknown>;
  /** Evaluates JavaScript in the page, and returns its value. */
  evaluate(script: string): Promise<unknown>;
}

/** No display, and no requests to the internet. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a page in Debian's Chromium with a separate profile; it is closed with the test. */
export async function openPage(): Promise<Page> {
  const clients = createRequire(join(PROJECT_ROOT, 'test/clients/package.json'));
  const { chromium } = clients('playwright-core') as Playwright; // `as`: see Playwright
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  onTestFinished(() => browser.close());
  return browser.newPage();
}
