import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { systemNode } from '../programs/system-node';

/** A registry as `rollcall serve` runs it, in two processes that a test may freeze and kill. */
export class ServedRegistry {
  readonly rootToken: string;
  readonly url: string;
  readonly data: string;
  readonly #launcher: Program;

  private constructor(launcher: Program, data: string, rootToken: string, url: string) {
    this.#launcher = launcher;
    this.data = data;
    this.rootToken = rootToken;
    this.url = url;
  }

  /**
   * Starts one on a free port, and waits until it answers.
   *
   * @param rootToken Default: another one each time.
   * @param descriptors The most that its processes may have open. Default: that of this process.
   */
  static async start(
    data: string,
    { rootToken = randomBytes(24).toString('hex'), descriptors }: { rootToken?: string; descriptors?: number } = {},
  ): Promise<ServedRegistry> {
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
    const words = [systemNode(), join(PROJECT_ROOT, 'bin/rollcall.js'), 'serve', '--port', '0', '--data', data];
    const launcher = new Program('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...words], {
      env: { ...process.env, ROLLCALL_ROOT_TOKEN: rootToken },
    });
    return new ServedRegistry(launcher, data, rootToken, await launcher.prints(/answers on (http:\S+)/));
  }

  /** Number of the process that serves. */
  get pid(): number {
    return Number(JSON.parse(readFileSync(join(this.data, 'lock.json'), 'utf8')).pid);
  }

  /** Everything that was printed so far. */
  get printed(): string {
    return this.#launcher.printed;
  }

  /** Kills both processes, so that nothing is closed and nothing starts it again. */
  async kill(): Promise<void> {
    const { pid } = this;
    // Frozen, it does not see that its launcher is gone.
    process.kill(pid, 'SIGSTOP');
    this.#launcher.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await this.#launcher.end();
  }

  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  goOn(): void {
    process.kill(this.pid, 'SIGCONT');
  }
}
