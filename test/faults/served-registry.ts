import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtProgram } from '../programs/built-programs';
import { Program } from '../programs/program';
import { systemNode } from '../programs/system-node';

/** A registry run by `rollcall serve`, whose two processes a test may freeze and kill. */
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
   * Starts a registry on a free port, and waits until it answers.
   *
   * @param rootToken Default: a new one for each start.
   * @param descriptors Descriptor limit of its processes. Default: that of this process.
   */
  static async start(
    data: string,
    { rootToken = randomBytes(24).toString('hex'), descriptors }: { rootToken?: string; descriptors?: number } = {},
  ): Promise<ServedRegistry> {
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
    const words = [systemNode(), await builtProgram(), 'serve', '--port', '0', '--data', data];
    const launcher = new Program('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...words], {
      env: { ...process.env, ROLLCALL_ROOT_TOKEN: rootToken },
    });
    return new ServedRegistry(launcher, data, rootToken, await launcher.prints(/listens on (http:\S+)/));
  }

  /** Id of the serving process. */
  get pid(): number {
    return Number(JSON.parse(readFileSync(join(this.data, 'lock.json'), 'utf8')).pid);
  }

  /** All output so far. */
  get printed(): string {
    return this.#launcher.printed;
  }

  /** Kills both processes, so that nothing is closed properly and nothing restarts it. */
  async kill(): Promise<void> {
    const { pid } = this;
    // A frozen process does not notice that its launcher is gone.
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
