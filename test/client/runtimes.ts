import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../house/source-tree';
import { startPlainWorkerd } from '../programs/plain-workerd';
import { systemNode } from '../programs/system-node';
import { idsOf } from '../watch-proofs/registry-calls';
import { until } from '../watch-proofs/until';
import { COMPATIBILITY_DATE } from '../workerd/workerd-config';
import type { RuntimeHost } from './runtime-host';

/** Runs the suite against a host. Resolves to its output, and rejects if it failed. */
export type Runtime = (host: RuntimeHost, folder: string) => Promise<string>;

const CLIENT = join(PROJECT_ROOT, 'dist/client');
/** Folder in which the proofs install third-party programs. Deno's package for this system contains only its program. */
const PROGRAMS = join(PROJECT_ROOT, 'test/clients/node_modules');

/** Creates an application that has the package installed, as npm would. */
function layOut(folder: string): void {
  const installed = join(folder, 'node_modules/rollcall');
  mkdirSync(installed, { recursive: true });
  cpSync(CLIENT, join(installed, 'dist/client'), { recursive: true });
  copyFileSync(join(PROJECT_ROOT, 'package.json'), join(installed, 'package.json'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module", "dependencies": {"rollcall": "*"}}');
  for (const name of ['runtime-main.js', 'runtime-suite.js', 'signal-main.js', 'ending-main.js']) {
    copyFileSync(join(PROJECT_ROOT, 'test/client', name), join(folder, name));
  }
}

/** Creates a runtime that runs programs. */
function program(command: string, ...words: string[]): Runtime {
  return async (host, folder) => {
    layOut(folder);
    const suite = await end(start(host, folder, command, [...words, 'runtime-main.js']));
    if (suite.code !== 0) throw new Error(`ended with ${suite.code ?? suite.signal}:\n${suite.printed}`);
    const ending = await end(start(host, folder, command, [...words, 'ending-main.js']));
    if (ending.code !== 0) throw new Error(`ended with ${ending.code ?? ending.signal}:\n${ending.printed}`);
    return `${suite.printed}${ending.printed}${await releaseBySignal(start(host, folder, command, [...words, 'signal-main.js']), host)}`;
  };
}

/** A running program. */
interface Running {
  child: ChildProcess;
  printed: string;
}

function start(host: RuntimeHost, folder: string, command: string, words: string[]): Running {
  const env = {
    ...process.env,
    REGISTRY: host.proxy.url,
    TOKEN: host.registry.rootToken,
    CONTROL: host.controlUrl,
    NO_COLOR: '1',
    DENO_NO_UPDATE_CHECK: '1',
  };
  const child = spawn(command, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const running = { child, printed: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      running.printed += text;
    });
  }
  return running;
}

/** Waits until a program ends by itself: the client must not keep a finished process alive. */
async function end(running: Running): Promise<{ code: number | null; signal: NodeJS.Signals | null; printed: string }> {
  const [code, signal] = await once(running.child, 'close');
  return { code, signal, printed: running.printed };
}

/**
 * Ends a program with a signal, and reports whether it ended properly: first the release, then the exit by the signal
 * itself.
 */
async function releaseBySignal(running: Running, host: RuntimeHost): Promise<string> {
  const ended = end(running);
  await until('the program is registered', () => running.printed.includes('ready'));
  const before = await idsOf(host.registry, 'orders');
  running.child.kill('SIGTERM');
  const { signal, printed } = await ended;
  const after = await idsOf(host.registry, 'orders');
  if (signal !== 'SIGTERM' || !printed.includes('released')) throw new Error(`ended with ${signal}:\n${printed}`);
  if (before.join() !== 'signalled' || after.length > 0) throw new Error(`before: ${before}, after: ${after}`);
  return 'step released by a signal\n';
}

/** Inside workerd, with a binding to the registry instead of a network. */
const worker: Runtime = async (host, folder) => {
  const names = readdirSync(CLIENT).filter((name) => name.endsWith('.js'));
  const modules = [
    ['worker.js', join(PROJECT_ROOT, 'test/client/runtime-worker.js')],
    ['runtime-suite.js', join(PROJECT_ROOT, 'test/client/runtime-suite.js')],
    ...names.map((name) => [`client/${name}`, join(CLIENT, name)]),
  ].map(([name, path]) => `(name = "${name}", esModule = embed "${path}")`);
  const plan = `
    modules = [${modules.join(', ')}],
    compatibilityDate = "${COMPATIBILITY_DATE}",
    bindings = [
      (name = "REGISTRY", service = "registry"),
      (name = "TOKEN", text = "${host.registry.rootToken}"),
      (name = "CONTROL", text = "${host.controlUrl}"),
    ],
  `;
  const { workerd, printed } = await startPlainWorkerd({ worker: plan, registry: host.proxy.url, folder });
  try {
    const answer = await fetch(`http://127.0.0.1:${workerd.port}/`);
    const text = await answer.text();
    // Uncaught errors are printed there.
    if (!answer.ok || /uncaught/i.test(printed.join())) throw new Error([text, ...printed].join('\n'));
    return text;
  } finally {
    workerd.kill('SIGKILL');
    await workerd.ended;
  }
};

/** Members of playwright-core that are used here. Its own types are absent until it is installed. */
interface Playwright {
  chromium: { launch(options: object): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }> };
}

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
  on(event: 'pageerror', act: (error: Error) => void): unknown;
}

/** In Chromium, on a page of the registry's own origin. */
const browser: Runtime = async (host) => {
  const clients = createRequire(join(PROJECT_ROOT, 'test/clients/package.json'));
  const { chromium } = clients('playwright-core') as Playwright; // `as`: see Playwright
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  const launched = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  try {
    const page = await launched.newPage();
    const uncaught: Error[] = [];
    page.on('pageerror', (error) => uncaught.push(error));
    await page.goto(`${host.proxy.url}/health`);
    const text = await page.evaluate(`(async () => {
      const control = '${host.controlUrl}';
      const { rollcall, RollcallError } = await import(control + '/client/index.js');
      const { rollcallAdmin } = await import(control + '/client/admin.js');
      const { kv } = await import(control + '/client/kv.js');
      const { lock } = await import(control + '/client/locks.js');
      const { runSuite } = await import(control + '/suite/runtime-suite.js');
      const steps = [];
      await runSuite({
        rollcall,
        rollcallAdmin,
        kv,
        lock,
        RollcallError,
        options: { url: location.origin, token: '${host.registry.rootToken}' },
        control: async (action) => {
          const answer = await fetch(control + '/control/' + action);
          if (!answer.ok) throw new Error(await answer.text());
        },
        log: (step) => steps.push('step ' + step),
      });
      return [...steps, 'passed'].join('\\n');
    })()`);
    if (uncaught.length > 0) throw new Error(`the page threw: ${uncaught.join(', ')}`);
    return String(text);
  } finally {
    await launched.close();
  }
};

/** Runtimes of the client, by name. */
export const RUNTIMES: Record<string, Runtime> = {
  "this machine's Node, 20 or later": program(systemNode()),
  'Node 24': program(process.execPath),
  Deno: program(
    join(PROGRAMS, '@deno/linux-x64-glibc/deno'),
    'run',
    '--allow-all',
    '--no-lock',
    '--node-modules-dir=manual',
  ),
  Bun: program(join(PROGRAMS, '.bin/bun'), 'run'),
  workerd: worker,
  Chromium: browser,
};
