import { type Browser, type BrowserContext, launchBrowser, type Page } from '../../test/programs/browser';
import { BenchServer } from '../bench-server';
import { BATCH_COUNT, NAMESPACE_PATH } from '../population';
import { ROOT_TOKEN } from '../program';
import { programsOf } from '../programs';
import { referenceInstance } from '../reference-instance';
import { Workspace } from '../workspace';

/** Instances of the large service, and number of services of the namespace. */
export const LARGE_COUNT = 10_000;

/** Service with many instances. */
export const LARGE_SERVICE = 'large';

/** Namespace with many services; the namespace `public` has the large one. */
export const WIDE_NAMESPACE = 'wide';

/** Longest time that a page may take for anything. */
const WAIT_MAX_MS = 60_000;

/** Pages of the console. */
export const PAGES = {
  instances: `/public/services/DEFAULT_GROUP/${LARGE_SERVICE}`,
  services: `/${WIDE_NAMESPACE}/services?sort=name`,
  few: '/public/services?sort=name',
} as const;

/** Returns the path of an instance in the namespace `public`. */
export const instancePath = (service: string, id: string): string =>
  `${NAMESPACE_PATH}/groups/DEFAULT_GROUP/services/${service}/instances/${id}`;

/** Body of a registration whose lease outlives the run. */
export const registration = (n: number, generation = 0): string =>
  JSON.stringify(referenceInstance(n, { generation, longLease: true }));

/** The registry with its population, and the browser that visits it. */
export class ConsoleBench {
  readonly server: BenchServer;
  readonly rounds: number;
  /** Prints progress. */
  readonly log: (line: string) => void;
  readonly #browser: Browser;

  private constructor(server: BenchServer, browser: Browser, rounds: number, log: (line: string) => void) {
    this.server = server;
    this.#browser = browser;
    this.rounds = rounds;
    this.log = log;
  }

  /** Starts the registry and the browser, and registers the instances. */
  static async start(rounds: number, log: (line: string) => void): Promise<ConsoleBench> {
    const workspace = new Workspace();
    const { registry } = await programsOf('deno', workspace.newFolder('programs'));
    const server = await BenchServer.start({ workspace, program: registry });
    const bench = new ConsoleBench(server, await launchBrowser(), rounds, log);
    await bench.#populate();
    return bench;
  }

  /** Version of the browser. */
  get chromium(): string {
    return this.#browser.version();
  }

  /** Opens a profile of its own, in which the console is signed in. */
  async newProfile(): Promise<BrowserContext> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    await context.addInitScript(`sessionStorage.setItem('rollcall-token', '${ROOT_TOKEN}')`);
    return context;
  }

  /** Opens a page of the console in a profile, and waits until it has its data and a connection. */
  async visit(context: BrowserContext, path: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${this.server.origin}/console${path}`);
    await page.locator('.live:not(.lost, .connecting)').waitFor();
    await page.locator('[role=table] .body .row').first().waitFor();
    return page;
  }

  /** Evaluates JavaScript in a page. @throws {Error} if its promise does not resolve. */
  async evaluate(page: Page, script: string, what: string): Promise<unknown> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`after ${WAIT_MAX_MS / 1_000} s: ${what}`)), WAIT_MAX_MS);
    return Promise.race([page.evaluate(script), late.promise]).finally(() => clearTimeout(timer));
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
  }

  async #populate(): Promise<void> {
    await this.server.must('POST', '/api/v1/ns', JSON.stringify({ id: WIDE_NAMESPACE }));
    for (let first = 0; first < LARGE_COUNT; first += BATCH_COUNT) {
      const numbers = [...Array(BATCH_COUNT)].map((_, index) => first + index);
      const id = (n: number) => String(n).padStart(5, '0');
      const operations = (serviceOf: (n: number) => string) =>
        JSON.stringify({
          operations: numbers.map((n) => ({
            op: 'register',
            service: serviceOf(n),
            id: `instance-${id(n)}`,
            ...referenceInstance(n, { longLease: true }),
          })),
        });
      await this.server.must(
        'POST',
        `${NAMESPACE_PATH}/batch`,
        operations(() => LARGE_SERVICE),
      );
      await this.server.must(
        'POST',
        `/api/v1/ns/${WIDE_NAMESPACE}/batch`,
        operations((n) => `service-${id(n)}`),
      );
    }
  }
}
