import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error';

/** Delay before each restart of a process that keeps dying. After the last restart the supervisor gives up. */
const RESTART_DELAYS_MS = [0, 250, 500, 1_000, 2_000];

/** Running time after which a death no longer counts as a failed start, and the count of deaths is reset. */
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
  /** Resolves when the process has ended for any reason. */
  ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Stops the process: lets running requests finish, and kills it if that takes too long. */
  stop(): Promise<ProcessEnd>;
}

/** Options of a {@link Supervisor}. */
export interface Supervision<Serving extends ServingProcess> {
  /** Name of the process in messages. */
  name: string;
  /** Starts a process and waits until it answers. The signal aborts the start. */
  launch: (port: number, signal: AbortSignal) => Promise<Serving>;
  /** Port of the first start; 0 for any free port. Restarts use the same port. */
  port: number;
  /** Prints a line to the terminal. */
  say: (line: string) => void;
}

function howItEnded({ code, signal }: ProcessEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** Keeps a process running until it is stopped. Restarts it when it dies, and gives up after repeated deaths. */
export class Supervisor<Serving extends ServingProcess> {
  /** Resolves after a stop; rejects with a {@link LaunchError} if the supervisor gave up. */
  readonly ended: Promise<void>;
  readonly #launch: (signal: AbortSignal) => Promise<Serving>;
  readonly #name: string;
  readonly #say: (line: string) => void;
  readonly #stopping = new AbortController();
  #process: Serving;
  #answering: Promise<Serving>;
  /** Number of deaths in a row. */
  #deaths = 0;

  private constructor({ name, launch, say }: Supervision<Serving>, first: Serving) {
    this.#launch = (signal) => launch(first.port, signal);
    this.#name = name;
    this.#say = say;
    this.#process = first;
    this.#answering = Promise.resolve(first);
    this.ended = this.#keepRunning();
    this.ended.catch(() => {}); // A caller need not handle `ended`.
  }

  /**
   * Starts the first process. A failed first start is not retried.
   *
   * @throws {LaunchError} as the launch does.
   */
  static async start<Serving extends ServingProcess>(supervision: Supervision<Serving>): Promise<Supervisor<Serving>> {
    const first = await supervision.launch(supervision.port, new AbortController().signal);
    return new Supervisor(supervision, first);
  }

  /** The running process, or the last one. */
  get process(): Serving {
    return this.#process;
  }

  /** Kills the process like a crash. Resolves when the next one answers. This death does not count. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const victim = this.#process;
    this.#deaths = -1;
    victim.kill(signal);
    await victim.ended;
    // #keepRunning awaits the same promise and did so first, so the next start is already under way.
    await this.#answering;
  }

  /** Stops the process for good, within five seconds. */
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
        'Its output is above; the data folder is as the last process left it.',
    );
  }
}
