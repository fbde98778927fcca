import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../bin/rollcall.js', import.meta.url));
const ROOT_TOKEN = 'root-token-of-a-test-0123456789abcdef';

/** Time that a registry gets to say where it listens. */
const START_TIMEOUT_MS = 20_000;

/** A real registry on this machine, as `npm start` runs it, on a port and a data folder of its own. */
export class RegistryProcess {
  readonly url: string;
  readonly token = ROOT_TOKEN;
  readonly #child: ChildProcess;
  readonly #data: string;

  private constructor(url: string, child: ChildProcess, data: string) {
    this.url = url;
    this.#child = child;
    this.#data = data;
  }

  static async start(): Promise<RegistryProcess> {
    const data = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
    const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--data', data], {
      env: { ...process.env, ROLLCALL_ROOT_TOKEN: ROOT_TOKEN },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const url = await firstUrl(child);
    return new RegistryProcess(url, child, data);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** The URL that the program prints once it answers. What it says before is in the error of one that does not. */
async function firstUrl(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the output of the registry is not piped');
  stderr.on('data', (text: Buffer) => said.push(text.toString()));
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the registry ${why}:\n${said.join('')}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`said nothing of a URL within ${START_TIMEOUT_MS} ms`);
    }, START_TIMEOUT_MS);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code}`);
    });
    createInterface(stdout).on('line', (line) => {
      said.push(`${line}\n`);
      const url = /http:\/\/[\w.[\]:]+:\d+/.exec(line)?.[0];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}
