import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error';

/** Wait before each new start of a process that keeps dying. After the last of them the supervisor gives up. */
const RESTART_DELAYS_MS = [0, 250, 500, 1_000, 2_000];

/** A process that served for this long did not die of its start: the count of deaths begins anew. */
const STEADY_AFTER_MS = 10_000;

/** How a process ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process that serves, as a supervisor sees it. */
export interface ServingProcess {
  pid: number;
  /** The port it listens on. */
  port: number;
  /** Resolves when the process has ended, however it came to that. */
  ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, lets running requests finish, and kills it after four seconds. */
  stop(): Promise<ProcessEnd>;
}

/** What a supervisor is given. */
export interface Supervision<Serving extends ServingProcess> {
  /** What the process is called in messages. */
  name: string;
  /** Starts a process and waits until it answers; gives up when the signal says so. */
  launch: (port: number, signal: AbortSignal) => Promise<Serving>;
  /** Port of the first start; 0 takes a free one, and later starts take the same. */
  port: number;
  /** Takes one line for the person at the terminal. */
  say: (line: string) => void;
}

function howItEnded({ code, signal }: ProcessEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** Keeps one process running until it is stopped: starts it again when it dies, and gives up where that does not help. */
export class Supervisor<Serving extends ServingProcess> {
  /** Resolves after a stop; rejects with a {@link LaunchError} when the supervisor gave up. */
  readonly ended: Promise<void>;
  readonly #launch: (signal: AbortSignal) => Promise<Serving>;
  readonly #name: string;
  readonly #say: (line: string) => void;
  readonly #stopping = new AbortController();
  #process: Serving;
  #answering: Promise<Serving>;
  /** Deaths in a row. */
  #deaths = 0;

  private constructor({ name, launch, say }: Supervision<Serving>, first: Serving) {
    this.#launch = (signal) => launch(first.port, signal);
    this.#name = name;
    this.#say = say;
    this.#process = first;
    this.#answering = Promise.resolve(first);
    this.ended = this.#keepRunning();
    this.ended.catch(() => {}); // Whoever cares looks at `ended`; nobody has to.
  }

  /**
   * Starts the first process. Where that fails nothing is tried again: it is the caller's to tell.
   *
   * @throws {LaunchError} as the launch does.
   */
  static async start<Serving extends ServingProcess>(supervision: Supervision<Serving>): Promise<Supervisor<Serving>> {
    const first = await supervision.launch(supervision.port, new AbortController().signal);
    return new Supervisor(supervision, first);
  }

  /** The process that runs, or ran last. */
  get process(): Serving {
    return this.#process;
  }

  /** Ends the process as a crash would, and resolves when the next one answers. Such a death is not held against it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const victim = this.#process;
    this.#deaths = -1;
    victim.kill(signal);
    await victim.ended;
    // #keepRunning waited for that end before we did, so by now the next start is under way.
    await this.#answering;
  }

  /** Ends the process for good, within five seconds. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process.stop();
    await this.ended.catch(() => {});
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      const end = await this.#process.ended;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - startedAt >= STEADY_AFTER_MS) this.#deaths = 0;
      this.#say(`${this.#name} (process ${this.#process.pid}) ${howItEnded(end)}. Starting it again.`);
      this.#answering = this.#startAgain();
      try {
        this.#process = await this.#answering;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        throw error;
      }
      this.#say(`${this.#name} (process ${this.#process.pid}) answers again.`);
    }
  }

  async #startAgain(): Promise<Serving> {
    const { signal } = this.#stopping;
    for (;;) {
      this.#deaths += 1;
      const delay = RESTART_DELAYS_MS[Math.max(0, this.#deaths - 1)];
      if (delay === undefined) throw this.#surrender();
      try {
        await sleep(delay, undefined, { signal });
        return await this.#launch(signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof LaunchError)) throw error;
        this.#say(error.message);
      }
    }
  }

  #surrender(): LaunchError {
    const seconds = STEADY_AFTER_MS / 1_000;
    return new LaunchError(
      `${this.#name} died ${this.#deaths} times in a row, each time within ${seconds} s of its start. Giving up. ` +
        'What it printed stands above; the data folder is as the last one left it.',
    );
  }
}
