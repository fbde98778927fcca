import { expect } from 'vitest';
import type { BrowserContext, DebuggingSession, Locator, Page, PageRequest } from '../programs/browser';

/** Reports violations of the policy, also those that Chromium only reports to the page. */
const REPORT_VIOLATIONS = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  console.error('policy violation: ' + violatedDirective + ' ' + blockedURI))`;

/** Time after which a request without an end counts as over. */
const LOST_AFTER_MS = 20_000;

/** Longer than the pause between two updates of a page, which is 50 ms. */
const UPDATED_MS = 60;

/** Longer than the time after which a page that has nothing to show yet shows that it loads, which is 150 ms. */
const LATE_MS = 180;

/** Waits, within a page, for its effects, which follow a frame, for a time, and for what follows then. */
const drawn = (ms: number) => `new Promise((drawn) => {
  const next = (act, ms) => requestAnimationFrame(() => setTimeout(act, ms));
  next(() => next(drawn, 0), ${ms});
})`;

/** Matches elements that a page shows only while it loads. */
const LOADING = '.skeleton, .live.connecting, [aria-busy=true]';

/** A tab with the console, in a profile of its own. It records each problem of the page, and fails its test with them. */
export class Tab {
  readonly page: Page;
  /** Addresses of all requests, sockets included. */
  readonly requests: string[] = [];
  /** Addresses of the sockets that the page has opened. */
  readonly sockets: string[] = [];
  /** Responses with an error, such as `403 /api/v1/ns`. */
  readonly refused: string[] = [];
  readonly #context: BrowserContext;
  readonly #origin: string;
  readonly #pending = new Set<PageRequest>();
  #requestedAt = 0;
  readonly #problems: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(page: Page, context: BrowserContext, origin: string) {
    this.page = page;
    this.#context = context;
    this.#origin = origin;
    page.on('pageerror', (error) => this.#problems.push(`page error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      this.#problems.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('request', (request) => {
      this.#request(request.url());
      this.#pending.add(request);
      this.#requestedAt = performance.now();
    });
    page.on('requestfinished', (request) => this.#pending.delete(request));
    page.on('requestfailed', (request) => this.#pending.delete(request));
    page.on('websocket', (socket) => {
      this.sockets.push(socket.url());
      this.#request(socket.url());
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.refused.push(`${response.status()} ${new URL(response.url()).pathname}`);
    });
  }

  /** Opens an empty tab. @param origin The only origin that the page may call. */
  static async open(context: BrowserContext, origin: string): Promise<Tab> {
    await context.addInitScript(REPORT_VIOLATIONS);
    return new Tab(await context.newPage(), context, origin);
  }

  /** Expects problems that match a pattern: they fail the test no more. */
  expectProblems(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  /** Opens a page of the console. */
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.#origin}/console${path}`);
  }

  /** Path of the console's address, with its query and fragment. */
  get path(): string {
    return this.page.url().slice(`${this.#origin}/console`.length);
  }

  /** Goes to a page of the console as a click on a link does. */
  async follow(path: string): Promise<void> {
    await this.page.evaluate(`history.pushState(null, '', ${JSON.stringify(`/console${path}`)})`);
  }

  /** Reloads the page once it has settled: Chromium reports a socket that closes while it opens as a problem. */
  async reload(): Promise<void> {
    await this.isSettled();
    await this.page.reload();
  }

  /** Returns the text of the element that has the focus. */
  focused(): Promise<string> {
    return this.text('document.activeElement.textContent');
  }

  /** Evaluates JavaScript whose value is a text. */
  async text(script: string): Promise<string> {
    return String(await this.page.evaluate(script));
  }

  /** Evaluates JavaScript whose value is a number. */
  async number(script: string): Promise<number> {
    return Number(await this.page.evaluate(script));
  }

  /** A row of a table, by a part of its text. */
  row(text: string | RegExp): Locator {
    return this.page.getByRole('row', { name: text });
  }

  /** Waits until the page has a connection whose data are current. */
  async isLive(): Promise<void> {
    await this.page.locator('.live:not(.lost, .connecting)').waitFor();
  }

  /** Waits until the page shows that its connection is lost. */
  async isLost(): Promise<void> {
    await this.page.locator('.live.lost').waitFor();
  }

  /** Waits until the page has drawn what the last input has led to, except for what it reads from the registry. */
  async isDrawn(): Promise<void> {
    await this.page.evaluate(drawn(UPDATED_MS));
  }

  /** Waits until the page has read its data and drawn them. */
  async isSettled(): Promise<void> {
    await this.page.locator('main').first().waitFor();
    const unsettled = async () => {
      // Of some requests, as when a page aborts them, the browser does not report the end.
      if (performance.now() > this.#requestedAt + LOST_AFTER_MS) this.#pending.clear();
      const pending = () => [...this.#pending].map((request) => request.url());
      if (this.#pending.size > 0) return pending();
      await this.page.evaluate(drawn(LATE_MS));
      const loading = await this.page.locator(LOADING).allInnerTexts();
      return [...pending(), ...loading.map((text) => `loading: ${text}`)];
    };
    await expect.poll(unsettled).toEqual([]);
  }

  /** Number of rows of the table that are in the document. */
  rowsMounted(): Promise<number> {
    return this.number(`document.querySelectorAll('.rows .body .row').length`);
  }

  /** Opens a session of the debugging protocol. */
  debug(): Promise<DebuggingSession> {
    return this.#context.newCDPSession(this.page);
  }

  /** Checks that nothing unexpected has happened, and closes the tab. */
  async end(): Promise<void> {
    await this.#context.close();
    expect(this.#problems.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)))).toEqual([]);
  }

  #request(url: string): void {
    this.requests.push(url);
    const { protocol, host } = new URL(url);
    const isOwn = host === new URL(this.#origin).host || protocol === 'data:' || protocol === 'blob:';
    if (!isOwn) this.#problems.push(`request to another origin: ${url}`);
  }
}
