import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type Admin, rollcallAdmin } from '../../src/client/admin';
import { type Browser, type ContextOptions, launchBrowser } from '../programs/browser';
import { type Host, startOn } from '../programs/host';
import type { RunningRegistry } from '../programs/registry';
import { temporaryFolder, temporaryFolderOfFile } from '../programs/temporary-folder';
import { Tab } from './tab';

/** Longest wait of an action for its element: a busy machine is slow, not wrong. */
const ACTION_TIMEOUT_MS = 120_000;

/** Options of a tab. */
export interface TabOptions extends ContextOptions {
  /** Signs in with this token; null: none, and the page asks for one. Default: the root token. */
  token?: string | null;
  /** Default: English. */
  language?: 'en' | 'zh';
  /** Default: the stage's registry. */
  at?: RunningRegistry;
}

/** A registry and a browser for all tests of a file, and a tab with an empty profile for each that opens one. */
export class ConsoleStage {
  /** Lines that the registry has printed, at the level `info`. */
  readonly printed: string[] = [];
  #registry: RunningRegistry | undefined;
  #browser: Browser | undefined;

  /** Starts a stage before the tests of a file. @param host Default: the resident host. */
  constructor(host: Host = 'resident') {
    const data = join(temporaryFolderOfFile(), 'data');
    const output = (line: string) => void this.printed.push(line);
    beforeAll(async () => {
      [this.#registry, this.#browser] = await Promise.all([
        startOn(host, { data, logLevel: 'info', output }),
        launchBrowser(),
      ]);
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#registry?.stop();
    });
  }

  /** The running registry. */
  get registry(): RunningRegistry {
    if (this.#registry === undefined) throw new Error('the registry runs while tests do');
    return this.#registry;
  }

  /** Calls the registry with the root token. */
  get admin(): Admin {
    return adminOf(this.registry);
  }

  /** Starts another registry for the running test, which may kill it. */
  async startOwnRegistry(): Promise<MortalRegistry> {
    const registry = await MortalRegistry.start(join(temporaryFolder(), 'data'));
    onTestFinished(() => registry.end());
    return registry;
  }

  /** Opens a page of the console in a profile of its own. The test fails with all problems of the page. */
  async open(path: string, options: TabOptions = {}): Promise<Tab> {
    const { at = this.registry, token = at.rootToken, language = 'en', ...rest } = options;
    if (this.#browser === undefined) throw new Error('the browser runs while tests do');
    const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
    const context = await this.#browser.newContext({ locale, viewport: { width: 1280, height: 800 }, ...rest });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    const tab = await Tab.open(context, at.url);
    onTestFinished(() => tab.end());
    if (token !== null) await context.addInitScript(`sessionStorage.setItem('rollcall-token', '${token}')`);
    await tab.go(path);
    return tab;
  }
}

/** Calls a registry with its root token. */
export const adminOf = ({ url, rootToken }: Pick<RunningRegistry, 'url' | 'rootToken'>): Admin =>
  rollcallAdmin({ url, token: rootToken });

/** A registry that a test may kill and start again on the same port and data. */
export class MortalRegistry {
  readonly #data: string;
  #running: RunningRegistry;
  #isUp = true;

  private constructor(data: string, running: RunningRegistry) {
    this.#data = data;
    this.#running = running;
  }

  static async start(data: string): Promise<MortalRegistry> {
    return new MortalRegistry(data, await startOn('resident', { data }));
  }

  /** The registry as it was started last. */
  get running(): RunningRegistry {
    return this.#running;
  }

  get admin(): Admin {
    return adminOf(this.#running);
  }

  /** Kills the process. Nothing starts it again. */
  async kill(): Promise<void> {
    process.kill(this.#running.pid, 'SIGKILL');
    this.#isUp = false;
    await this.#running.stop();
  }

  /** Freezes the process: its connections stay open, and nothing answers. */
  freeze(): void {
    process.kill(this.#running.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#running.pid, 'SIGCONT');
  }

  /** Starts the registry again. @param isEmpty True to forget all of its data but the root token. */
  async restart({ isEmpty = false } = {}): Promise<void> {
    const { url, rootToken } = this.#running;
    if (isEmpty) rmSync(this.#data, { recursive: true, force: true });
    const options = isEmpty ? { rootToken } : {};
    this.#running = await startOn('resident', { data: this.#data, port: Number(new URL(url).port), ...options });
    this.#isUp = true;
  }

  async end(): Promise<void> {
    if (!this.#isUp) return;
    this.thaw();
    await this.#running.stop();
  }
}
