import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { StartStage } from './stage';
import type { StageCommand } from './stage-server';

/** A process that runs one stage after another, because to start a process takes longer than most tests. */
export class StageProcess {
  readonly #child: ChildProcess;
  readonly #stdin: NodeJS.WritableStream;
  readonly #lines: AsyncIterator<string>;

  /** @param words The runtime's options and the path of the program. */
  constructor(command: string, words: readonly string[]) {
    const child = spawn(command, [...words, 'stages'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#stdin = child.stdin;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** Starts a listener with a state of its own. */
  readonly start: StartStage = async (options) => {
    const port = Number(await this.#ask({ start: options }));
    return { port, stop: async () => void (await this.#ask({ stop: port })) };
  };

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  /** Sends a command, and returns the line that answers it. Tests run one after the other, so it is the next. */
  async #ask(command: StageCommand): Promise<string> {
    this.#stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the process of the stages has ended, and was asked ${JSON.stringify(command)}`);
    return value;
  }
}
