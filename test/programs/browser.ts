import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/**
 * The part of playwright-core in use. Its own types are missing until `test/clients` is installed, which only
 * `npm run test:ci` does.
 */

/** Elements of a page that match a selector; actions wait until there is exactly one. */
export interface Locator {
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  focus(): Promise<void>;
  hover(): Promise<void>;
  check(): Promise<void>;
  uncheck(): Promise<void>;
  inputValue(): Promise<string>;
  selectOption(value: string): Promise<unknown>;
  waitFor(options?: { state?: 'visible' | 'hidden' | 'detached' }): Promise<void>;
  count(): Promise<number>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  isVisible(): Promise<boolean>;
  isEnabled(): Promise<boolean>;
  first(): Locator;
  nth(index: number): Locator;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { name?: string | RegExp; exact?: boolean }): Locator;
  getByLabel(text: string | RegExp): Locator;
  getByText(text: string | RegExp): Locator;
}

/** A request of a page. */
export interface PageRequest {
  url(): string;
  headers(): Record<string, string>;
}

/** A request that a test answers itself. */
export interface Route {
  fulfill(answer: { status?: number; body?: string }): Promise<void>;
  /** Sends the request as it is. */
  continue(): Promise<void>;
}

/** A session of the browser's debugging protocol. */
export interface DebuggingSession {
  send(method: string, params?: object): Promise<unknown>;
  detach(): Promise<void>;
}

/** A tab. */
export interface Page {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  bringToFront(): Promise<void>;
  goBack(): Promise<unknown>;
  url(): string;
  /** Evaluates JavaScript in the page, and returns its value. */
  evaluate(script: string): Promise<unknown>;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { name?: string | RegExp; exact?: boolean }): Locator;
  getByLabel(text: string | RegExp): Locator;
  getByText(text: string | RegExp): Locator;
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  mouse: { move(x: number, y: number): Promise<void>; wheel(x: number, y: number): Promise<void> };
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(options: { colorScheme?: 'light' | 'dark' }): Promise<void>;
  screenshot(options: { path?: string; fullPage?: boolean }): Promise<Uint8Array>;
  route(url: string, answer: (route: Route) => unknown): Promise<void>;
  on(event: 'pageerror', act: (error: Error) => void): void;
  on(event: 'console', act: (message: { type(): string; text(): string; location(): { url: string } }) => void): void;
  on(event: 'request' | 'requestfinished' | 'requestfailed', act: (request: PageRequest) => void): void;
  on(event: 'response', act: (response: { url(): string; status(): number }) => void): void;
  on(event: 'websocket', act: (socket: { url(): string }) => void): void;
}

/** Options of a context. */
export interface ContextOptions {
  viewport?: { width: number; height: number };
  colorScheme?: 'light' | 'dark';
  locale?: string;
  timezoneId?: string;
}

/** A profile of its own: storage and cache are empty. */
export interface BrowserContext {
  newPage(): Promise<Page>;
  /** Sets how long actions wait for their elements. */
  setDefaultTimeout(ms: number): void;
  /** Adds a script that runs in each page before its own. */
  addInitScript(script: string): Promise<void>;
  newCDPSession(page: Page): Promise<DebuggingSession>;
  pages(): Page[];
  close(): Promise<void>;
}

export interface Browser {
  newContext(options?: ContextOptions): Promise<BrowserContext>;
  newPage(): Promise<Page>;
  version(): string;
  close(): Promise<void>;
}

interface Playwright {
  chromium: { launch(options: object): Promise<Browser> };
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

/** Resolves packages that only `test/clients` has, in the project's folder, in which all of its programs run. */
const clients = createRequire(resolve('test/clients/package.json'));

/** Returns the path of a file of a package in `test/clients`. */
export const clientFile = (name: string): string => clients.resolve(name);

/**
 * Starts Debian's Chromium with an empty profile.
 *
 * @throws {Error} if playwright-core is not installed.
 */
export async function launchBrowser(): Promise<Browser> {
  let playwright: Playwright;
  try {
    playwright = clients('playwright-core') as Playwright; // `as`: see Playwright
  } catch (cause) {
    throw new Error('playwright-core is missing: run npm ci --prefix test/clients', { cause });
  }
  return playwright.chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
}
