import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error';
import type { ProcessEnd, WorkerdProcess } from './workerd-process';

/** Wait before each new start of a workerd that keeps dying. After the last of them the supervisor gives up. */
const RESTART_DELAYS_MS = [0, 250, 500, 1_000, 2_000];

/** A workerd that served for this long did not die of its start: the count of deaths begins anew. */
const STEADY_AFTER_MS = 10_000;

/** What a supervisor is given. */
export interface Supervision {
  /** Starts a workerd and waits until it answers; gives up when the signal says so. */
  launch: (port: number, signal: AbortSignal) => Promise<WorkerdProcess>;
  /** Port of the first start; 0 takes a free one, and later starts take the same. */
  port: number;
  /** Takes one line for the person at the terminal. */
  say: (line: string) => void;
}

function howItEnded({ code, signal }: ProcessEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** Keeps one workerd running until it is stopped: starts it again when it dies, and gives up where that does not help. */
export class Supervisor {
  /** Resolves after a stop; rejects with a {@link LaunchError} when the supervisor gave up. */
  readonly ended: Promise<void>;
  readonly #launch: (signal: AbortSignal) => Promise<WorkerdProcess>;
  readonly #say: (line: string) => void;
  readonly #stopping = new AbortController();
  #workerd: WorkerdProcess;
  #answering: Promise<WorkerdProcess>;
  /** Deaths in a row. */
  #deaths = 0;

  private constructor({ launch, say }: Supervision, first: WorkerdProcess) {
    this.#launch = (signal) => launch(first.port, signal);
    this.#say = say;
    this.#workerd = first;
    this.#answering = Promise.resolve(first);
    this.ended = this.#keepRunning();
    this.ended.catch(() => {}); // Whoever cares looks at `ended`; nobody has to.
  }

  /**
   * Starts the first workerd. Where that fails nothing is tried again: it is the caller's to tell.
   *
   * @throws {LaunchError} as the launch does.
   */
  static async start(supervision: Supervision): Promise<Supervisor> {
    const first = await supervision.launch(supervision.port, new AbortController().signal);
    return new Supervisor(supervision, first);
  }

  /** The workerd that runs, or ran last. */
  get workerd(): WorkerdProcess {
    return this.#workerd;
  }

  /** Ends workerd as a crash would, and resolves when the next one answers. Such a death is not held against it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const victim = this.#workerd;
    this.#deaths = -1;
    victim.kill(signal);
    await victim.ended;
    // #keepRunning waited for that end before we did, so by now the next start is under way.
    await this.#answering;
  }

  /** Ends workerd for good, within five seconds. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#workerd.stop();
    await this.ended.catch(() => {});
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      const end = await this.#workerd.ended;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - startedAt >= STEADY_AFTER_MS) this.#deaths = 0;
      this.#say(`workerd (process ${this.#workerd.pid}) ${howItEnded(end)}. Starting it again.`);
      this.#answering = this.#startAgain();
      try {
        this.#workerd = await this.#answering;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        throw error;
      }
      this.#say(`workerd (process ${this.#workerd.pid}) answers again.`);
    }
  }

  async #startAgain(): Promise<WorkerdProcess> {
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
      `workerd died ${this.#deaths} times in a row, each time within ${seconds} s of its start. Giving up. ` +
        'What it printed stands above; the data folder is as the last one left it.',
    );
  }
}
